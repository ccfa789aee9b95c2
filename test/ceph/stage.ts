import { type Browser, chromium, type Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect, inject } from 'vitest'
import type { Person } from '../../sandbox/identity/people.ts'
import { startApplication, type TestApplication } from '../application.ts'
import { watch } from '../browser/watch.ts'
import { Gateway } from './gateway.ts'
import type { ProviderOptions } from './provider.ts'

/** A gateway, applications that use it, and a browser. */
export class Stage {
  readonly #options: ProviderOptions
  #parts: { gateway: Gateway; browser: Browser } | undefined
  #applications: TestApplication[] = []
  #visits: { page: Page; complaints: string[] }[] = []

  constructor(options: ProviderOptions) {
    this.#options = options
  }

  get #open() {
    if (!this.#parts) throw new Error('the stage is not open yet')
    return this.#parts
  }

  get gateway(): Gateway {
    return this.#open.gateway
  }

  async open(): Promise<void> {
    const gateway = await Gateway.start(this.#options)
    this.#parts = { gateway, browser: await chromium.connect(inject('chromiumEndpoint')) }
  }

  /** Starts the application with `environment` on top of what makes it use the gateway. It ends with the stage. */
  async startApplication(environment: Record<string, string> = {}): Promise<TestApplication> {
    const application = await startApplication({ ...this.gateway.environment, ...environment })
    this.#applications.push(application)
    this.gateway.registerApplication(application.url)
    return application
  }

  /** The application's first page, in a browser that has not been there before. */
  async visit({ url }: TestApplication): Promise<Page> {
    const context = await this.#open.browser.newContext({ baseURL: url })
    context.setDefaultTimeout(10_000)
    const complaints = watch(context, url)
    const page = await context.newPage()
    this.#visits.push({ page, complaints })
    await page.goto('/')
    return page
  }

  /** Ends all visits, and tells what was wrong in them. */
  async endVisits(): Promise<string[]> {
    const visits = this.#visits.splice(0)
    await Promise.all(visits.map(({ page }) => page.context().close()))
    return visits.flatMap(({ complaints }) => complaints)
  }

  async close(): Promise<void> {
    await Promise.all(this.#applications.map((application) => application.close()))
    await this.#parts?.browser.close()
    await this.#parts?.gateway.close()
  }
}

/** A stage that is open during the tests of the calling `describe` or file. */
export function useStage(options: ProviderOptions = {}): Stage {
  const stage = new Stage(options)
  beforeAll(() => stage.open())
  afterEach(async () => {
    expect(await stage.endVisits()).toEqual([])
  })
  afterAll(() => stage.close())
  return stage
}

/** Presses the button or link that leads to the provider, and then the one of `person` there. */
export async function pressButtons(page: Page, person: Person): Promise<void> {
  await page.locator('a[href^="/initiateLogin/ceph"]').click()
  await page.getByRole('button', { name: `Continue as ${person.name}`, exact: true }).click()
}

/** Names in the bucket list, in the order of the page. */
export async function bucketNames(page: Page): Promise<string[]> {
  await page.getByRole('heading', { level: 1, name: 'Hello' }).waitFor()
  return page.getByRole('rowheader').allInnerTexts()
}

/** The code on an error page. */
export async function errorCode(page: Page): Promise<string | null> {
  return page.locator('.reference dd').first().textContent()
}

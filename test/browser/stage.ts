import {
  type Browser,
  type BrowserContext,
  type BrowserContextOptions,
  chromium,
  type Page,
} from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect, inject } from 'vitest'
import type { Person } from '../../sandbox/identity/people.ts'
import { type Sandbox, type SandboxOptions, startSandbox } from '../../sandbox/sandbox.ts'
import { ada, startApplication, type TestApplication } from '../application.ts'
import { watch } from './watch.ts'

export type Provider = keyof Person['subjects']
export const providers = ['amazon', 'google', 'facebook'] as const satisfies Provider[]

/** Words on the buttons of the login page. */
export const buttonText: Record<Provider, string> = {
  amazon: 'Login with Amazon',
  google: 'Sign in with Google',
  facebook: 'Continue with Facebook',
}

export interface StageOptions extends SandboxOptions {
  /** On top of what makes the application use the sandbox; `''` takes a variable away. */
  environment?: Record<string, string>
}

/** Sandbox, application and browser for the tests of one file. */
export class Stage {
  readonly #options: StageOptions
  #browser: Browser | undefined
  #parts: { sandbox: Sandbox; application: TestApplication } | undefined
  #visits: { context: BrowserContext; complaints: string[] }[] = []

  constructor(options: StageOptions = {}) {
    this.#options = options
  }

  get sandbox(): Sandbox {
    return this.#open.sandbox
  }

  get application(): TestApplication {
    return this.#open.application
  }

  /** The application's origin. */
  get url(): string {
    return this.application.url
  }

  get #open() {
    if (!this.#parts) throw new Error('the stage is not open yet')
    return this.#parts
  }

  /** A page in a fresh context. Whatever the context has to complain of fails the test that it was opened in. */
  async visit(options: BrowserContextOptions = {}): Promise<Page> {
    const context = await (this.#browser as Browser).newContext({ baseURL: this.url, ...options })
    context.setDefaultTimeout(10_000)
    this.#visits.push({ context, complaints: watch(context, this.url) })
    return context.newPage()
  }

  /** Starts it all. @param chromiumEndpoint where a Chromium is reached */
  async open(chromiumEndpoint: string): Promise<void> {
    const { environment = {}, ...options } = this.#options
    const browser = chromium.connect(chromiumEndpoint)
    const sandbox = await startSandbox(options)
    const application = await startApplication({ ...sandbox.environment, ...environment })
    sandbox.registerApplication(application.url)
    this.#parts = { sandbox, application }
    this.#browser = await browser
  }

  /** Ends all visits, and tells what was wrong in them. */
  async endVisits(): Promise<string[]> {
    const visits = this.#visits.splice(0)
    await Promise.all(visits.map(({ context }) => context.close()))
    return visits.flatMap(({ complaints }) => complaints)
  }

  async close(): Promise<void> {
    await this.#browser?.close()
    await this.#parts?.application.close()
    await this.#parts?.sandbox.close()
  }
}

/** A stage that is open during the tests of the calling `describe` or file. */
export function useStage(options: StageOptions = {}): Stage {
  const stage = new Stage(options)
  beforeAll(() => stage.open(inject('chromiumEndpoint')))
  afterEach(async () => {
    expect(await stage.endVisits()).toEqual([])
  })
  afterAll(() => stage.close())
  return stage
}

/** Presses the provider's button on the page that is open, and `person`'s on the provider's. */
export async function signInFrom(page: Page, provider: Provider, person: Person = ada): Promise<void> {
  await page.getByRole('link', { name: buttonText[provider] }).click()
  await continueAs(page, person)
}

/** Presses `person`'s button on the provider's page, and waits for the page after the sign-in. */
export async function continueAs(page: Page, person: Person = ada): Promise<void> {
  await page.getByRole('button', { name: `Continue as ${person.name}`, exact: true }).click()
  await page.getByRole('heading', { level: 1, name: 'Hello' }).waitFor()
  // Its words are there before its style sheet.
  await page.waitForLoadState('load')
}

/** A newcomer's way to the bucket list. */
export async function signIn(page: Page, provider: Provider = 'amazon', person: Person = ada): Promise<void> {
  await page.goto('/')
  await signInFrom(page, provider, person)
}

/** Path, query and fragment in the address bar. */
export const address = (page: Page): string => page.url().slice(new URL(page.url()).origin.length)

/** What somebody can read on the page below its header. */
// biome-ignore lint/performance/useDomNodeTextContent: what is hidden does not count, and where lines break does
export const seen = (page: Page): Promise<string> => page.locator('main').innerText()

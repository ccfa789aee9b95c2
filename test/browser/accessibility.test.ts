import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type axe from 'axe-core'
import type { Page } from 'playwright-core'
import { beforeAll, describe, expect, it } from 'vitest'
import type { PolicyDocument } from '../../sandbox/aws/policies.ts'
import { demoHome, demoPermissionPolicy, seedDemoAccount } from '../../sandbox/demo-account.ts'
import { buttonText, type Stage, signIn, useStage } from './stage.ts'

const axeSource = readFileSync(fileURLToPath(import.meta.resolve('axe-core/axe.min.js')), 'utf8')

const wide = { width: 1440, height: 900 }
const narrow = { width: 360, height: 740 }
/** Of axe's rules only these depend on colours, and need to be asked a second time in the dark. */
const colourRules = ['color-contrast', 'link-in-text-block']

const looks = [
  { name: 'light, narrow', colorScheme: 'light', viewport: narrow, rules: undefined },
  { name: 'dark, wide', colorScheme: 'dark', viewport: wide, rules: colourRules },
] as const

/** What axe says of the page, light and dark, wide and narrow; and whether a narrow screen must scroll sideways. */
async function faults(page: Page): Promise<string[]> {
  const found: string[] = []
  // Once for both looks: to read it costs the browser more than to run it.
  await page.evaluate(axeSource)
  for (const { name, colorScheme, viewport, rules } of looks) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
    await page.setViewportSize(viewport)
    const options: axe.RunOptions = { ...(rules && { runOnly: [...rules] }), resultTypes: ['violations'] }
    const { violations } = await page.evaluate(
      (asked) => (globalThis as unknown as { axe: typeof axe }).axe.run(asked),
      options,
    )
    for (const { id, nodes } of violations) {
      found.push(...nodes.map(({ target }) => `${name}: ${id} at ${target.join(' ')}`))
    }
    const width = await page.evaluate(() => document.documentElement.scrollWidth)
    if (width > viewport.width) found.push(`${name}: the page is ${width} px wide`)
  }
  return found
}

/** A state of the application: how somebody gets there, and the heading that says so. */
interface State {
  way(page: Page): Promise<unknown>
  heading: string
}

const opening = (path: string, heading: string): State => ({ way: (page) => page.goto(path), heading })

const loginHeading = 'Your S3 buckets, with an account you already have'
const buckets: State = { way: (page) => signIn(page, 'google'), heading: 'Hello, Ada Example' }
const privacy = opening('/privacy', 'Privacy')

const secondPage: State = {
  heading: 'Hello, Ada Example',
  async way(page) {
    await signIn(page)
    await page.getByRole('link', { name: 'Next' }).click()
    await page.getByText('Buckets 201 to 203').waitFor()
  },
}

const cancelled: State = {
  heading: 'Sign-in cancelled',
  async way(page) {
    await page.goto('/')
    await page.getByRole('link', { name: buttonText.amazon }).click()
    await page.getByRole('button', { name: 'Cancel' }).click()
  },
}

const signedOut: State = {
  heading: 'You are signed out',
  async way(page) {
    await signIn(page)
    await page.getByRole('button', { name: 'Sign out' }).click()
  },
}

/** The receipt with everything unfolded. */
const receipt: State = {
  heading: 'How you were signed in',
  async way(page) {
    await signIn(page, 'google')
    await page.goto('/flow')
    for (const summary of await page.locator('summary').all()) await summary.click()
  },
}

/** The page after a sign-in that failed, with what is told of it unfolded. */
const stopped: State = {
  heading: 'Please sign in again',
  async way(page) {
    await page.goto('/oauth2callback/google?code=x&state=y')
    for (const summary of await page.locator('main > div > details > summary').all()) await summary.click()
  },
}

function hasNoFault(stage: Stage, states: Record<string, State>): void {
  it.each(Object.entries(states))('%s', async (_name, { way, heading }) => {
    const page = await stage.visit()
    await way(page)
    await page.getByRole('heading', { level: 1, name: heading, exact: true }).waitFor()
    expect(await faults(page)).toEqual([])
  })
}

describe('light and dark, wide and narrow, axe finds no fault where every provider is on, in', () => {
  hasNoFault(useStage(), {
    'the login page': opening('/', loginHeading),
    'the login page after the access has run out': opening('/?notice=expired', loginHeading),
    'the login page on the way to somewhere': opening('/s3/?first=1', loginHeading),
    'the bucket list': buckets,
    'the page after signing out': signedOut,
    'the page after Cancel': cancelled,
    'the page for an address that does not exist': opening('/nowhere', 'Page not found'),
    'the page for an unknown provider': opening('/initiateLogin/nobody', 'No such sign-in'),
    'the page for a callback of nobody': opening('/oauth2callback/google?state=y', 'Please sign in again'),
    'the privacy notice': privacy,
    'the page of the flow': opening('/flow', 'How signing in works'),
    'the receipt of a sign-in': receipt,
    'the page after a sign-in that stopped': stopped,
  })
})

const afterSignIn = (path: string, heading: string): State => ({
  heading,
  async way(page) {
    await signIn(page, 'amazon')
    await page.goto(path)
  },
})

describe('light and dark, wide and narrow, axe finds no fault with the files of', () => {
  const environment = { S3_HOME: demoHome, S3_BUCKETS: 'ada-field-notes' }
  const stage = useStage({ environment, permissionPolicy: demoPermissionPolicy })
  beforeAll(() => seedDemoAccount(stage.sandbox.s3))
  hasNoFault(stage, {
    'a bucket': afterSignIn('/s3/ada-field-notes/', 'ada-field-notes'),
    'a folder with odd names': afterSignIn('/s3/ada-field-notes/?prefix=drafts/', 'drafts'),
    'an archive': afterSignIn('/s3/backups-weekly/?prefix=postgres/', 'postgres'),
    'a large folder': afterSignIn('/s3/analytics-landing-zone/?prefix=events/', 'events'),
    'a bucket that is not theirs': afterSignIn('/s3/people/', 'Access denied'),
  })
})

describe('light and dark, wide and narrow, axe finds no fault for a role that may nothing, in', () => {
  const permissionPolicy: PolicyDocument = {
    Version: '2012-10-17',
    Statement: [{ Effect: 'Deny', Action: '*', Resource: '*' }],
  }
  hasNoFault(useStage({ environment: { S3_BUCKETS: 'one-bucket' }, permissionPolicy }), {
    'the bucket list': {
      heading: 'Hello, Ada Example',
      async way(page) {
        await signIn(page)
        await page.getByText('What was denied').click()
      },
    },
  })
})

describe('light and dark, wide and narrow, axe finds no fault with more buckets than a page holds, in', () => {
  const many = Array.from({ length: 203 }, (_, index) => ({
    name: index > 200 ? `z${index}${'-longest-name'.repeat(4)}-of-all-9` : `bucket-${index}`,
    region: 'us-east-1',
    creationDate: new Date(0),
  }))
  hasNoFault(useStage({ buckets: many }), { 'the second page of the bucket list': secondPage })
})

describe('light and dark, wide and narrow, axe finds no fault where only Google is on and no bucket there, in', () => {
  const environment = { AMAZON_APP_ID: '', FACEBOOK_ROLE_ARN: 'not-an-arn' }
  hasNoFault(useStage({ buckets: [], environment }), {
    'the login page': opening('/', loginHeading),
    'the empty bucket list': buckets,
    'the page for a provider that is off': opening('/initiateLogin/amazon', 'No such sign-in'),
  })
})

describe('light and dark, wide and narrow, axe finds no fault where no provider is on, in', () => {
  const environment = { AMAZON_APP_ID: '', GOOGLE_APP_ID: '', FACEBOOK_APP_ID: '' }
  hasNoFault(useStage({ environment }), {
    'the login page': opening('/', loginHeading),
    'the privacy notice': privacy,
  })
})

describe("light and dark, wide and narrow, axe finds no fault with Amazon's implicit grant, in", () => {
  hasNoFault(useStage({ environment: { AMAZON_GRANT: 'implicit' } }), {
    'the callback page without an answer': opening(
      '/oauth2callback/amazon',
      'Nothing came back from the provider',
    ),
  })
})

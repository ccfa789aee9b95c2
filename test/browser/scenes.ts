import type { BrowserContextOptions, Page } from 'playwright-core'
import type { PolicyDocument } from '../../sandbox/aws/policies.ts'
import { demoHome, demoPermissionPolicy, seedDemoAccount } from '../../sandbox/demo-account.ts'
import { answerWith } from '../../sandbox/faults.ts'
import { ada } from '../application.ts'
import { buttonText, type Provider, type Stage, type StageOptions, signIn } from './stage.ts'

/** A state of the application that somebody can see. */
export interface Scene {
  /** What it shows: `the login page`. */
  title: string
  /** Its heading of the first level, which says that it is there. */
  heading: string
  /** How somebody gets there. */
  way(page: Page, stage: Stage): Promise<unknown>
  /** Of the browser that it is seen in. */
  browser?: BrowserContextOptions
  /** Made of the same parts as another scene: worth a picture, but not worth asking axe again. */
  alike?: true
}

/** Scenes for which sandbox and application are set up in the same way. */
export interface Setting {
  title: string
  options: StageOptions
  prepare?(stage: Stage): Promise<void>
  /** By name, which is also the name of the picture. */
  scenes: Record<string, Scene>
}

const hello = 'Hello, Ada Example'
const loginHeading = 'Your S3 buckets, with an account you already have'

const opening = (title: string, path: string, heading: string): Scene => ({
  title,
  heading,
  way: (page) => page.goto(path),
})

/** The same, for somebody who is signed in. */
const signedIn = (title: string, path: string, heading: string, provider: Provider = 'amazon'): Scene => ({
  title,
  heading,
  async way(page) {
    await signIn(page, provider)
    await page.goto(path)
  },
})

/** A button of the provider's page, pressed while something is about to go wrong. */
const failing = (
  title: string,
  heading: string,
  fail: (stage: Stage) => unknown,
  button = `Continue as ${ada.name}`,
): Scene => ({
  title,
  heading,
  async way(page, stage) {
    await page.goto('/')
    await page.getByRole('link', { name: buttonText.amazon }).click()
    await fail(stage)
    await page.getByRole('button', { name: button }).click()
  },
})

/** Opens all that is folded, from the outside in. */
async function unfold(page: Page): Promise<void> {
  for (const summary of await page.locator('summary').all())
    if (await summary.isVisible()) await summary.click()
}

const alike = (scene: Scene): Scene => ({ ...scene, alike: true })

const refusedBySts =
  '<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>Not authorized to perform sts:AssumeRoleWithWebIdentity</Message></Error></ErrorResponse>'

const deepest = 'd/'.repeat(511)
const hostileKeys = [
  '  two spaces first, and last  ',
  '/a leading slash',
  '<script>alert(1)</script>',
  '100% + more & less?#.txt',
  'a//b',
  'קובץ עם שם בעברית.txt',
  'photo\u202Egpj.exe',
  'zero\u200Bwidth and a \ttab',
  `${'a-name-without-a-break-'.repeat(44)}.txt`,
  `${deepest}xy`,
]

const everything: Setting = {
  title: 'Every provider is on',
  options: {
    environment: { S3_HOME: demoHome },
    permissionPolicy: demoPermissionPolicy,
  },
  async prepare({ sandbox }) {
    await seedDemoAccount(sandbox.s3)
    for (const key of hostileKeys) await sandbox.s3.seed({ bucket: 'media-thumbnails', key, body: key })
  },
  scenes: {
    login: opening('the login page', '/', loginHeading),
    'login-expired': opening(
      'the login page, after the access has run out',
      '/?notice=expired',
      loginHeading,
    ),
    explained: opening('the explanation', '/explained', 'Web identity federation, explained'),
    flow: alike(signedIn('the receipt of a sign-in', '/flow', 'How you were signed in', 'google')),
    'flow-unfolded': {
      title: 'the receipt with everything unfolded',
      heading: 'How you were signed in',
      async way(page) {
        await signIn(page, 'google')
        await page.goto('/flow')
        await unfold(page)
      },
    },
    'flow-unsigned': opening('the flow in general', '/flow', 'How signing in works'),
    privacy: opening('the privacy notice', '/privacy', 'Privacy'),
    buckets: { title: 'the buckets', heading: hello, way: (page) => signIn(page, 'google') },
    'buckets-filtered': alike(
      signedIn('the buckets, filtered and sorted', '/s3/?prefix=media&sort=-name', hello),
    ),
    'buckets-filtered-away': signedIn('a filter that no bucket fits', '/s3/?prefix=nothing-like-it', hello),
    files: signedIn('a bucket', '/s3/ada-field-notes/', 'ada-field-notes'),
    'files-odd': signedIn('a folder with odd names', '/s3/ada-field-notes/?prefix=drafts/', 'drafts'),
    'files-hostile': signedIn(
      'names that mislead, or are very long',
      '/s3/media-thumbnails/',
      'media-thumbnails',
    ),
    'files-deep': alike(
      signedIn('a folder hundreds of folders deep', `/s3/media-thumbnails/?prefix=${deepest}`, 'd'),
    ),
    'files-archived': signedIn('an archive', '/s3/backups-weekly/?prefix=postgres/', 'postgres'),
    'files-many': signedIn('a large folder', '/s3/analytics-landing-zone/?prefix=events/', 'events'),
    'files-none': signedIn('a prefix that no key has', '/s3/website-static/?prefix=nothing/', 'nothing'),
    'my-files': {
      title: 'My files',
      heading: 'My files',
      async way(page) {
        await signIn(page)
        await page.getByRole('link', { name: 'My files' }).click()
      },
      alike: true,
    },
    'access-denied': signedIn('a bucket that is not theirs', '/s3/people/', 'Access denied'),
    'no-such-file': alike(
      signedIn('a file that is gone', '/s3/website-static/download?key=a/gone.html', 'No such file'),
    ),
    'file-archived': alike(
      signedIn(
        'a file in an archive',
        '/s3/backups-weekly/download?key=postgres/2019-12-01.dump',
        'This file is archived',
      ),
    ),
    'signed-out': {
      title: 'after signing out',
      heading: 'You are signed out',
      async way(page) {
        await signIn(page)
        await page.getByRole('button', { name: 'Sign out' }).click()
      },
    },
    'session-expired': {
      title: 'access that ran out and cannot be renewed',
      heading: 'Your access ran out',
      async way(page, { sandbox }) {
        await signIn(page, 'facebook')
        sandbox.sessions.expireAll()
        await page.goto('/s3/ada-field-notes/')
      },
    },
    cancelled: alike(failing('after Cancel at the provider', 'Sign-in cancelled', () => {}, 'Cancel')),
    'provider-failed': alike(
      failing('a provider that fails', 'Sign-in did not work', ({ sandbox }) =>
        sandbox.amazon.faults.plan('/auth/o2/token', answerWith(503, 'sorry')),
      ),
    ),
    'aws-refused': {
      title: 'a refusal by AWS STS, as an operator sees it',
      heading: 'AWS did not grant access',
      async way(page, stage) {
        await page.goto('/')
        await page.getByRole('link', { name: buttonText.amazon }).click()
        stage.sandbox.sts.faults.plan('/', answerWith(403, refusedBySts))
        await page.getByRole('button', { name: `Continue as ${ada.name}` }).click()
        await page.getByText('For the operator').click()
      },
    },
    'not-found': opening('an address that does not exist', '/nowhere', 'Page not found'),
    'provider-unknown': alike(opening('an unknown provider', '/initiateLogin/nobody', 'No such sign-in')),
    'callback-of-nobody': {
      title: 'a callback of nobody, and what is told of it',
      heading: 'Please sign in again',
      async way(page) {
        await page.goto('/oauth2callback/google?code=x&state=y')
        await unfold(page)
      },
    },
  },
}

const numbered = Array.from({ length: 203 }, (_, index) => ({
  name: index > 200 ? `z${index}${'-longest-name'.repeat(4)}-of-all-9` : `bucket-${index}`,
  region: 'us-east-1',
  creationDate: new Date(0),
}))

const manyBuckets: Setting = {
  title: 'More buckets than a page holds',
  options: { buckets: numbered },
  scenes: {
    'buckets-many': {
      title: 'the second page of the buckets',
      heading: hello,
      async way(page) {
        await signIn(page)
        await page.getByRole('link', { name: 'Next' }).click()
        await page.getByText('Buckets 201 to 203').waitFor()
      },
    },
  },
}

const onlyGoogle: Setting = {
  title: 'Only Google is on, and there is no bucket',
  options: { buckets: [], environment: { AMAZON_APP_ID: '', FACEBOOK_ROLE_ARN: 'not-an-arn' } },
  scenes: {
    'login-one': opening('the login page', '/', loginHeading),
    'buckets-none': { title: 'no bucket', heading: hello, way: (page) => signIn(page, 'google') },
    'no-such-bucket': alike(
      signedIn('a bucket that does not exist', '/s3/no-such/', 'No such bucket', 'google'),
    ),
    'provider-off': alike(opening('a provider that is off', '/initiateLogin/amazon', 'No such sign-in')),
  },
}

/** Of a provider that nobody calls before its button is pressed. */
const elsewhere = (name: string, label: string) => ({
  [`${name}_ISSUER`]: `https://${name.toLowerCase()}.example`,
  [`${name}_APP_ID`]: 'web-identity-federation',
  [`${name}_APP_SECRET`]: 'not-a-secret-0123456789',
  [`${name}_ROLE_ARN`]: 'arn:aws:iam::123456789012:role/web-identity',
  [`${name}_LABEL`]: label,
})

const manyProviders: Setting = {
  title: 'Six providers',
  options: {
    environment: {
      ...elsewhere('OKTA', 'Sign in with Okta'),
      ...elsewhere('KEYCLOAK', 'Sign in with Keycloak'),
      ...elsewhere('UNIVERSITY', 'Sign in with University of Exampleton'),
    },
  },
  scenes: { 'login-many': opening('the login page', '/', loginHeading) },
}

const noProvider: Setting = {
  title: 'No provider is on',
  options: { environment: { AMAZON_APP_ID: '', GOOGLE_APP_ID: '', FACEBOOK_APP_ID: '' } },
  scenes: {
    'login-none': opening('the login page', '/', loginHeading),
  },
}

const mayUseOne: PolicyDocument = {
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action: 's3:ListBucket', Resource: 'arn:aws:s3:::media-originals' }],
}

const denied: Setting = {
  title: 'A role that may use one bucket, and list none',
  options: { environment: { S3_BUCKETS: 'media-originals' }, permissionPolicy: mayUseOne },
  scenes: {
    'buckets-denied': {
      title: 'the buckets',
      heading: hello,
      async way(page) {
        await signIn(page)
        await page.getByText('What was denied').click()
      },
    },
  },
}

const limited: Setting = {
  title: 'One sign-in per minute',
  options: { environment: { RATE_LIMIT: '1' } },
  scenes: {
    'too-many': {
      title: 'the second sign-in within a minute',
      heading: 'Please try again in a moment',
      async way(page) {
        await page.goto('/initiateLogin/amazon')
        await page.goto('/initiateLogin/amazon')
      },
    },
  },
}

const implicit: Setting = {
  title: "Amazon's implicit grant",
  options: { environment: { AMAZON_GRANT: 'implicit' } },
  scenes: {
    'implicit-nothing': opening(
      'the callback page without an answer',
      '/oauth2callback/amazon',
      'Nothing came back from the provider',
    ),
    'implicit-no-script': {
      ...opening('the callback page with scripts off', '/oauth2callback/amazon', 'Finishing your sign-in'),
      browser: { javaScriptEnabled: false },
      alike: true,
    },
  },
}

/** Every page, in every state. One line more, and axe looks at it and `npm run screens` takes its picture. */
export const settings: readonly Setting[] = [
  everything,
  manyBuckets,
  onlyGoogle,
  manyProviders,
  noProvider,
  denied,
  limited,
  implicit,
]

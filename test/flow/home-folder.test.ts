import { beforeAll, describe, expect, it } from 'vitest'
import { demoHome, demoPermissionPolicy, seedDemoAccount } from '../../sandbox/demo-account.ts'
import { demoPeople, type Person } from '../../sandbox/identity/people.ts'
import { ada, signIn } from '../application.ts'
import { HttpBrowser } from '../http-browser.ts'
import { expectRefusal, useSituation } from './situation.ts'

const situation = useSituation(
  { S3_HOME: demoHome, S3_BUCKETS: 'ada-field-notes' },
  { permissionPolicy: demoPermissionPolicy },
)
const other = demoPeople[2] as Person
beforeAll(() => seedDemoAccount(situation.sandbox.s3))

async function homeOf(person: Person, provider: keyof Person['subjects']) {
  const browser = new HttpBrowser()
  const { application } = situation
  await signIn(browser, application, provider, person)
  const { body } = await browser.get(`${application.url}/s3/`)
  const href = /<a href="([^"]+)">My files<\/a>/.exec(body)?.[1]?.replaceAll('&amp;', '&') ?? ''
  return { browser, href, open: (path: string) => browser.get(`${application.url}${path}`) }
}

describe.each(['amazon', 'google', 'facebook'] as const)('My files, signed in with %s', (provider) => {
  it('opens a folder of one’s own, and nobody else’s', async () => {
    const [mine, theirs] = [await homeOf(ada, provider), await homeOf(other, provider)]
    const own = await mine.open(mine.href)
    expect(own.status).toBe(200)
    expect(own.body).toContain('Welcome, Ada Example.txt')
    expect(own.body).toContain('<h1><bdi>My files</bdi></h1>')
    // What lies above would only be denied.
    expect(own.body).not.toMatch(/href="\/s3\/people\/(\?prefix=home%2F(\w+%2F)?)?"/)
    expect((await theirs.open(theirs.href)).body).toContain(`Welcome, ${other.name.split(' ')[0]}`)

    expectRefusal(await mine.open(theirs.href), 403, 's3.access_denied')
    const key = `home/${provider}/${other.subjects[provider]}/Welcome, ${other.name}.txt`
    const theirFile = `/s3/people/download?${new URLSearchParams({ key })}`
    expectRefusal(await mine.open(theirFile), 403, 's3.access_denied')
    expectRefusal(await mine.open('/s3/people/'), 403, 's3.access_denied')
    expect((await theirs.open(theirFile)).status).toBe(303)
  })
})

describe('preset buckets', () => {
  it('stand before the list', async () => {
    const { open } = await homeOf(ada, 'amazon')
    const { body } = await open('/s3/')
    expect(body.indexOf('Chosen by the operator')).toBeLessThan(body.indexOf('<table'))
    expect(body).toContain('<a class="button" href="/s3/ada-field-notes/">')
  })
})

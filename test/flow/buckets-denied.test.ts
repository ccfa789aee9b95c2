import { beforeEach, describe, expect, it } from 'vitest'
import { signIn } from '../application.ts'
import { HttpBrowser } from '../http-browser.ts'
import { askForBuckets, expectRefusal, useSituation } from './situation.ts'

const situation = useSituation(
  { S3_BUCKETS: 'media-originals' },
  {
    permissionPolicy: {
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Action: 's3:ListBucket', Resource: 'arn:aws:s3:::media-originals' }],
    },
  },
)

describe('GET /s3/ for a role that may not list buckets', () => {
  let browser: HttpBrowser
  beforeEach(async () => {
    browser = new HttpBrowser()
    await signIn(browser, situation.application, 'amazon')
  })

  it('says what was denied, by which policy, and what would allow it', async () => {
    const answer = await askForBuckets(browser, situation.application)
    expectRefusal(answer, 403, 's3.access_denied')
    expect(answer.body).toContain('<code>s3:ListAllMyBuckets</code>: no identity-based policy allows it')
    expect(answer.body).toContain('&#34;Action&#34;: &#34;s3:ListAllMyBuckets&#34;')
  })

  it('leaves a line in the log that the page’s request id finds', async () => {
    const { body } = await askForBuckets(browser, situation.application)
    const requestId = /<dt>Request<\/dt><dd class="mono">([^<]+)</.exec(body)?.[1]
    const failures = situation.application.log.filter(({ code }) => code === 's3.access_denied')
    expect(failures.at(-1)).toMatchObject({ requestId, deniedAction: 's3:ListAllMyBuckets', status: 403 })
  })

  it('on /flow leaves such a line, too', async () => {
    const { headers } = await browser.get(`${situation.application.url}/flow`)
    const failures = situation.application.log.filter(({ code }) => code === 's3.access_denied')
    expect(failures.at(-1)).toMatchObject({ requestId: headers.get('x-request-id') })
  })

  it('is no dead end: presets, and a field for a name, open buckets', async () => {
    const { body } = await askForBuckets(browser, situation.application)
    expect(body).toContain('<a class="button" href="/s3/media-originals/">')
    expect(body).toContain('name="bucket"')
    const { url } = situation.application
    const opened = await browser.open(`${url}/s3/?bucket=media-originals`)
    expect({ status: opened.status, path: new URL(opened.url).pathname }).toEqual({
      status: 200,
      path: '/s3/media-originals/',
    })
    expectRefusal(await browser.get(`${url}/s3/website-static/`), 403, 's3.access_denied')
  })

  it('tells a program by JSON', async () => {
    const { url } = situation.application
    const { status, body } = await browser.get(`${url}/s3/`, { accept: 'application/json' })
    expect([status, JSON.parse(body).error.code]).toEqual([403, 's3.access_denied'])
  })
})

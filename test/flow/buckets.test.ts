import { beforeEach, describe, expect, it, vi } from 'vitest'
import { type Bucket, manyBuckets } from '../../sandbox/aws/list-buckets.ts'
import { answerWith } from '../../sandbox/faults.ts'
import { ada, signIn } from '../application.ts'
import { faultsIn } from '../faults/upstream-faults.ts'
import { HttpBrowser } from '../http-browser.ts'
import { askForBuckets, expectRefusal, laterBy, pathsAsked, useSituation } from './situation.ts'

vi.stubEnv('AWS_MAX_ATTEMPTS', '1')

/** S3 reads this list anew on every request. */
const buckets: Bucket[] = []
const situation = useSituation({}, { buckets })

const holdOnly = (...some: Bucket[]) => buckets.splice(0, buckets.length, ...some)
const named = (name: string, region = 'us-east-1'): Bucket => ({
  name,
  region,
  creationDate: new Date('2024-02-29T23:59:59Z'),
})
const namesOn = (body: string) =>
  [...body.matchAll(/role="rowheader">(?:<a[^>]*>)?<bdi>([^<]*)<\/bdi>/g)].map(([, name]) => name)
const linkTo = (rel: 'next' | 'prev', body = '') =>
  new RegExp(`rel="${rel}" href="([^"]+)"`).exec(body)?.[1]?.replaceAll('&amp;', '&')

describe('GET /s3/', () => {
  let browser: HttpBrowser

  beforeEach(async () => {
    holdOnly(named('only-one', 'eu-central-1'))
    browser = new HttpBrowser()
    await signIn(browser, situation.application, 'google')
  })

  it('says so where there is no bucket', async () => {
    holdOnly()
    const { status, body } = await askForBuckets(browser, situation.application)
    expect(status).toBe(200)
    expect(body).toContain('This account has no buckets yet')
    expect(body).not.toContain('<table')
  })

  it('shows one bucket with region and date', async () => {
    const { body } = await askForBuckets(browser, situation.application)
    expect(namesOn(body)).toEqual(['only-one'])
    expect(body).toContain('<caption>1 bucket</caption>')
    expect(body).toContain('eu-central-1')
    expect(body).toContain('datetime="2024-02-29"')
    expect(body).not.toContain('rel="next"')
  })

  it('shows 10,000 buckets page by page, each once, by links that work', async () => {
    holdOnly(...manyBuckets(10_000))
    const before = situation.sandbox.s3.requests.length
    await askForBuckets(browser, situation.application)
    expect(situation.sandbox.s3.requests.length).toBe(before + 1)
    const seen: (string | undefined)[] = []
    let pages = 0
    let next: string | undefined = '/s3/'
    while (next !== undefined && pages < 100) {
      const { status, body } = await browser.get(`${situation.application.url}${next}`)
      expect(status).toBe(200)
      const names = namesOn(body)
      expect(body).toContain(`<caption>Buckets ${seen.length + 1} to ${seen.length + names.length}</caption>`)
      seen.push(...names)
      pages += 1
      next = /rel="next" href="([^"]+)"/.exec(body)?.[1]?.replaceAll('&amp;', '&')
    }
    expect(pages).toBeGreaterThan(1)
    expect(seen.length).toBe(10_000)
    expect(new Set(seen).size).toBe(10_000)
  })

  it('greets the person and says by which role, key and until when', async () => {
    const { body } = await askForBuckets(browser, situation.application)
    const [exchange] = situation.sandbox.sts.exchanges.slice(-1)
    for (const text of ['Ada Example', 'ada@example.com', 'Google', 'web-identity-google', 'Access left']) {
      expect(body).toContain(text)
    }
    expect(body).toContain(exchange?.parameters.RoleSessionName)
    expect(body).toMatch(/ASIA[A-Z2-7]{16}/)
  })

  it('never shows the secret key, the session token or a token of the provider', async () => {
    const { body } = await askForBuckets(browser, situation.application)
    const accessKeyId = /ASIA[A-Z2-7]{16}/.exec(body)?.[0] ?? ''
    const caller = situation.sandbox.sessions.find(accessKeyId)
    expect(caller?.secretAccessKey).toBeDefined()
    expect(body).not.toContain(caller?.secretAccessKey)
    expect(body).not.toContain(caller && 'sessionToken' in caller ? caller.sessionToken : '-')
    expect(body).not.toContain(situation.sandbox.sts.exchanges.at(-1)?.parameters.WebIdentityToken)
  })

  it('escapes names, regions and people that are hostile', async () => {
    const hostile = '<script>alert(1)</script>"\'&'
    holdOnly(named(hostile, hostile), named('photo\u202Egpj.exe'))
    const { status, body } = await askForBuckets(browser, situation.application)
    expect(status).toBe(200)
    expect(body).not.toContain('<script>')
    expect(body).toContain('&lt;script&gt;alert(1)&lt;/script&gt;')
    // What nobody could see is written out.
    expect(body).toContain('<bdi>photo[U+202E]gpj.exe</bdi>')
    expect(body).not.toContain('\u202E')
  })

  it('lets S3 filter by the beginning of the name, and keeps the filter from page to page', async () => {
    holdOnly(...manyBuckets(10_000), named('other'))
    const { application, sandbox } = situation
    const { body } = await browser.get(`${application.url}/s3/?prefix=bucket-00`)
    expect(namesOn(body)).toHaveLength(200)
    expect(sandbox.s3.requests.at(-1)?.url).toContain('prefix=bucket-00')
    const next = linkTo('next', body) ?? ''
    expect(next).toContain('prefix=bucket-00')
    expect(namesOn((await browser.get(`${application.url}${next}`)).body)[0]).toBe('bucket-00200')
    const none = await browser.get(`${application.url}/s3/?prefix=zzz`)
    expect(none.body).toContain('No bucket fits this filter')
  })

  it('refuses a filter that is longer than S3 takes', async () => {
    const filteredBy = (prefix: string) => browser.get(`${situation.application.url}/s3/?prefix=${prefix}`)
    expect((await filteredBy('p'.repeat(255))).status).toBe(200)
    const before = pathsAsked(situation.sandbox.s3).length
    expectRefusal(await filteredBy('p'.repeat(256)), 400, 's3.request_invalid')
    expect(pathsAsked(situation.sandbox.s3).length).toBe(before)
  })

  it('asks the endpoint of a region for the buckets there', async () => {
    holdOnly(named('here'), named('there', 'eu-central-1'))
    const { body } = await browser.get(`${situation.application.url}/s3/?region=eu-central-1`)
    expect(namesOn(body)).toEqual(['there'])
    const asked = situation.sandbox.s3.requests.at(-1)
    expect(asked?.headers.authorization).toContain('/eu-central-1/s3/')
  })

  it('goes back page by page, to the very same pages', async () => {
    holdOnly(...manyBuckets(900))
    const { url } = situation.application
    const pages = [(await browser.get(`${url}/s3/`)).body]
    while (linkTo('next', pages.at(-1))) {
      pages.push((await browser.get(`${url}${linkTo('next', pages.at(-1))}`)).body)
    }
    expect(pages).toHaveLength(5)
    for (let at = pages.length - 1; at > 0; at -= 1) {
      const before = await browser.get(`${url}${linkTo('prev', pages[at])}`)
      expect(namesOn(before.body)).toEqual(namesOn(pages[at - 1] ?? ''))
    }
    expect(linkTo('prev', pages[0])).toBeUndefined()
  })

  it('sorts a list that it has whole, and no other', async () => {
    const created = (name: string, day: string) => ({ ...named(name), creationDate: new Date(day) })
    holdOnly(created('a', '2024-01-01'), created('b', '2026-01-01'), created('c', '2025-01-01'))
    const { url } = situation.application
    const { body } = await browser.get(`${url}/s3/?sort=-created`)
    expect(namesOn(body)).toEqual(['b', 'c', 'a'])
    expect(body).toContain('aria-sort="descending"')
    holdOnly(...manyBuckets(300))
    const large = await browser.get(`${url}/s3/?sort=-created`)
    expect(namesOn(large.body)[0]).toBe('bucket-00000')
    expect(large.body).toContain('S3 lists buckets by name')
    expectRefusal(await browser.get(`${url}/s3/?sort=size`), 400, 's3.request_invalid')
  })

  it('goes to a bucket by name, and nowhere else', async () => {
    const { url } = situation.application
    const { status, location } = await browser.get(`${url}/s3/?bucket=only-one`)
    expect({ status, location }).toEqual({ status: 303, location: `${url}/s3/only-one/` })
    for (const name of ['//evil.example', '..', 'arn:aws:s3:::x', 'a/b', '']) {
      const answer = await browser.get(`${url}/s3/?bucket=${encodeURIComponent(name)}`)
      expectRefusal(answer, 404, 's3.no_such_bucket')
    }
  })

  it.each([
    ['of nobody', 'token=bogus&first=201'],
    ['that is too long', `token=${'a'.repeat(1025)}`],
    ['given twice', 'token=1aa&token=1bb'],
    ['with a strange number', 'token=1aa&first=-1'],
    ['with a fraction', 'token=1aa&first=1.5'],
    ['with markup', 'token=%3Cscript%3E&first=%3Cscript%3E'],
    ['with two numbers', 'token=1aa&first=1&first=2'],
    ['with a NUL', 'token=%00'],
  ])('refuses a continuation token %s', async (_title, query) => {
    const answer = await browser.get(`${situation.application.url}/s3/?${query}`)
    expectRefusal(answer, 400, 's3.request_invalid')
    expect(answer.body).not.toContain('<script>')
  })

  const refusal = (code: string, message = '') =>
    `<?xml version="1.0"?><Error><Code>${code}</Code><Message>UPSTREAM-CANARY ${message}</Message><RequestId>4442587FB7D0A2F9</RequestId></Error>`

  it.each([
    ['AccessDenied', 403, 403, 's3.access_denied'],
    ['SlowDown', 503, 503, 's3.throttled'],
    ['InvalidToken', 400, 401, 's3.token_rejected'],
    ['InvalidAccessKeyId', 403, 401, 's3.key_unknown'],
    ['SignatureDoesNotMatch', 403, 401, 's3.signature_rejected'],
    ['RequestTimeTooSkewed', 403, 500, 's3.clock_skewed'],
    ['InvalidArgument', 400, 400, 's3.request_invalid'],
    ['InternalError', 500, 502, 's3.internal_error'],
    ['ServiceUnavailable', 503, 502, 's3.unavailable'],
    ['AuthorizationHeaderMalformed', 400, 502, 's3.wrong_region'],
    ['PermanentRedirect', 301, 502, 's3.wrong_region'],
    ['RequestTimeout', 400, 502, 's3.connection_idle'],
    ['constructor', 400, 502, 's3.unavailable'],
  ])(
    'turns %s (%i) of S3 into a page with status %i and the code %s, and keeps the session',
    async (awsCode, awsStatus, status, code) => {
      const { sandbox, application } = situation
      sandbox.s3.faults.plan(
        '/',
        answerWith(awsStatus, refusal(awsCode), { 'content-type': 'application/xml' }),
      )
      const answer = await askForBuckets(browser, application)
      expectRefusal(answer, status, code)
      expect(answer.body).not.toContain('UPSTREAM-CANARY')
      if (status === 503) expect(answer.headers.get('retry-after')).toMatch(/^\d+$/)
      expect((await askForBuckets(browser, application)).status).toBe(200)
    },
  )

  it.each([
    ['breaks the connection', 'closes the connection', 's3.unreachable'],
    ['answers with a page', 'answers with a page instead of data', 's3.unavailable'],
    [
      'answers with a page that is labelled as data',
      'answers with a page labelled as data',
      's3.unavailable',
    ],
    ['answers with nothing', 'answers with nothing', 's3.unavailable'],
  ] as const)('says so where S3 %s', async (_title, fault, code) => {
    situation.sandbox.s3.faults.plan('/', faultsIn.xml[fault], 9)
    expectRefusal(await askForBuckets(browser, situation.application), 502, code)
  })

  it('logs no e-mail address that stands in a message of S3', async () => {
    const { sandbox, application } = situation
    const message = `User: arn:aws:sts::123456789012:assumed-role/web/${ada.email} is not authorized to perform: s3:ListAllMyBuckets`
    const body = `<Error><Code>AccessDenied</Code><Message>${message}</Message></Error>`
    sandbox.s3.faults.plan('/', answerWith(403, body))
    const answer = await askForBuckets(browser, application)
    expectRefusal(answer, 403, 's3.access_denied')
    const lines = application.log.map(({ roleSessionName: _, ...line }) => JSON.stringify(line))
    expect(lines.join()).toContain(answer.headers.get('x-request-id'))
    expect(lines.filter((line) => line.includes(String(ada.email)))).toEqual([])
  })

  it('answers a client that asks for JSON with status, code and request id', async () => {
    situation.sandbox.s3.faults.plan('/', answerWith(403, refusal('AccessDenied')))
    const { status, body, headers } = await browser.get(`${situation.application.url}/s3/`, {
      accept: 'application/json',
    })
    expect(status).toBe(403)
    expect(JSON.parse(body).error).toMatchObject({
      code: 's3.access_denied',
      requestId: headers.get('x-request-id'),
    })
  })
})

describe('GET /s3/ when the access has run out', () => {
  const signedInWith = async (provider: 'facebook' | 'amazon') => {
    const browser = new HttpBrowser()
    await signIn(browser, situation.application, provider)
    return browser
  }
  const page = '/s3/?token=abc&first=201'

  it('by the word of S3, and nothing can renew it, offers to continue at the same place', async () => {
    const browser = await signedInWith('facebook')
    situation.sandbox.sessions.expireAll()
    const answer = await browser.get(`${situation.application.url}${page}`)
    expectRefusal(answer, 401, 'session.expired')
    const query = new URLSearchParams({ returnPath: page })
    expect(answer.body).toContain(`href="/initiateLogin/facebook?${query}"`)
  })

  it('tells a client that asks for JSON 401 and why', async () => {
    const browser = await signedInWith('facebook')
    situation.sandbox.sessions.expireAll()
    const url = `${situation.application.url}/s3/`
    const { status, body, location } = await browser.get(url, { accept: 'application/json' })
    expect({ status, location, code: JSON.parse(body).error.code }).toEqual({
      status: 401,
      location: undefined,
      code: 'session.expired',
    })
  })

  it('by the word of S3, and a refresh token is there, shows the buckets with new credentials', async () => {
    const browser = await signedInWith('amazon')
    const before = situation.sandbox.sts.exchanges.length
    situation.sandbox.sessions.expireAll()
    expect((await askForBuckets(browser, situation.application)).status).toBe(200)
    expect(situation.sandbox.sts.exchanges.length).toBe(before + 1)
  })

  it('by the clock asks S3 nothing', async () => {
    const browser = await signedInWith('facebook')
    const before = situation.sandbox.s3.requests.length
    laterBy(61 * 60_000)
    const { status, location } = await browser.get(`${situation.application.url}${page}`)
    expect([303, 401]).toContain(status)
    if (location !== undefined) expect(new URL(location).searchParams.get('returnPath')).toBe(page)
    expect(situation.sandbox.s3.requests.length).toBe(before)
  })

  it('says so on the login page, in words of its own', async () => {
    const { body } = await new HttpBrowser().get(`${situation.application.url}/?notice=expired`)
    expect(body).toContain('Your access has run out')
    for (const name of ['constructor', '__proto__', '<script>']) {
      const other = await new HttpBrowser().get(
        `${situation.application.url}/?notice=${encodeURIComponent(name)}`,
      )
      expect({ name, status: other.status, notice: other.body.includes('role="status"') }).toEqual({
        name,
        status: 200,
        notice: false,
      })
    }
  })

  it('is not so a minute before', async () => {
    const browser = await signedInWith('facebook')
    laterBy(59 * 60_000)
    expect((await askForBuckets(browser, situation.application)).status).toBe(200)
  })
})

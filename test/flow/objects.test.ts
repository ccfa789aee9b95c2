import { beforeEach, describe, expect, it, vi } from 'vitest'
import type { Bucket } from '../../sandbox/aws/list-buckets.ts'
import { answerWith, type Fault, flood } from '../../sandbox/faults.ts'
import { ada, signIn, signInUpToCallback } from '../application.ts'
import { HttpBrowser } from '../http-browser.ts'
import { codeOn, cookieHeader, expectRefusal, laterBy, pathsAsked, useSituation } from './situation.ts'

vi.stubEnv('AWS_MAX_ATTEMPTS', '1')

const creationDate = new Date('2024-02-29T23:59:59Z')
const buckets: Bucket[] = [
  { name: 'files', region: 'us-east-1', creationDate },
  { name: 'tokyo', region: 'ap-northeast-1', creationDate },
  { name: 'huge', region: 'us-east-1', creationDate },
]
const situation = useSituation({}, { buckets })

/** Text between two marks, entities undone. */
const plain = (html: string): string =>
  html.replace(
    /&(lt|gt|amp|#34|#39);/g,
    (_, name) => ({ lt: '<', gt: '>', amp: '&', '#34': '"' })[name as string] ?? "'",
  )
const rowsOn = (body: string) =>
  [...body.matchAll(/role="rowheader">(?:<a[^>]*? href="([^"]*)"[^>]*>)?<bdi>([^<]*)<\/bdi>/g)].map(
    ([, href, name = '']) => ({ name: plain(name), href: href && plain(href) }),
  )
const linkTo = (rel: string, body: string) => {
  const href = new RegExp(`rel="${rel}" href="([^"]+)"`).exec(body)?.[1]
  return href && plain(href)
}

let browser: HttpBrowser

beforeEach(async () => {
  browser = new HttpBrowser()
  await signIn(browser, situation.application, 'google')
})

const open = (path: string, headers = {}) => browser.get(`${situation.application.url}${path}`, headers)
const folder = (bucket: string, prefix = '') => open(`/s3/${bucket}/?${new URLSearchParams({ prefix })}`)
const download = (bucket: string, key: string) =>
  open(`/s3/${bucket}/download?${new URLSearchParams({ key })}`)
const seed = (key: string, body = key, more = {}) =>
  situation.sandbox.s3.seed({ bucket: 'files', key, body, ...more })

describe('GET /s3/:bucket/', () => {
  it('shows folders and files with size, date and storage class', async () => {
    await seed('docs/2026/report.txt', 'x'.repeat(1536))
    await seed('docs/index.txt', 'x'.repeat(2048))
    const { status, body } = await folder('files', 'docs/')
    expect(status).toBe(200)
    expect(rowsOn(body)).toEqual([
      { name: '2026/', href: '/s3/files/?prefix=docs%2F2026%2F' },
      { name: 'index.txt', href: '/s3/files/download?key=docs%2Findex.txt' },
    ])
    for (const text of ['2.0 KiB', '2,048 bytes', 'STANDARD', '2 items']) expect(body).toContain(text)
    expect(body).toContain('<a href="/s3/files/"><bdi>files</bdi></a>')
  })

  it('says so where nothing is', async () => {
    expect((await folder('files', 'nothing/here/')).body).toContain('There are no files in this folder yet')
  })

  it('is filtered by the beginning of names within the folder', async () => {
    for (const key of ['notes/Welcome.txt', 'notes/other.txt', 'Welcome.txt']) await seed(key, 'x')
    const filtered = (await open('/s3/files/?folder=notes%2F&prefix=Wel')).body
    expect(rowsOn(filtered).map(({ name }) => name)).toEqual(['Welcome.txt'])
    expect(filtered).toContain('<input type="hidden" name="folder" value="notes/">')
    expect(filtered).toContain('<input name="prefix" value="Wel"')
    expect(filtered).toContain('<a href="/s3/files/?prefix=notes%2F">Show all</a>')
    const none = (await open('/s3/files/?folder=notes%2F&prefix=wel')).body
    expect(none).toContain('No name here begins like this')
    const whole = (await folder('files', 'notes/')).body
    expect(whole).toContain('<input name="prefix" value=""')
    expect(whole).not.toContain('Show all')
  })

  it('is a signed-in person’s page where S3 refuses, too: with a way to the buckets, and out', async () => {
    for (const path of ['/s3/nowhere/', '/s3/files/download?key=missing']) {
      const { status, body } = await open(path)
      expect(status).toBe(404)
      expect(body).toContain('aria-label="Account"')
      expect(body).toMatch(/name="csrf" value="[^"]+"/)
    }
  })

  it('hides the empty object by which programs make a folder appear', async () => {
    await seed('made/', '')
    expect(rowsOn((await folder('files', 'made/')).body)).toEqual([])
  })

  it('reads a bucket of 100,000 keys page by page, forward and back', async () => {
    const keys = Array.from({ length: 100_000 }, (_, index) => `part-${String(index).padStart(6, '0')}`)
    situation.sandbox.s3.seedKeys('huge', keys)
    const first = await folder('huge')
    const second = await open(linkTo('next', first.body) ?? '')
    const third = await open(linkTo('next', second.body) ?? '')
    expect(rowsOn(third.body)[0]?.name).toBe('part-000400')
    const leadsBack = [first, second, third].map(({ body }) => body.includes('>First page</a>'))
    expect(leadsBack).toEqual([false, true, true])
    expect(third.body).toContain('Items 401 to 600')
    const back = await open(linkTo('prev', third.body) ?? '')
    expect(rowsOn(back.body)).toEqual(rowsOn(second.body))
    expect(rowsOn((await open(linkTo('prev', back.body) ?? '')).body)).toEqual(rowsOn(first.body))
  })

  it('follows a bucket to its own region', async () => {
    await situation.sandbox.s3.seed({ bucket: 'tokyo', key: 'far.txt', body: 'far away' })
    expect(rowsOn((await folder('tokyo')).body)).toEqual([
      { name: 'far.txt', href: '/s3/tokyo/download?key=far.txt' },
    ])
    const { location = '' } = await download('tokyo', 'far.txt')
    expect(location).toContain('ap-northeast-1')
    expect(await (await fetch(location)).text()).toBe('far away')
  })

  it('follows once only', async () => {
    const { s3 } = situation.sandbox
    const redirect = answerWith(301, '<Error><Code>PermanentRedirect</Code></Error>', {
      'x-amz-bucket-region': 'eu-west-1',
    })
    s3.faults.plan('/files/', redirect, 5)
    const before = s3.requests.length
    expectRefusal(await folder('files'), 502, 's3.wrong_region')
    expect(s3.requests.length - before).toBe(2)
  })

  it.each([
    ['nowhere', 404, 's3.no_such_bucket'],
    ['..%2Ffiles', 404, 's3.no_such_bucket'],
    ['arn%3Aaws%3As3%3A%3A%3Afiles', 404, 's3.no_such_bucket'],
    ['%E0%A4%A', 400, 'request.malformed'],
  ])('answers for the bucket %s with %d %s', async (bucket, status, code) => {
    expectRefusal(await open(`/s3/${bucket}/`), status, code)
  })

  it.each(['a'.repeat(1025), 'ü'.repeat(513)])('refuses a prefix that no key can have', async (prefix) => {
    expectRefusal(await folder('files', prefix), 400, 's3.request_invalid')
    const halves = new URLSearchParams({ folder: prefix.slice(0, -9), prefix: prefix.slice(-9) })
    expectRefusal(await open(`/s3/files/?${halves}`), 400, 's3.request_invalid')
  })

  it('tells what was denied, by which policy, and the smallest statement that allows it', async () => {
    const message =
      'User: arn:aws:sts::123456789012:assumed-role/web/SOMEBODY is not authorized to perform: s3:ListBucket on resource: "arn:aws:s3:::files" because no session policy allows the s3:ListBucket action'
    const refusal = `<Error><Code>AccessDenied</Code><Message>${message.replaceAll('"', '&quot;')}</Message></Error>`
    situation.sandbox.s3.faults.plan('/files/', answerWith(403, refusal))
    const answer = await folder('files', 'a/')
    expectRefusal(answer, 403, 's3.access_denied')
    expect(answer.body).toContain('no session policy allows it')
    expect(plain(answer.body)).toContain('"s3:prefix": "a/*"')
    expect(answer.body + situation.application.logText()).not.toContain('SOMEBODY')
  })

  it('keeps the place of somebody who must sign in', async () => {
    await seed('docs/index.txt')
    const path = '/s3/files/?prefix=docs%2F'
    const newcomer = new HttpBrowser()
    const { url } = situation.application
    const { location = '' } = await newcomer.get(`${url}${path}`)
    expect(new URL(location).searchParams.get('returnPath')).toBe(path)
    const start = await newcomer.get(
      `${url}/initiateLogin/google?${new URLSearchParams({ returnPath: path })}`,
    )
    const callback = await newcomer.continueAs(ada.subjects.google, start.location ?? '')
    expect((await newcomer.get(callback)).location).toBe(`${url}${path}`)
  })

  it('renews access that runs out between two pages, and stays in place', async () => {
    const keys = Array.from({ length: 500 }, (_, index) => `page-${index}`)
    situation.sandbox.s3.seedKeys('huge', keys)
    await signInUpToCallback(browser, situation.application, 'amazon').then((url) => browser.get(url))
    const next = linkTo('next', (await folder('huge', 'page-')).body) ?? ''
    const exchanges = situation.sandbox.sts.exchanges.length
    situation.sandbox.sessions.expireAll()
    const { status, body } = await open(next)
    expect(status).toBe(200)
    expect(body).toContain('Items 201 to 400')
    expect(situation.sandbox.sts.exchanges.length).toBe(exchanges + 1)
  })
})

/** Every kind of key that S3 allows, however odd. */
const legalKeys = [
  'with space and + and %2F and %',
  'a//b',
  '/leading',
  'a/./b',
  'a/../b',
  '..',
  'x?y#z&key=other',
  'naïve-数-🙂.txt',
  'invoice\u202Efdp.exe',
  'line\nbreak\u0001\u007f',
  'zero\u200Bwidth',
  '<script>alert(1)</script>"\'',
  ' leading and trailing ',
  'ü'.repeat(512),
  `${'d/'.repeat(511)}xy`,
  'constructor',
  'a slash at the end/',
]

describe('GET /s3/:bucket/download', () => {
  it.each(legalKeys)('finds %j by the links of the pages, and gives what it holds', async (key) => {
    await seed(key)
    const segments = key.split('/')
    // Folder by folder, unless there are hundreds of them.
    let { body } = await folder('files', segments.length > 9 ? `${segments.slice(0, -1).join('/')}/` : '')
    if (segments.length <= 9) {
      for (let depth = 1; depth < segments.length; depth += 1) {
        const prefix = `${segments.slice(0, depth).join('/')}/`
        const way = rowsOn(body).find(
          ({ href = '' }) => new URL(href, 'http://a').searchParams.get('prefix') === prefix,
        )
        body = (await open(way?.href ?? '/missing')).body
      }
    }
    const link = rowsOn(body).find(
      ({ href = '' }) => new URL(href, 'http://a').searchParams.get('key') === key,
    )
    expect(link?.name).toMatch(/^[^\p{Cc}\p{Cf}]+$/u)
    const answer = await open(link?.href ?? '/missing')
    const content = answer.location === undefined ? answer.body : await (await fetch(answer.location)).text()
    expect(content).toBe(key)
  })

  it('sends to an address of S3 that makes the browser save, lives a minute and is nowhere else', async () => {
    await seed('page.html', '<script>alert(1)</script>', { contentType: 'text/html' })
    const calls = () => situation.application.log.filter(({ call }) => call === 's3 GetObjectCommand')
    const before = calls().length
    const { status, location = '', headers } = await download('files', 'page.html')
    expect(status).toBe(303)
    // The first byte; what is only signed asks nobody for anything.
    expect(calls().length).toBe(before + 1)
    expect(headers.get('cache-control')).toBe('no-store')
    const { origin, searchParams } = new URL(location)
    expect(origin).toBe(situation.sandbox.s3.url)
    expect(searchParams.get('X-Amz-Expires')).toBe('60')
    const saved = await fetch(location)
    expect(saved.headers.get('content-disposition')).toBe(
      `attachment; filename="page.html"; filename*=UTF-8''page.html`,
    )
    const log = situation.application.logText()
    for (const secret of ['X-Amz-Signature', 'X-Amz-Security-Token', searchParams.get('X-Amz-Signature')]) {
      expect(log).not.toContain(secret)
    }
    laterBy(61_000)
    expect((await fetch(location)).status).toBe(403)
  })

  it('asks for the first byte over one connection, however many files are opened', async () => {
    await seed('kept-alive.txt')
    const ports = new Set<number | undefined>()
    const notePort: Fault = (req, _res, answer) => {
      ports.add(req.socket.remotePort)
      answer()
    }
    situation.sandbox.s3.faults.plan('/files/kept-alive.txt', notePort, 3)
    for (const _ of [1, 2, 3]) expect((await download('files', 'kept-alive.txt')).status).toBe(303)
    expect(ports.size).toBe(1)
  })

  it('answers HEAD without reading the file', async () => {
    const mebibyte = 1024 * 1024
    const sent = Promise.withResolvers<number>()
    const endless: Fault = (req, res, answer) => {
      req.socket.once('close', () => sent.resolve(req.socket.bytesWritten))
      flood(1024 * mebibyte)(req, res, answer)
    }
    situation.sandbox.s3.faults.plan('/files/a/../head', endless)
    const { status, headers } = await fetch(
      `${situation.application.url}/s3/files/download?key=${encodeURIComponent('a/../head')}`,
      { method: 'HEAD', headers: { cookie: cookieHeader(browser, situation.application) } },
    )
    expect(status).toBe(200)
    expect(headers.get('content-disposition')).toMatch(/^attachment; filename="head"/)
    expect(await sent.promise).toBeLessThan(32 * mebibyte)
  })

  it('passes on fifty at once, and goes on showing pages to others', async () => {
    await seed('a/../slow', 'x'.repeat(9 * 1024 * 1024))
    const reader = new AbortController()
    const headers = { cookie: cookieHeader(browser, situation.application), accept: 'application/json' }
    const url = `${situation.application.url}/s3/files/download?key=${encodeURIComponent('a/../slow')}`
    const open = () => fetch(url, { headers, signal: reader.signal })
    const opened = await Promise.all(Array.from({ length: 50 }, open))
    expect(new Set(opened.map(({ status }) => status))).toEqual(new Set([200]))
    const refused = await open()
    expect([refused.status, refused.headers.get('content-disposition')]).toEqual([503, null])
    reader.abort()
    await expect.poll(async () => (await fetch(url, { method: 'GET', headers })).status).toBe(200)
  })

  it('that its reader breaks off is no defect of ours', async () => {
    const bytes = 9 * 1024 * 1024
    await seed('a/../left', 'x'.repeat(bytes))
    const path = `${situation.application.url}/s3/files/download?key=${encodeURIComponent('a/../left')}`
    const reader = new AbortController()
    const headers = { cookie: cookieHeader(browser, situation.application) }
    const { body } = await fetch(path, { headers, signal: reader.signal })
    await body?.getReader().read()
    reader.abort()
    const brokenOff = expect.objectContaining({ level: 'warn', msg: 'an answer broke off' })
    await expect.poll(() => situation.application.log).toContainEqual(brokenOff)
    expect(situation.application.log.filter(({ code }) => code === 'internal.unexpected')).toEqual([])
  })

  it('passes on what no browser can ask S3 for, to be saved and never shown', async () => {
    await seed('a/../evil.html', '<script>alert(1)</script>', { contentType: 'text/html' })
    const { status, headers, body } = await download('files', 'a/../evil.html')
    expect({ status, body }).toEqual({ status: 200, body: '<script>alert(1)</script>' })
    expect(headers.get('content-type')).toBe('application/octet-stream')
    expect(headers.get('content-disposition')).toMatch(/^attachment; filename="evil.html"/)
    expect(headers.get('x-content-type-options')).toBe('nosniff')
  })

  it('passes on what is larger than any answer that is kept in memory, and says how large', async () => {
    const bytes = 9 * 1024 * 1024
    await seed('a/../large', 'x'.repeat(bytes))
    const { status, headers, body } = await download('files', 'a/../large')
    expect([status, headers.get('content-length'), body.length]).toEqual([200, String(bytes), bytes])
  })

  it('gives an empty file', async () => {
    await seed('empty', '')
    const { location = '' } = await download('files', 'empty')
    const saved = await fetch(location)
    expect([saved.status, await saved.text()]).toEqual([200, ''])
  })

  it('has no link to what is archived, and says why', async () => {
    await seed('cold/old.dump', 'x', { storageClass: 'DEEP_ARCHIVE' })
    const { body } = await folder('files', 'cold/')
    expect(rowsOn(body)).toEqual([{ name: 'old.dump', href: undefined }])
    expect(body).toContain('must be restored first')
    expectRefusal(await download('files', 'cold/old.dump'), 409, 's3.object_archived')
  })

  it.each([
    ['files', 'missing', 404, 's3.no_such_key'],
    ['files', '', 404, 's3.no_such_key'],
    ['files', 'x'.repeat(1025), 404, 's3.no_such_key'],
    ['nowhere', 'x', 404, 's3.no_such_bucket'],
  ])('answers for %s and %j with %d %s', async (bucket, key, status, code) => {
    const answer = await download(bucket, key)
    expectRefusal(answer, status, code)
    // For what can be a key, there is a folder to go back to.
    expect(answer.body.includes('Back to the folder')).toBe(key === 'missing' || key === 'x')
  })

  it('leads somebody who must sign in to the folder, and asks S3 nothing', async () => {
    const before = pathsAsked(situation.sandbox.s3).length
    const newcomer = new HttpBrowser()
    const url = `${situation.application.url}/s3/files/download?key=docs%2Findex.txt`
    const answer = await newcomer.get(url)
    expect(answer.location).toBe(`${situation.application.url}/s3/files/?prefix=docs%2F`)
    const json = await newcomer.get(url, { accept: 'application/json' })
    expect([json.status, JSON.parse(json.body).error.code]).toEqual([401, 'session.required'])
    expect(pathsAsked(situation.sandbox.s3).length).toBe(before)
  })

  it('says nothing of a file to a page of an error but its code', async () => {
    const { body } = await download('files', 'SECRET-NAME')
    expect(codeOn(body)).toBe('s3.no_such_key')
    expect(situation.application.logText()).not.toContain('SECRET-NAME')
  })
})

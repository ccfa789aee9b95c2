import { createHash } from 'node:crypto'
import request from 'supertest'
import { describe, expect, it } from 'vitest'
import { signIn } from '../application.ts'
import { HttpBrowser } from '../http-browser.ts'
import { codeOn, cookieHeader, innards, useSituation } from './situation.ts'

const situation = useSituation()

const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE'] as const
type Method = (typeof methods)[number]
const lowerCase = {
  GET: 'get',
  HEAD: 'head',
  POST: 'post',
  PUT: 'put',
  PATCH: 'patch',
  DELETE: 'delete',
  OPTIONS: 'options',
  TRACE: 'trace',
} as const

/** What a route answers: a status, or one for signed-out and one for signed-in people. What is not named is 405. */
interface Row {
  path: string
  answers: Partial<Record<Method, number | [signedOut: number, signedIn: number]>>
}

/** Every route of the application, as it is declared there. */
const table: Record<string, Row> = {
  '/healthz': { path: '/healthz', answers: { GET: 200, HEAD: 200 } },
  '/readyz': { path: '/readyz', answers: { GET: 200, HEAD: 200 } },
  '/': { path: '/', answers: { GET: 200, HEAD: 200 } },
  '/privacy': { path: '/privacy', answers: { GET: 200, HEAD: 200 } },
  '/explained': { path: '/explained', answers: { GET: 200, HEAD: 200 } },
  '/initiateLogin/:provider': { path: '/initiateLogin/amazon', answers: { GET: 302, HEAD: 302 } },
  '/oauth2callback/:provider': {
    path: '/oauth2callback/amazon',
    answers: { GET: 400, HEAD: 400, POST: 400 },
  },
  '/s3': { path: '/s3/', answers: { GET: [303, 200], HEAD: [303, 200] } },
  '/s3/:bucket': { path: '/s3/media-originals/', answers: { GET: [303, 200], HEAD: [303, 200] } },
  '/s3/:bucket/download': {
    path: '/s3/media-originals/download?key=none',
    answers: { GET: [303, 404], HEAD: [303, 404] },
  },
  '/logout': { path: '/logout', answers: { POST: [303, 403] } },
  '/signed-out': { path: '/signed-out', answers: { GET: [200, 303], HEAD: [200, 303] } },
  '/flow': { path: '/flow', answers: { GET: 200, HEAD: 200 } },
}

interface RouterLayer {
  route?: { path: string; stack: { method?: string }[] }
}

/** The routes that Express was told of. */
function declaredRoutes(): string[] {
  const { app } = situation.application
  const { stack } = app.router as unknown as { stack: RouterLayer[] }
  return stack.flatMap(({ route }) => route?.path ?? [])
}

const expectedStatus = ({ answers }: Row, method: Method, who: 'signed out' | 'signed in'): number => {
  const [signedOut, signedIn = signedOut] = [answers[method] ?? 405].flat()
  return (who === 'signed out' ? signedOut : signedIn) ?? 405
}

const cases = Object.entries(table).flatMap(([route, row]) =>
  methods.flatMap((method) =>
    (['signed out', 'signed in'] as const).map((who) => ({
      route,
      row,
      method,
      who,
      status: expectedStatus(row, method, who),
    })),
  ),
)

describe('the route table', () => {
  let cookie: string | undefined

  const send = async ({ row, method, who }: (typeof cases)[number]) => {
    if (who === 'signed in' && cookie === undefined) {
      const browser = new HttpBrowser()
      await signIn(browser, situation.application, 'amazon')
      cookie = cookieHeader(browser, situation.application)
    }
    const one = request(situation.application.server)[lowerCase[method]](row.path).set('Accept', 'text/html')
    return who === 'signed in' ? one.set('Cookie', cookie ?? '') : one
  }

  it('has a row for every route of the application, and no other', () => {
    expect(declaredRoutes().sort()).toEqual(Object.keys(table).sort())
  })

  it.each(cases)('$method $route answers $status to somebody $who', async (one) => {
    const { status, headers, text = '' } = await send(one)
    expect(status).toBe(one.status)
    expect(headers['x-request-id']).toMatch(/^[\da-f-]{36}$/)
    expect(headers['x-powered-by']).toBeUndefined()
    expect(text).not.toMatch(innards)
    if (one.method === 'HEAD') expect(text).toBe('')
    if (status === 405) {
      const { answers } = one.row
      const allowed = Object.keys(answers).join(', ')
      expect(headers.allow).toBe(allowed)
      if (one.method !== 'HEAD' && one.route !== '/healthz') {
        expect(codeOn(text)).toBe('request.method_not_allowed')
      }
    }
  })

  it.each(
    cases.filter(({ route, method }) => method === 'GET' && !['/', '/privacy', '/explained'].includes(route)),
  )('$method $route for somebody $who is kept in no cache', async (one) => {
    const { headers } = await send(one)
    expect(headers['cache-control']).toBe('no-store')
  })

  it('leaves the session alive through all of that', async () => {
    const { status } = await request(situation.application.server)
      .get('/s3/')
      .set('Cookie', cookie ?? '')
    expect(status).toBe(200)
  })

  it.each([
    ['/', 'text/html; charset=utf-8'],
    ['/privacy', 'text/html; charset=utf-8'],
    ['/s3/', 'text/html; charset=utf-8'],
    ['/nowhere', 'text/html; charset=utf-8'],
    ['/healthz', 'text/plain; charset=utf-8'],
    ['/readyz', 'text/plain; charset=utf-8'],
    ['/assets/style.css', 'text/css; charset=utf-8'],
    ['/assets/js/implicit-callback.js', 'text/javascript; charset=utf-8'],
    ['/assets/icons/amazon.svg', 'image/svg+xml'],
  ])('GET %s is of type %s', async (path, type) => {
    const { headers } = await request(situation.application.server)
      .get(path)
      .set('Cookie', cookie ?? '')
    expect(headers['content-type']).toBe(type)
  })
})

describe('an unknown path', () => {
  it.each(methods.filter((method) => method !== 'HEAD'))('is a 404 page for %s', async (method) => {
    const { status, text } = await request(situation.application.server)
      [lowerCase[method]]('/nowhere/at-all')
      .set('Accept', 'text/html')
    expect({ status, code: codeOn(text) }).toEqual({ status: 404, code: 'request.not_found' })
  })

  it('leads to one’s buckets, and not to the page for signing in, where somebody signed in would think to be out', async () => {
    const { text } = await request(situation.application.server).get('/nowhere').set('Accept', 'text/html')
    expect(text).toContain('<a class="button button--primary" href="/s3/">Go to your buckets</a>')
  })

  it('is a JSON answer with code and request id for a client that asks for JSON', async () => {
    const { status, body, headers } = await request(situation.application.server)
      .get('/nowhere')
      .set('Accept', 'application/json')
    expect(status).toBe(404)
    expect(body.error).toEqual({
      code: 'request.not_found',
      message: expect.any(String),
      requestId: headers['x-request-id'],
    })
  })
})

it.each(['style.css', 'js/busy.js'])(
  '%s may be kept for ever under the address of its content alone',
  async (path) => {
    const { text: page } = await request(situation.application.server).get('/')
    const address = page.match(/\/assets\/[\w./-]+\?v=[\w-]{10}/g)?.find((one) => one.includes(path)) ?? ''
    const cacheControl = async (of: string) =>
      (await request(situation.application.server).get(of)).headers['cache-control']
    expect(await cacheControl(address)).toBe('public, max-age=31536000, immutable')
    // Another release's, which an instance of this one is asked for in the middle of a deployment.
    for (const other of [`/assets/${path}?v=0123456789`, `/assets/${path}`, `${address}&more`])
      expect(await cacheControl(other)).toBe('no-cache')
  },
)

it('a style sheet may be kept for ever, under an address that changes with its content', async () => {
  const { text: page } = await request(situation.application.server).get('/')
  const [address = ''] = /\/assets\/style\.css\?v=[\w-]{10}/.exec(page) ?? []
  const { text, headers } = await request(situation.application.server).get(address)
  expect(headers['cache-control']).toBe('public, max-age=31536000, immutable')
  const hash = createHash('sha256').update(text).digest('base64url')
  expect(hash.startsWith(String(new URL(address, 'http://a').searchParams.get('v')))).toBe(true)
})

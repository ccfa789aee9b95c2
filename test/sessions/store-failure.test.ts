import { once } from 'node:events'
import { type AddressInfo, connect, createServer } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { type Sandbox, startSandbox } from '../../sandbox/sandbox.ts'
import { signIn, signInUpToCallback, startApplication, type TestApplication } from '../application.ts'
import { HttpBrowser } from '../http-browser.ts'
import { freePort, Redis, redisIsMissing } from './engines.ts'
import { countOf, csrfOf, useParties } from './parties.ts'
import { isReady, launch } from './processes.ts'

const statusOf = async (url: string, browser = new HttpBrowser()) => (await browser.get(url)).status

describe.skipIf(redisIsMissing)('Redis (skipped where redis-server is not installed)', () => {
  let sandbox: Sandbox
  let redis: Redis
  let application: TestApplication

  beforeAll(async () => {
    sandbox = await startSandbox()
    redis = new Redis(await freePort())
    application = await startApplication({ ...sandbox.environment, ...redis.environment })
    sandbox.registerApplication(application.url)
  })
  afterAll(async () => {
    await application.close()
    await redis.close()
    await sandbox.close()
  })

  /** Waits until the application has found its store again. */
  const ready = () =>
    vi.waitFor(async () => expect(await statusOf(`${application.url}/readyz`)).toBe(200), {
      timeout: 5_000,
      interval: 50,
    })

  it('that is not there at the start is named in the log; login page and /healthz answer, /readyz is red', async () => {
    expect(await statusOf(`${application.url}/`)).toBe(200)
    expect(await statusOf(`${application.url}/privacy`)).toBe(200)
    expect(await statusOf(`${application.url}/healthz`)).toBe(200)
    expect(await statusOf(`${application.url}/readyz`)).toBe(503)
    const complaint = application.log.find(({ msg }) => msg === 'the connection to the session store failed')
    expect(JSON.stringify(complaint)).toContain('ECONNREFUSED')
  })

  it('that is not there makes a sign-in end in a 503 with Retry-After, before any code is spent', async () => {
    const callback = await signInUpToCallback(new HttpBrowser(), application, 'amazon')
    const browser = new HttpBrowser()
    const again = await signInUpToCallback(browser, application, 'amazon')
    expect(callback.pathname).toBe(again.pathname)
    const answer = await browser.get(again)
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '10'])
    expect(countOf(sandbox.amazon, '/auth/o2/token')).toBe(0)
  })

  it('that comes up later serves without a restart, and so it does when it was killed in between', async () => {
    await redis.start()
    await ready()
    const browser = new HttpBrowser()
    await signIn(browser, application, 'amazon')
    expect(await statusOf(`${application.url}/s3/`, browser)).toBe(200)

    await redis.kill()
    const page = await browser.get(`${application.url}/s3/`)
    expect([page.status, page.headers.get('retry-after')]).toEqual([503, '10'])
    expect(page.body).toContain('Please try again in a moment')
    expect(page.body).toContain('href="/s3/"')
    expect(page.headers.getSetCookie()).toEqual([])
    const json = await browser.get(`${application.url}/s3/`, { accept: 'application/json' })
    expect(JSON.parse(json.body).error.code).toBe('session.store_unavailable')
    expect(await statusOf(`${application.url}/`, browser)).toBe(200)
    expect(await statusOf(`${application.url}/readyz`)).toBe(503)

    await redis.start()
    await ready()
    // Redis came back empty: whoever was signed in signs in again.
    expect(await statusOf(`${application.url}/s3/`, browser)).toBe(303)
    await signIn(browser, application, 'amazon')
    expect(await statusOf(`${application.url}/s3/`, browser)).toBe(200)
  })

  it('that can be read and not written is not ready: nobody could sign in', async () => {
    await redis.command('REPLICAOF', '127.0.0.1', '1')
    expect(await statusOf(`${application.url}/readyz`)).toBe(503)
    await redis.command('REPLICAOF', 'NO', 'ONE')
    expect(await statusOf(`${application.url}/readyz`)).toBe(200)
  })

  it('that freezes makes a page wait two seconds for its 503, and goes on where it was once it thaws', async () => {
    const browser = new HttpBrowser()
    await signIn(browser, application, 'amazon')
    redis.freeze()
    const startedAt = performance.now()
    expect(await statusOf(`${application.url}/s3/`, browser)).toBe(503)
    expect(performance.now() - startedAt).toBeLessThan(3_000)
    redis.thaw()
    await ready()
    expect(await statusOf(`${application.url}/s3/`, browser)).toBe(200)
  })
})

describe.skipIf(redisIsMissing)(
  'a process whose Redis is not there (skipped where redis-server is not installed)',
  () => {
    it('starts, names SESSION_STORE in its log, and is ready without a restart once Redis is', async () => {
      const redis = new Redis(await freePort())
      const instance = await launch(redis.environment)
      try {
        const origin = `http://127.0.0.1:${instance.port}`
        const named = () =>
          instance.lines.some((line) => /"level":"error".*"variable":"SESSION_STORE"/.test(line))
        await vi.waitUntil(named, { timeout: 5_000, interval: 20 })
        const paths = ['/', '/healthz', '/readyz']
        const statuses = await Promise.all(paths.map((path) => statusOf(origin + path)))
        expect(statuses).toEqual([200, 200, 503])
        await redis.start()
        await vi.waitUntil(() => isReady(instance.port), { timeout: 5_000, interval: 50 })
        expect((await instance.stop()).exitCode).toBe(0)
      } finally {
        await instance.kill()
        await redis.close()
      }
    })
  },
)

describe.skipIf(redisIsMissing)(
  'a process whose Redis is there (skipped where redis-server is not installed)',
  () => {
    it('listens once it is connected: the very first request finds the store', async () => {
      const redis = await new Redis(await freePort()).start()
      // A network in which everything takes its time.
      const far = createServer((near) => {
        const ahead = connect(redis.port, '127.0.0.1')
        for (const socket of [near, ahead]) socket.on('error', () => {})
        near.pipe(ahead)
        setTimeout(() => ahead.pipe(near), 1_000)
      })
      await once(far.listen(0, '127.0.0.1'), 'listening')
      const instance = await launch({
        SESSION_STORE: `redis://127.0.0.1:${(far.address() as AddressInfo).port}`,
      })
      try {
        expect(await isReady(instance.port)).toBe(true)
      } finally {
        await instance.kill()
        far.close()
        await redis.close()
      }
    })
  },
)

describe('a process whose Redis takes connections and says nothing', () => {
  it('starts all the same, after two seconds', async () => {
    const silent = createServer((socket) => socket.on('error', () => {}))
    await once(silent.listen(0, '127.0.0.1'), 'listening')
    const instance = await launch({
      SESSION_STORE: `redis://127.0.0.1:${(silent.address() as AddressInfo).port}`,
    })
    try {
      expect(await statusOf(`http://127.0.0.1:${instance.port}/`)).toBe(200)
      expect(await isReady(instance.port)).toBe(false)
    } finally {
      await instance.kill()
      silent.close()
    }
  })
})

describe('a store behind which something else listens', () => {
  it.each([
    ['speaks HTTP', 'HTTP/1.1 400 Bad Request\r\n\r\n'],
    ['speaks nonsense', '\u0000\u0001\u0002 nonsense\r\n'],
    ['answers with an error to everything', '-ERR go away\r\n'.repeat(20)],
  ])('and %s is no store: pages without a session answer, /readyz is red', async (_what, answer) => {
    const stranger = createServer((socket) =>
      socket.on('data', () => socket.write(answer)).on('error', () => {}),
    )
    await once(stranger.listen(0, '127.0.0.1'), 'listening')
    const { port } = stranger.address() as AddressInfo
    const application = await startApplication({ SESSION_STORE: `redis://127.0.0.1:${port}` })
    try {
      await vi.waitFor(() =>
        expect(application.logText()).toContain('the connection to the session store failed'),
      )
      expect(await statusOf(`${application.url}/`)).toBe(200)
      expect(await statusOf(`${application.url}/readyz`)).toBe(503)
      const browser = new HttpBrowser()
      expect((await browser.get(`${application.url}/s3/`)).status).toBe(303)
    } finally {
      await application.close()
      stranger.close()
    }
  })
})

describe('a store', () => {
  const parties = useParties()
  afterEach(() => {
    parties.store.before = () => {}
  })

  it('that takes two seconds for each answer makes pages slow, and nothing worse', async () => {
    const browser = new HttpBrowser()
    await signIn(browser, parties.one, 'amazon')
    parties.store.before = () => pause(2_000)
    const [page, login] = await Promise.all([
      statusOf(`${parties.one.url}/s3/`, browser),
      statusOf(`${parties.one.url}/`, browser),
    ])
    expect([page, login]).toEqual([200, 200])
    expect(await statusOf(`${parties.one.url}/readyz`)).toBe(200)
  })

  it('that is slow holds back the redirect of a sign-in until the session is in it', async () => {
    const browser = new HttpBrowser()
    const callback = await signInUpToCallback(browser, parties.one, 'amazon')
    parties.store.before = () => pause(300)
    expect((await browser.get(callback)).status).toBe(303)
    parties.store.before = () => {}
    expect(await statusOf(`${parties.other.url}/healthz`)).toBe(200)
    expect(await statusOf(`${parties.one.url}/s3/`, browser)).toBe(200)
  })

  /** Fails the call of this number, counted from now on, and no other. */
  const failAt = (number: number) => {
    let calls = 0
    parties.store.before = () => {
      calls += 1
      if (calls === number) throw new Error('the store went away')
    }
  }

  it.each([
    ['turn cannot be taken', 1],
    ['session cannot be saved', 3],
  ])('in which the %s of a sign-in gives a 503, and nobody is signed in', async (_what, call) => {
    const browser = new HttpBrowser()
    const callback = await signInUpToCallback(browser, parties.one, 'amazon')
    failAt(call)
    const answer = await browser.get(callback)
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '10'])
    expect(browser.cookies.some(({ name }) => name === 'session')).toBe(false)
  })

  it('in which the old session of a sign-in cannot be ended gives a 503, and the old one goes on', async () => {
    const browser = new HttpBrowser()
    await signIn(browser, parties.one, 'google')
    const callback = await signInUpToCallback(browser, parties.one, 'amazon')
    failAt(4)
    expect((await browser.get(callback)).status).toBe(503)
    const page = await browser.get(`${parties.one.url}/s3/`)
    expect(page.body).toMatch(/Signed in with<\/dt><dd>Google/)
  })

  it.each([
    ['outcome of a sign-in cannot be kept for its double click', 2],
    ['receipt of a sign-in cannot be kept', 4],
  ])('in which the %s signs in all the same', async (_what, call) => {
    const browser = new HttpBrowser()
    const callback = await signInUpToCallback(browser, parties.one, 'amazon')
    failAt(call)
    expect((await browser.get(callback)).status).toBe(303)
    expect(await statusOf(`${parties.one.url}/s3/`, browser)).toBe(200)
  })

  it('that fails at a sign-out says so with a 503: nobody is told that they are signed out', async () => {
    const browser = new HttpBrowser()
    await signIn(browser, parties.one, 'amazon')
    const page = await browser.get(`${parties.one.url}/s3/`)
    failAt(2)
    const answer = await browser.post(`${parties.one.url}/logout`, { csrf: csrfOf(page.body) })
    expect(answer.status).toBe(503)
    expect(answer.body).not.toContain('You are signed out')
    expect(await statusOf(`${parties.one.url}/s3/`, browser)).toBe(200)
  })
})

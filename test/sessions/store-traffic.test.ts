import { describe, expect, it } from 'vitest'
import { signIn, signInUpToCallback } from '../application.ts'
import { HttpBrowser } from '../http-browser.ts'
import { csrfOf, useParties } from './parties.ts'

const parties = useParties()

/** Reads and writes of the store while `work` runs. */
async function trafficOf(work: () => Promise<unknown>): Promise<{ reads: number; writes: number }> {
  const { store } = parties
  store.reset()
  await work()
  return { reads: store.reads, writes: store.writes }
}

const nothing = { reads: 0, writes: 0 }

describe('the session store', () => {
  it.each([
    '/',
    '/?returnPath=%2Fs3%2F',
    '/privacy',
    '/assets/style.css',
    '/initiateLogin/amazon',
    '/healthz',
    '/robots.txt',
    '/s3/',
    '/flow',
    '/oauth2callback/amazon?code=made-up&state=made-up',
  ])('is not touched by a visitor without a session who opens %s', async (path) => {
    const robot = new HttpBrowser()
    expect(await trafficOf(() => robot.get(parties.one.url + path))).toEqual(nothing)
    expect(robot.cookies.filter(({ name }) => name === 'session')).toEqual([])
  })

  it.each(['/', '/privacy', '/assets/style.css', '/initiateLogin/amazon', '/healthz'])(
    'is not touched by somebody signed in who opens %s',
    async (path) => {
      const browser = new HttpBrowser()
      await signIn(browser, parties.one, 'amazon')
      expect(await trafficOf(() => browser.get(parties.one.url + path))).toEqual(nothing)
    },
  )

  it('is read once, and not written, for a signed-in page', async () => {
    const browser = new HttpBrowser()
    await signIn(browser, parties.one, 'google')
    const traffic = await trafficOf(() => browser.get(`${parties.one.url}/s3/`))
    expect(traffic).toEqual({ reads: 1, writes: 0 })
  })

  it('is read once, and not written, for a session cookie that was made up', async () => {
    const headers = { cookie: `session=${encodeURIComponent('s:made-up.signature')}` }
    const traffic = await trafficOf(() => new HttpBrowser().get(`${parties.one.url}/s3/`, headers))
    expect(traffic.reads).toBeLessThanOrEqual(1)
    expect(traffic.writes).toBe(0)
  })

  it('is read once more for the page with the receipt', async () => {
    const browser = new HttpBrowser()
    await signIn(browser, parties.one, 'google')
    const traffic = await trafficOf(() => browser.get(`${parties.one.url}/flow`))
    expect(traffic).toEqual({ reads: 2, writes: 0 })
  })

  it('is written four times by a sign-in: turn taken, outcome, session and receipt', async () => {
    const browser = new HttpBrowser()
    const callback = await signInUpToCallback(browser, parties.one, 'amazon')
    expect(await trafficOf(() => browser.get(callback))).toEqual({ reads: 0, writes: 4 })
  })

  it('is written three times more by who was signed in before: old session and its receipt gone, and by express-session again', async () => {
    const browser = new HttpBrowser()
    await signIn(browser, parties.one, 'google')
    const callback = await signInUpToCallback(browser, parties.one, 'amazon')
    expect(await trafficOf(() => browser.get(callback))).toEqual({ reads: 1, writes: 7 })
  })

  it('is read once and written three times by a sign-out: session, receipt, and the outcome of the sign-in', async () => {
    const browser = new HttpBrowser()
    await signIn(browser, parties.one, 'amazon')
    const page = await browser.get(`${parties.one.url}/s3/`)
    const csrf = csrfOf(page.body)
    expect(await trafficOf(() => browser.post(`${parties.one.url}/logout`, { csrf }))).toEqual({
      reads: 1,
      writes: 3,
    })
  })
})

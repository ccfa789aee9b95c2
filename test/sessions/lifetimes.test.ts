import { afterEach, describe, expect, it, vi } from 'vitest'
import { signIn } from '../application.ts'
import { HttpBrowser } from '../http-browser.ts'
import { exchanges, minutes, passTime, sentTo, sessionIdOf, useParties } from './parties.ts'

afterEach(() => {
  vi.useRealTimers()
})

/** How the bucket list answers, to a browser and to a script. */
async function answersOf(browser: HttpBrowser, url: string) {
  const script = new HttpBrowser()
  script.cookies = [...browser.cookies]
  const json = await script.get(`${url}/s3/`, { accept: 'application/json' })
  const page = await browser.get(`${url}/s3/`)
  return { status: page.status, location: page.location, json: json.status, body: page.body }
}

describe('idle time', () => {
  const parties = useParties({ environment: { SESSION_IDLE_SECONDS: '1800' } })

  it('ends a session a second after the last page is half an hour old', async () => {
    const browser = new HttpBrowser()
    await signIn(browser, parties.one, 'amazon')
    passTime(minutes(30) + 1000)
    const { status, location, json } = await answersOf(browser, parties.one.url)
    expect(json).toBe(401)
    expect(status).toBe(303)
    expect(location).toContain('notice=expired')
    expect(location).toContain(`returnPath=${encodeURIComponent('/s3/')}`)
    const ends = parties.one.log.filter(({ audit }) => audit === 'idle_ended')
    expect(ends).toEqual([expect.objectContaining({ provider: 'amazon', subject: expect.any(String) })])
  })

  it('is counted from the last page: somebody who reads every twenty minutes stays for hours', async () => {
    const browser = new HttpBrowser()
    await signIn(browser, parties.one, 'amazon')
    for (let page = 0; page < 12; page += 1) {
      passTime(minutes(20))
      expect((await browser.get(`${parties.one.url}/s3/`)).status).toBe(200)
    }
  })

  it('takes the record out of the store when it is found to be over', async () => {
    const browser = new HttpBrowser()
    await signIn(browser, parties.one, 'amazon')
    passTime(minutes(31))
    await browser.get(`${parties.one.url}/s3/`)
    expect(browser.cookies.map(({ name }) => name)).not.toContain('seen')
    passTime(-minutes(31))
    expect((await answersOf(browser, parties.other.url)).json).toBe(401)
    expect((await answersOf(browser, parties.one.url)).json).toBe(401)
  })

  it('cannot be held up with the time of another session', async () => {
    const [mine, fresh] = [new HttpBrowser(), new HttpBrowser()]
    await signIn(mine, parties.one, 'amazon')
    passTime(minutes(31))
    await signIn(fresh, parties.one, 'amazon')
    const seen = fresh.cookies.find(({ name }) => name === 'seen')
    mine.cookies = mine.cookies.map((cookie) => (cookie.name === 'seen' && seen ? seen : cookie))
    expect((await answersOf(mine, parties.one.url)).json).toBe(401)
  })

  it('is what the page shows where it ends before the credentials do', async () => {
    const browser = new HttpBrowser()
    passTime(0)
    await signIn(browser, parties.one, 'amazon')
    const { body } = await answersOf(browser, parties.one.url)
    const end = new Date(Date.now() + minutes(30)).toISOString().slice(0, 19)
    expect(body).toMatch(/<strong[^>]*>30 minutes<\/strong>/)
    expect(body).toContain(`datetime="${end}`)
  })

  it('has run out for a session cookie that comes without it', async () => {
    const browser = new HttpBrowser()
    await signIn(browser, parties.one, 'amazon')
    browser.cookies = browser.cookies.filter(({ name }) => name !== 'seen')
    expect((await answersOf(browser, parties.one.url)).json).toBe(401)
  })
})

describe('the absolute end', () => {
  const parties = useParties({
    environment: { SESSION_LIFETIME_SECONDS: '7200', SESSION_IDLE_SECONDS: '7200' },
  })

  it('comes two hours after the sign-in, however often the access was renewed', async () => {
    const browser = new HttpBrowser()
    await signIn(browser, parties.one, 'amazon')
    const before = exchanges(parties.sandbox)
    passTime(minutes(61))
    expect((await answersOf(browser, parties.one.url)).status).toBe(200)
    expect(exchanges(parties.sandbox)).toBe(before + 1)
    passTime(minutes(59) - 1000)
    expect((await answersOf(browser, parties.one.url)).status).toBe(200)
    passTime(2000)
    const { status, json } = await answersOf(browser, parties.one.url)
    expect([status, json]).toEqual([303, 401])
  })

  it('is what the page shows where it comes before the end of the credentials', async () => {
    const browser = new HttpBrowser()
    passTime(0)
    await signIn(browser, parties.one, 'amazon')
    expect((await answersOf(browser, parties.one.url)).body).toMatch(/<strong[^>]*>1 hour<\/strong>/)
    passTime(minutes(90))
    const { body } = await answersOf(browser, parties.one.url)
    const end = new Date(Date.now() + minutes(30)).toISOString().slice(0, 19)
    expect(body).toMatch(/<strong[^>]*>30 minutes<\/strong>/)
    expect(body).toContain(`datetime="${end}`)
  })
})

describe('access that ran out and cannot be renewed', () => {
  const parties = useParties({ environment: { SESSION_IDLE_SECONDS: '14400' } })

  it('is named on a page with "Continue with Facebook", which leads back to the same page', async () => {
    const browser = new HttpBrowser()
    await signIn(browser, parties.one, 'facebook')
    passTime(minutes(60) + 1000)
    const asked = await browser.get(`${parties.one.url}/s3/?first=1`)
    expect(asked.status).toBe(401)
    expect(asked.body).toContain('Your access ran out')
    const link = /href="(\/initiateLogin\/[^"]+)"[^>]*>Continue with Facebook</.exec(asked.body)?.[1] ?? ''
    const start = await browser.get(parties.one.url + link.replaceAll('&amp;', '&'))
    const callback = await browser.continueAs('10158273640192837', start.location ?? '')
    const back = await browser.get(callback)
    expect(back.location?.replace(/#$/, '')).toBe(`${parties.one.url}/s3/?first=1`)
    expect((await browser.get(`${parties.one.url}/s3/?first=1`)).status).toBe(200)
  })

  it('opens the page a second before its end, and a second after it answers a script with 401 on every instance', async () => {
    passTime(0)
    const browser = new HttpBrowser()
    await signIn(browser, parties.one, 'facebook')
    passTime(minutes(60) - 1000)
    expect((await browser.get(`${parties.one.url}/s3/`)).status).toBe(200)
    passTime(2000)
    for (const instance of [parties.one, parties.other]) {
      const script = sentTo(instance, browser)
      const { status, body } = await script.get(`${instance.url}/s3/`, { accept: 'application/json' })
      expect([status, JSON.parse(body).error.code]).toEqual([401, 'session.expired'])
    }
  })

  it('leaves the store an hour later: then nobody knows whose it was', async () => {
    const browser = new HttpBrowser()
    await signIn(browser, parties.one, 'facebook')
    expect(sessionIdOf(browser)).not.toBe('')
    passTime(minutes(121))
    const { status, location } = await answersOf(browser, parties.one.url)
    expect([status, new URL(location ?? '').pathname]).toEqual([303, '/'])
  })
})

import { describe, expect, it } from 'vitest'
import { ada } from '../application.ts'
import { HttpBrowser } from '../http-browser.ts'
import { useSituation } from './situation.ts'

const situation = useSituation()

const overHttps = { 'x-forwarded-proto': 'https' }

/** A Content-Security-Policy as a directive's name and its sources. */
const directivesOf = (policy: string): Map<string, string[]> =>
  new Map(
    policy
      .split(';')
      .map((text) => text.trim().split(/\s+/))
      .map(([name = '', ...sources]) => [name, sources]),
  )

const secondsOf = (transport: string): number => Number(/max-age=(\d+)/.exec(transport)?.[1] ?? 0)

/** Scripts and styles that stand in the page itself, or come from another origin. */
const foreign = (page: string): string[] =>
  page.match(/<script(?![^>]* src="\/)[^>]*>|<style|<link[^>]*href="(?![/#])[^>]*|\son[a-z]+=|\sstyle=/g) ??
  []

/** What each rule adds to a score of 100, by the best case that the headers fulfil and the worst that they do not. */
function modifiersOf(headers: Headers, page: string): Record<string, number> {
  const policy = directivesOf(headers.get('content-security-policy') ?? '')
  const sources = [...policy.values()].flat()
  const unsafe = sources.some((source) => /unsafe-|^\*$|^https?:$|^data:$/.test(source))
  const cookies = headers.getSetCookie()
  const guarded = (cookie: string) => /;\s*secure/i.test(cookie) && /;\s*httponly/i.test(cookie)
  const sameSite = (cookie: string) => /;\s*samesite=(lax|strict)/i.test(cookie)
  const strict = secondsOf(headers.get('strict-transport-security') ?? '') >= 15_768_000
  const resources = headers.get('cross-origin-resource-policy') ?? ''
  return {
    'Content Security Policy': unsafe ? -20 : policy.get('default-src')?.join() === "'none'" ? 10 : 5,
    Cookies: cookies.length === 0 ? 0 : cookies.every(guarded) ? (cookies.every(sameSite) ? 5 : 0) : -40,
    'Cross-origin Resource Sharing': headers.get('access-control-allow-origin') === '*' ? -50 : 0,
    'Strict Transport Security': strict ? 0 : -20,
    'Referrer Policy': /^(no-referrer|same-origin|strict-origin)/.test(headers.get('referrer-policy') ?? '')
      ? 5
      : 0,
    'Subresource Integrity': foreign(page).length === 0 ? 0 : -50,
    'X-Content-Type-Options': headers.get('x-content-type-options') === 'nosniff' ? 0 : -5,
    'X-Frame-Options': policy.get('frame-ancestors')?.join() === "'none'" ? 5 : -20,
    'Cross-origin Resource Policy': /^same-(origin|site)$/.test(resources) ? 10 : 0,
  }
}

/** @see "HTTP Observatory Scoring Methodology", MDN: bonuses count only where penalties leave 90 or more */
function score(modifiers: Record<string, number>): number {
  const all = Object.values(modifiers)
  const base = all.filter((one) => one < 0).reduce((sum, one) => sum + one, 100)
  return base < 90 ? base : all.filter((one) => one > 0).reduce((sum, one) => sum + one, base)
}

describe('by the published rules of the HTTP Observatory, over HTTPS', () => {
  it.each(['/', '/privacy', '/s3/', '/flow', '/nowhere', '/initiateLogin/amazon', '/oauth2callback/amazon'])(
    '%s has 130 points or more: an A+, which needs 100',
    async (path) => {
      const { headers, body } = await new HttpBrowser().get(situation.application.url + path, overHttps)
      const modifiers = modifiersOf(headers, body)
      expect(Object.entries(modifiers).filter(([, points]) => points < 0)).toEqual([])
      expect(score(modifiers)).toBeGreaterThanOrEqual(130)
    },
  )

  it('the answer that signs a person in has 135: all that can be had without a preload list', async () => {
    const { sandbox, application } = situation
    sandbox.registerApplication(application.url.replace('http:', 'https:'))
    const browser = new HttpBrowser()
    const start = await browser.get(`${application.url}/initiateLogin/google`, overHttps)
    const callback = await browser.continueAs(ada.subjects.google, start.location ?? '')
    // There is no proxy in between that would end TLS.
    callback.protocol = 'http:'
    const { status, headers, body } = await browser.get(callback, overHttps)
    expect(status).toBe(303)
    expect(headers.getSetCookie().length).toBeGreaterThan(1)
    expect(score(modifiersOf(headers, body))).toBe(135)
  })
})

describe('beyond those rules', () => {
  it('every page is alone in its window, asks for no feature of the device, and posts to nobody else', async () => {
    const { headers } = await new HttpBrowser().get(situation.application.url)
    expect(headers.get('cross-origin-opener-policy')).toBe('same-origin')
    expect(headers.get('origin-agent-cluster')).toBe('?1')
    const policy = directivesOf(headers.get('content-security-policy') ?? '')
    for (const name of ['form-action', 'script-src', 'style-src', 'img-src'])
      expect(policy.get(name)).toEqual(["'self'"])
    for (const name of ['default-src', 'base-uri', 'frame-ancestors'])
      expect(policy.get(name)).toEqual(["'none'"])
    const features = headers.get('permissions-policy')?.split(', ') ?? []
    expect(features.length).toBeGreaterThan(10)
    expect(features.filter((feature) => !feature.endsWith('=()'))).toEqual([])
  })

  it('no answer names the software behind it', async () => {
    const { headers } = await new HttpBrowser().get(situation.application.url)
    for (const name of ['server', 'x-powered-by', 'via']) expect(headers.get(name)).toBeNull()
  })
})

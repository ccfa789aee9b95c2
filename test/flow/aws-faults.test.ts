import { describe, expect, it } from 'vitest'
import { type Fault, flood, hang } from '../../sandbox/faults.ts'
import { signIn } from '../application.ts'
import { HttpBrowser } from '../http-browser.ts'
import { askForBuckets, useSituation } from './situation.ts'

const situation = useSituation()

describe('when S3', () => {
  it('hangs, other people and the login page do not notice', async () => {
    const { sandbox, application } = situation
    sandbox.s3.faults.plan('/', hang, 9)
    const browser = new HttpBrowser()
    await signIn(browser, application, 'facebook')
    const abandoned = new AbortController()
    const waiting = fetch(`${application.url}/s3/`, {
      signal: abandoned.signal,
      headers: { cookie: browser.cookies.map(({ name, value }) => `${name}=${value}`).join('; ') },
    }).catch(() => 'abandoned')
    expect((await new HttpBrowser().get(application.url)).status).toBe(200)
    expect((await signIn(new HttpBrowser(), application, 'google')).status).toBe(303)
    abandoned.abort()
    expect(await waiting).toBe('abandoned')
    const aborted = () => application.log.find(({ path, status }) => path === '/s3/' && status === 'aborted')
    await expect.poll(aborted).toMatchObject({ msg: 'request', client: '127.0.0.1' })
    expect(aborted()?.requestId).toMatch(/^[0-9a-f-]{36}$/)
  })
})

describe('an answer without end', () => {
  const mebibyte = 1024 * 1024

  it.each(['sts', 's3'] as const)('of %s is read no further than needed', async (service) => {
    const { sandbox, application } = situation
    const { promise, resolve } = Promise.withResolvers<number>()
    const endless: Fault = (req, res, answer) => {
      req.socket.once('close', () => resolve(req.socket.bytesWritten))
      flood(1024 * mebibyte)(req, res, answer)
    }
    const browser = new HttpBrowser()
    if (service === 's3') await signIn(browser, application, 'amazon')
    sandbox[service].faults.plan('/', endless, 9)
    const answer =
      service === 's3' ? askForBuckets(browser, application) : signIn(browser, application, 'amazon')
    expect((await answer).status).toBe(502)
    expect(await promise).toBeLessThan(32 * mebibyte)
  })
})

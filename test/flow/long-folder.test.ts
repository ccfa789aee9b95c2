import { describe, expect, it } from 'vitest'
import { ada } from '../application.ts'
import { type Answer, HttpBrowser } from '../http-browser.ts'
import { queryOf, useSituation } from './situation.ts'

const situation = useSituation()

/** What nginx takes of an answer's headers, unless it is told otherwise. (proxy_buffer_size) */
const bufferBytes = 4096

/** Bytes of the status line and the headers. */
const headBytes = ({ headers }: Answer): number =>
  [...headers].reduce(
    (bytes, [name, value]) => bytes + `${name}: ${value}\r\n`.length,
    'HTTP/1.1 303 See Other\r\n\r\n'.length,
  )

describe('a link to a folder whose name takes 1,024 bytes of two-byte characters', () => {
  const folder = `${'папка/'.repeat(92)}абвгдx/`
  const link = `/s3/ada-field-notes/?${new URLSearchParams({ prefix: folder })}`

  it.each(['amazon', 'google', 'facebook'] as const)(
    'leads somebody who must sign in at %s first as far down as headers can carry, and no proxy to a 502',
    async (provider) => {
      expect(Buffer.byteLength(folder)).toBe(1024)
      const browser = new HttpBrowser()
      const url = new URL(situation.application.url)
      const toLogin = await browser.get(url.origin + link)
      const { returnPath = '' } = queryOf(toLogin.location)
      const toProvider = await browser.get(
        `${url.origin}/initiateLogin/${provider}?${new URLSearchParams({ returnPath })}`,
      )
      const callback = await browser.continueAs(ada.subjects[provider], toProvider.location ?? '')
      const back = await browser.get(callback)
      for (const answer of [toLogin, toProvider, back]) expect(headBytes(answer)).toBeLessThan(bufferBytes)

      const { pathname, searchParams } = new URL(back.location ?? '')
      expect(pathname).toBe('/s3/ada-field-notes/')
      const reached = searchParams.get('prefix') ?? ''
      expect(folder.startsWith(reached)).toBe(true)
      expect(reached).toMatch(/^(папка\/){30,}$/)
      expect((await browser.get(back.location ?? '')).status).toBe(200)
    },
  )
})

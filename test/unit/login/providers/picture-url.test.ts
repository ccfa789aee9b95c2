import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { safePictureUrl } from '../../../../src/login/providers/picture-url.ts'
import { anyText } from '../../any-text.ts'

describe('safePictureUrl', () => {
  it.each([
    'https://lh3.googleusercontent.com/a/AAcHTt=s96-c',
    'https://platform-lookaside.fbsbx.com/platform/profilepic/?asid=1&height=50',
    'https://pictures.example.org/%E6%9D%B1.png',
    'https://xn--bcher-kva.ch/p.png',
  ])('takes %s', (picture) => {
    expect(safePictureUrl(picture)).toBe(picture)
  })

  it.each([
    ['http://pictures.example.org/p.png', 'not https'],
    ['//pictures.example.org/p.png', 'no scheme'],
    ['javascript:alert(1)', 'script'],
    ['data:image/png;base64,AAAA', 'data'],
    ['blob:https://pictures.example.org/1', 'blob'],
    ['https://user@pictures.example.org/p.png', 'user name'],
    ['https://user:password@pictures.example.org/p.png', 'password'],
    ['https://pictures.example.org:8443/p.png', 'port'],
    ['https://localhost/p.png', 'this host'],
    ['https://router/p.png', 'single label'],
    ['https://router./p.png', 'single label with a dot'],
    ['https://nas.local/p.png', 'local network'],
    ['https://nas.local./p.png', 'local network with a dot'],
    ['https://metadata.google.internal/p.png', 'internal'],
    ['https://printer.home/p.png', 'home'],
    ['https://intranet.corp/p.png', 'corporate'],
    ['https://NAS.LAN/p.png', 'upper case'],
    ['https://192.0.2.1/p.png', 'IPv4 address'],
    ['https://2130706433/p.png', 'IPv4 address as a number'],
    ['https://0x7f.1/p.png', 'IPv4 address in hexadecimal'],
    ['https://[2001:db8::1]/p.png', 'IPv6 address'],
    ['https://[::ffff:169.254.169.254]/p.png', 'mapped IPv4 address'],
    ['https://１２７.0.0.1/p.png', 'full-width address'],
    [`https://pictures.example.org/${'p'.repeat(2048)}`, 'too long'],
    ['https://*.com/x', 'a wildcard in a policy'],
    ['https://a;b.example.com/x', 'the end of a directive in a policy'],
    ['https://a,b.com/x', 'the end of a policy'],
    ["https://a'b.com/x", 'a quote in a policy'],
    ['not a URL', 'no URL'],
    ['', 'nothing'],
  ])('refuses %s (%s)', (picture) => {
    expect(safePictureUrl(picture)).toBeUndefined()
  })

  it.each([[undefined], [null], [7], [{ url: 'https://pictures.example.org/p.png' }], [['https://a.org/p']]])(
    'refuses %j, which is no text',
    (picture) => {
      expect(safePictureUrl(picture)).toBeUndefined()
    },
  )

  it('takes a picture of the provider’s own origin, and of no other port or scheme there', () => {
    const provider = 'http://127.0.0.1:4000/v26.0'
    expect(safePictureUrl('http://127.0.0.1:4000/p.svg', provider)).toBe('http://127.0.0.1:4000/p.svg')
    expect(safePictureUrl('http://127.0.0.1:4001/p.svg', provider)).toBeUndefined()
    expect(safePictureUrl('https://127.0.0.1:4000/p.svg', provider)).toBeUndefined()
    expect(safePictureUrl('http://u:p@127.0.0.1:4000/p.svg', provider)).toBeUndefined()
  })

  it('never returns what is not https, of an origin that a Content-Security-Policy can name', () => {
    const candidate = fc.oneof(
      anyText(),
      fc.string().map((rest) => `https://${rest}`),
      fc.tuple(fc.domain(), anyText()).map(([host, rest]) => `https://${host}/${rest}`),
    )
    fc.assert(
      fc.property(candidate, (picture) => {
        const safe = safePictureUrl(picture)
        if (safe === undefined) return
        expect(new URL(safe).protocol).toBe('https:')
        expect(new URL(safe).origin).not.toMatch(/\s/)
        expect(safe).toMatch(/^[\x21-\x7e]+$/)
      }),
      { numRuns: 300 },
    )
  })
})

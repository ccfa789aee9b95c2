import { describe, expect, it } from 'vitest'
import { attachment, fileName } from '../../../src/s3/content-disposition.ts'

describe('fileName', () => {
  it.each([
    ['a/b/report.pdf', 'report.pdf'],
    ['photos/', 'photos'],
    ['/', 'download'],
    ['a/..', 'download'],
    ['invoice\u202Efdp.exe', 'invoice_fdp.exe'],
    ['a"b\\c\r\nSet-Cookie: x', 'a_b_c__Set-Cookie_ x'],
  ])('of the key %j is %j', (key, name) => {
    expect(fileName(key)).toBe(name)
  })
})

describe('attachment', () => {
  it('gives an ASCII name, and the true one beside it', () => {
    expect(attachment('docs/naïve 100% (it’s).txt')).toBe(
      `attachment; filename="na_ve 100_ (it_s).txt"; filename*=UTF-8''na%C3%AFve%20100%25%20%28it%E2%80%99s%29.txt`,
    )
  })

  it.each(['a\r\nb', '"; filename="x', '\u0000', '🙂'.repeat(250), "'*()"])(
    'is one header of printable ASCII for %j',
    (key) => {
      expect(attachment(key)).toMatch(
        /^attachment; filename="[ !#-[\]-~]*"; filename\*=UTF-8''[\w!#$&+.^`|~%-]*$/,
      )
    },
  )
})

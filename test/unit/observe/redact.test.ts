import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { redactor } from '../../../src/observe/redact.ts'

const jwt = 'eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhZGEifQ.c2lnbmF0dXJl-_x'

describe('redactor', () => {
  it.each([
    ['Amazon’s access token', 'Atza|IwEBIJ-x/y+z=_w', 'IwEBIJ'],
    ['Amazon’s access token, encoded', 'Atza%7CIwEBIJ-x', 'IwEBIJ'],
    ['Amazon’s refresh token', 'Atzr|IwEBIK-x', 'IwEBIK'],
    ['a signed token', jwt, 'eyJzdWIi'],
    ['an unsigned token', 'eyJhbGciOiJub25lIn0.eyJzdWIiOiJhZGEifQ.', 'eyJzdWIi'],
    ['an AWS access key', 'ASIAEXAMPLE000000000', 'EXAMPLE0'],
    ['a permanent AWS access key', 'AKIAEXAMPLE000000000', 'EXAMPLE0'],
    ['Facebook’s access token', 'EAABsbCS1iHgBAKZCexample0000', 'CS1iHgBA'],
    ['Google’s access token', 'ya29.a0AfH6SMB-x_y.z', 'AfH6SMB'],
  ])('blanks %s anywhere in a text', (_name, token, canary) => {
    const text = redactor([])(`before ${token} after`)
    expect(text).not.toContain(canary)
    expect(text).toBe('before [secret] after')
  })

  it.each([
    'access_token',
    'refresh_token',
    'id_token',
    'input_token',
    'client_secret',
    'appsecret_proof',
    'code',
    'code_verifier',
    'state',
    'nonce',
    'X-Amz-Security-Token',
    'X-Amz-Signature',
  ])('blanks the parameter %s of a URL or a form', (name) => {
    const redact = redactor([])
    expect(redact(`GET https://a.example/p?x=1&${name}=canary%2Fvalue&y=2 failed`)).not.toContain('canary')
    expect(redact(`${name}=canary`)).not.toContain('canary')
    expect(redact(`"${name.toUpperCase()}=canary" 'y=2'`)).not.toContain('canary')
    expect(redact(`?x=1&${name}=canary&y=2`)).toMatch(/^\?x=1&.*&y=2$/)
  })

  it('blanks every occurrence of a secret that it was given, in whatever text', () => {
    const secret = fc.string({ minLength: 8, maxLength: 40 })
    fc.assert(
      fc.property(secret, fc.string(), fc.string(), (known, before, after) => {
        fc.pre(!'[secret]'.includes(known))
        expect(redactor([known])(`${before}${known}-${known}${after}`)).not.toContain(`${known}-${known}`)
      }),
    )
    expect(redactor(['first-secret', 'other-secret'])('first-secret other-secret first-secret')).toBe(
      '[secret] [secret] [secret]',
    )
  })

  it('blanks a secret as it stands in a URL', () => {
    const redact = redactor(['a secret+with/'])
    expect(redact(encodeURIComponent('a secret+with/'))).toBe('[secret]')
  })

  it('blanks a token that is a member of JSON, whatever it looks like', () => {
    const text = redactor([])('{"access_token":"canary-opaque","token_type":"bearer"}')
    expect(text).not.toContain('canary-opaque')
    expect(text).toContain('"token_type":"bearer"')
  })

  it('takes a secret literally, not as a pattern', () => {
    expect(redactor(['a.*b(c)$&'])('a.*b(c)$& axxb(c)')).toBe('[secret] axxb(c)')
  })

  it('leaves texts alone that hold nothing secret', () => {
    const text = 'AccessDenied: status 403 of https://sts.example/ for arn:aws:iam::123456789012:role/web'
    expect(redactor([])(text)).toBe(text)
    expect(redactor(['short'])('short words stay')).toBe('short words stay')
  })
})

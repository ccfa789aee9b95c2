import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Person } from '../../../src/federation/identity.ts'
import { roleSessionName } from '../../../src/federation/role-session-name.ts'
import { anyText } from '../any-text.ts'

const legal = /^[A-Za-z0-9_+=,.@-]{2,64}$/
const person = (subject: string, email?: string): Person => ({ providerId: 'google', subject, email })

const people = fc
  .tuple(
    fc.oneof(anyText(200), fc.lorem(), fc.emailAddress()),
    fc.option(fc.oneof(anyText(200), fc.emailAddress())),
  )
  .map(([subject, email]) => person(subject, email ?? undefined))
const preference = fc.constantFrom('email' as const, 'subject' as const)
const legalText = fc.stringMatching(/^[A-Za-z0-9_+=,.@-]{2,64}$/)

describe('roleSessionName', () => {
  it('is always what AWS allows, and the same each time', () => {
    fc.assert(
      fc.property(people, preference, (somebody, wanted) => {
        const name = roleSessionName(somebody, wanted)
        expect(name).toMatch(legal)
        expect(roleSessionName({ ...somebody }, wanted)).toBe(name)
      }),
    )
  })

  it('keeps a legal e-mail address, and a legal subject, as it is', () => {
    fc.assert(
      fc.property(legalText, legalText, (subject, email) => {
        expect(roleSessionName(person(subject, email), 'email')).toBe(email)
        expect(roleSessionName(person(subject, email), 'subject')).toBe(subject)
        expect(roleSessionName(person(subject), 'email')).toBe(subject)
      }),
    )
  })

  it('keeps apart two subjects that both had to be altered', () => {
    const altered = anyText(200).filter((text) => !legal.test(text))
    fc.assert(
      fc.property(altered, altered, (one, other) => {
        fc.pre(one !== other)
        expect(roleSessionName(person(one), 'email')).not.toBe(roleSessionName(person(other), 'email'))
      }),
    )
  })

  it('keeps apart two people of one illegal e-mail address', () => {
    const [one, other] = ['subject-1', 'subject-2'].map((subject) =>
      roleSessionName(person(subject, 'ada lovelace@example.com'), 'email'),
    )
    expect(one).not.toBe(other)
  })

  it.each([
    ['spaces', 'ada lovelace@example.com', /^ada-lovelace@example\.com-[0-9a-f]{8}$/],
    ['a quoted local part', '"a|b"@example.com', /^-a-b-@example\.com-[0-9a-f]{8}$/],
    ['a full-width at sign', 'ada＠example.com', /^ada-example\.com-[0-9a-f]{8}$/],
    ['a right-to-left override', 'ada\u202emoc.live@example.com', /^ada-moc\.live@example\.com-[0-9a-f]{8}$/],
    ['emoji', '🦊@example.com', /^-@example\.com-[0-9a-f]{8}$/],
    ['only Chinese characters', '張偉', /^--[0-9a-f]{8}$/],
    ['a line break', 'ada@example.com\nrole=admin', /^ada@example\.com-role=admin-[0-9a-f]{8}$/],
    ['300 characters', `${'x'.repeat(288)}@example.com`, /^x{55}-[0-9a-f]{8}$/],
    ['65 characters', 'y'.repeat(65), /^y{55}-[0-9a-f]{8}$/],
    ['one character', 'z', /^z-[0-9a-f]{8}$/],
  ])('is made legal for an e-mail address with %s', (_circumstance, email, expected) => {
    expect(roleSessionName(person('subject-1', email), 'email')).toMatch(expected)
  })

  it.each(['ada@example.com', 'a@evil@good', 'a+tag@example.com', 'x'.repeat(64), 'ab'])(
    'is %s unaltered',
    (email) => {
      expect(roleSessionName(person('subject-1', email), 'email')).toBe(email)
    },
  )

  it.each([undefined, ''])('is the subject where the e-mail address is %j', (email) => {
    expect(roleSessionName(person('amzn1.account.AEXAMPLE', email), 'email')).toBe('amzn1.account.AEXAMPLE')
  })

  it('has nothing of the e-mail address where the subject is preferred', () => {
    expect(roleSessionName(person('117 42|x', 'ada@example.com'), 'subject')).toMatch(
      /^117-42-x-[0-9a-f]{8}$/,
    )
  })
})

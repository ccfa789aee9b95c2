import { createHash } from 'node:crypto'
import type { Person } from './identity.ts'

const longest = 64

/**
 * Names a person's role session in CloudTrail: the e-mail address, or the subject where there is none or where
 * `preference` says so. What AWS does not allow (2 to 64 of `[\w+=,.@-]`) is replaced, and then eight hexadecimal
 * digits keep apart two people whose names would fall together.
 * @param plusAllowed false where `+` is to be replaced as well
 * @see AssumeRoleWithWebIdentity, AWS STS API reference
 */
export function roleSessionName(person: Person, preference: 'email' | 'subject', plusAllowed = true): string {
  const wanted = (preference === 'email' && person.email) || person.subject
  const illegal = plusAllowed ? /[^A-Za-z0-9_+=,.@-]+/g : /[^A-Za-z0-9_=,.@-]+/g
  const legal = wanted.replace(illegal, '-')
  if (legal === wanted && legal.length >= 2 && legal.length <= longest) return legal
  const fingerprint = createHash('sha256').update(`${person.subject}\n${wanted}`).digest('hex').slice(0, 8)
  return `${legal.slice(0, longest - fingerprint.length - 1)}-${fingerprint}`
}

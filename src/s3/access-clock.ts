import { inWords } from '../federation/access.ts'

const utcTime = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'short', timeZone: 'UTC' })

/** What a page says of the time that is left, both arguments in milliseconds since the epoch. */
export const accessClock = (endsAt: number, now: number) => ({
  expiresIn: inWords(endsAt - now),
  expiresAtIso: new Date(endsAt).toISOString(),
  expiresAtUtc: `${utcTime.format(endsAt)} UTC`,
  nowIso: new Date(now).toISOString(),
  nowUtc: `${utcTime.format(now)} UTC`,
})

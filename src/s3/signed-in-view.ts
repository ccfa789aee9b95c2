import type { HomeSettings } from '../config.ts'
import { inWords } from '../federation/access.ts'
import { accessEndsAt, type SessionTimes, type SignedIn } from '../session/signed-in.ts'
import { visible } from '../visible.ts'
import { homeHref } from './home.ts'

const utcTime = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'short', timeZone: 'UTC' })

/** What a page needs to show whom it belongs to. */
export interface SignedInParts {
  times: SessionTimes
  home: HomeSettings | undefined
}

/** What every signed-in page shows: who it is, how to sign out, and how long the access lasts. */
export function signedInView(me: SignedIn, { times, home }: SignedInParts) {
  const { person, csrfToken } = me
  const now = Date.now()
  const endsAt = accessEndsAt(me, times, now)
  return {
    signedIn: {
      displayName: visible(person.name ?? person.email ?? person.subject),
      files: homeHref(home, person),
    },
    csrf: csrfToken,
    access: {
      expiresIn: inWords(endsAt - now),
      expiresAtIso: new Date(endsAt).toISOString(),
      expiresAtUtc: `${utcTime.format(endsAt)} UTC`,
      nowIso: new Date(now).toISOString(),
      nowUtc: `${utcTime.format(now)} UTC`,
    },
  }
}

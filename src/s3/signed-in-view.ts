import type { HomeSettings } from '../config.ts'
import { inWords } from '../federation/access.ts'
import { accessEndsAt, type SessionTimes, type SignedIn } from '../session/signed-in.ts'
import { utcMinute } from '../utc.ts'
import { homeHref } from './home.ts'

/** What a page needs to show whom it belongs to. */
export interface SignedInParts {
  times: SessionTimes
  home: HomeSettings | undefined
}

/** What every signed-in page shows: who it is, how to sign out, and how long the access lasts. */
export function signedInView(me: SignedIn, { times, home }: SignedInParts) {
  const { person, csrfToken } = me
  const now = new Date()
  const endsAt = new Date(accessEndsAt(me, times, now.getTime()))
  return {
    signedIn: { files: homeHref(home, person) },
    csrf: csrfToken,
    access: {
      expiresIn: inWords(endsAt.getTime() - now.getTime()),
      expiresAtIso: endsAt.toISOString(),
      expiresAtUtc: `${utcMinute(endsAt)} UTC`,
      nowIso: now.toISOString(),
      nowUtc: `${utcMinute(now)} UTC`,
    },
  }
}

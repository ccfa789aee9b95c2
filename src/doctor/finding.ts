/** One line of the report. Has no value of a secret in it. */
export interface Finding {
  level: 'OK' | 'WARN' | 'FAIL'
  /** What it is about: an environment variable, a provider, a service. */
  subject: string
  /** Goes on where `subject` leaves off: "is missing". */
  finding: string
  /** What to do about it; only where something is wrong. */
  mend?: string
}

export const ok = (subject: string, finding: string): Finding => ({ level: 'OK', subject, finding })

/** It works, but not as well, as safely or for as many people as somebody may believe. */
export const warn = (subject: string, finding: string, mend: string): Finding => ({
  level: 'WARN',
  subject,
  finding,
  mend,
})

/** Somebody meets an error page over this, or already has. */
export const fail = (subject: string, finding: string, mend: string): Finding => ({
  level: 'FAIL',
  subject,
  finding,
  mend,
})

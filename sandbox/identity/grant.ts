import type { Person } from './people.ts'

/** A person's leave for an application. Whatever was issued on it (codes, tokens) dies when it is revoked. */
export interface Grant<Application> {
  person: Person
  application: Application
  scopes: readonly string[]
  revoked: boolean
}

/** Milliseconds since the epoch; handed in so that tests need not wait. */
export type Clock = () => number

import type { HttpClient } from '../http-client.ts'
import { type Finding, fail, ok, warn } from './finding.ts'

/** What STS and the providers tolerate, in seconds. */
const tooMuchSeconds = 300
/** A clock that is kept by NTP is never so far off, in seconds. */
const muchSeconds = 30

/** Listens to the Date header of every answer that passes. */
export class ClockComparison {
  readonly #offsetsSeconds: number[] = []

  /** A client like `http` whose answers are listened to. */
  over(http: HttpClient): HttpClient {
    return {
      ...http,
      fetch: async (url, init) => {
        const answer = await http.fetch(url, init)
        const date = Date.parse(answer.headers.get('date') ?? '')
        // The header has no fractions of a second either.
        if (!Number.isNaN(date)) this.#offsetsSeconds.push(Math.floor((Date.now() - date) / 1000))
        return answer
      },
    }
  }

  /** Our clock against the one that agrees most: where all others disagree with us, it is ours that is wrong. */
  findings(): Finding[] {
    const [offset] = this.#offsetsSeconds.sort((one, other) => Math.abs(one) - Math.abs(other))
    if (offset === undefined) return []
    const words = `is ${Math.abs(offset)} seconds ${offset > 0 ? 'ahead of' : 'behind'} all others`
    const mend = 'Switch time synchronisation on (chrony), or set the clock.'
    if (Math.abs(offset) > tooMuchSeconds) return [fail('the clock', words, mend)]
    if (Math.abs(offset) > muchSeconds) return [warn('the clock', words, mend)]
    return [ok('the clock', 'agrees with the others')]
  }
}

import { randomFillSync } from 'node:crypto'

/** Random bytes that nobody has seen yet, drawn in bulk: a draw of a few costs as much as one of thousands. */
const drawn = Buffer.alloc(8192)
let handedOut = drawn.length

/** Cryptographically strong random bytes, at most 8,192; each is handed out once, and not kept. */
export function randomBytes(count: number): Buffer {
  if (handedOut + count > drawn.length) {
    randomFillSync(drawn)
    handedOut = 0
  }
  const bytes = Buffer.from(drawn.subarray(handedOut, handedOut + count))
  drawn.fill(0, handedOut, handedOut + count)
  handedOut += count
  return bytes
}

/** A text of 256 random bits, as base64url: no one's to guess. (RFC 6749, section 10.10) */
export const randomText = (): string => randomBytes(32).toString('base64url')

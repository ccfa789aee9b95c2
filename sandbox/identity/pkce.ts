import { createHash } from 'node:crypto'

/** A code challenge as it came with the authorization request. */
export interface CodeChallenge {
  challenge: string
  method: 'S256' | 'plain'
}

/**
 * Whether `verifier` answers the challenge. A verifier where there was no challenge is refused too: somebody may have
 * stripped the challenge from the request (RFC 9700 section 2.1.1).
 * @see RFC 7636 section 4.6
 */
export function answersChallenge(asked: CodeChallenge | undefined, verifier: string | undefined): boolean {
  if (!asked || !verifier) return !asked && !verifier
  if (!/^[\w.~-]{43,128}$/.test(verifier)) return false
  const answer =
    asked.method === 'plain' ? verifier : createHash('sha256').update(verifier).digest('base64url')
  return answer === asked.challenge
}

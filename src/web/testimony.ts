import type { Request, RequestHandler } from 'express'

/** Asks for a testimony, with a word that is good once; and brings it back, sealed for this word. */
export const testimonyHeader = 'x-doctor'

/** How a request looks from inside, for the doctor to compare with how it was sent. */
export interface Testimony {
  /** Addresses of X-Forwarded-For as it arrived, then that of the connection: nearest last. */
  chain: string[]
  /** How many of them, counted from the last, TRUST_PROXY takes for proxies. */
  proxiesBelieved: number
}

const longestHeader = 512

const testimonyOf = (req: Request): Testimony => ({
  chain: [
    ...(req.get('x-forwarded-for')?.split(',') ?? []).map((address) => address.trim()),
    req.socket.remoteAddress ?? '',
  ],
  proxiesBelieved: req.ips.length,
})

/**
 * Tells how this request looks from inside, to whoever holds the key with which `seal` seals: to anybody else it is
 * noise, so that anybody may ask.
 */
export function testify(seal: (word: string, text: string) => string): RequestHandler {
  return function testify(req, res, next) {
    const word = req.get(testimonyHeader)
    const isAsked = word !== undefined && word.length <= 64
    if (isAsked && (req.get('x-forwarded-for') ?? '').length <= longestHeader) {
      res.set(testimonyHeader, seal(word, JSON.stringify(testimonyOf(req))))
    }
    next()
  }
}

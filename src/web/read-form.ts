import type { Request, RequestHandler } from 'express'
import { AppError } from '../errors.ts'

/** Far above the largest form of ours, which carries one token; in bytes. */
const largestFormBytes = 32 * 1024

/** Resolves to the body; to `undefined` where it is larger than that, and then the rest is left unread. */
function readBody(req: Request): Promise<Buffer | undefined> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let size = 0
    req
      .on('data', (chunk: Buffer) => {
        size += chunk.length
        if (size <= largestFormBytes) return void chunks.push(chunk)
        req.pause()
        resolve(undefined)
      })
      .once('end', () => resolve(Buffer.concat(chunks)))
      .once('error', () => reject(new AppError('request.malformed')))
  })
}

/**
 * Puts a posted form into `req.body` as text, for URLSearchParams to read: a parser would merge fields that come twice.
 * Whoever sends more is answered at once, and hung up on: a parser would first read all that they have to send.
 * @throws AppError `request.too_large`, `request.malformed`
 */
export const readForm: RequestHandler = async function readForm(req, res, next) {
  if (!req.is('application/x-www-form-urlencoded')) return next()
  if (req.get('Content-Encoding') !== undefined) throw new AppError('request.malformed')
  const announced = Number(req.get('Content-Length') ?? 0)
  const body = announced > largestFormBytes ? undefined : await readBody(req)
  if (body === undefined) {
    res.set('Connection', 'close')
    throw new AppError('request.too_large')
  }
  req.body = body.toString('utf8')
  next()
}

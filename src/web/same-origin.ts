import type { RequestHandler } from 'express'
import { AppError } from '../errors.ts'

/**
 * Refuses what is not a page of its own, where the browser says so: a picture or a frame on somebody else's page would
 * use up the sign-ins of everybody behind the visitor's address.
 * @throws AppError `request.cross_site`
 * @see Fetch Metadata Request Headers, section 2.1 (Sec-Fetch-Dest)
 */
export const ownPage: RequestHandler = function ownPage(req, _res, next) {
  const destination = req.get('Sec-Fetch-Dest') ?? 'document'
  if (destination !== 'document') throw new AppError('request.cross_site')
  next()
}

/**
 * Refuses a POST that a page of another site caused. What no browser sent has neither header, and passes: it has
 * no person's cookies.
 * @throws AppError `request.cross_site`
 * @see Fetch Metadata Request Headers; RFC 6454 section 7
 */
export const sameOrigin: RequestHandler = function sameOrigin(req, _res, next) {
  const site = req.get('Sec-Fetch-Site')
  const origin = req.get('Origin')
  if (site !== undefined && site !== 'same-origin') throw new AppError('request.cross_site')
  if (origin !== undefined && origin !== req.publicOrigin) throw new AppError('request.cross_site')
  next()
}

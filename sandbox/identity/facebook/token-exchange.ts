import { type RequestHandler, Router, urlencoded } from 'express'
import { parameter } from '../parameters.ts'
import { sameSecret } from '../same-secret.ts'
import { GraphError, type GraphErrorBody } from './graph-error.ts'
import type { FacebookParts } from './parts.ts'

/** Lifetime of an access token: about 60 days, as a web server gets them. */
export const accessTokenSeconds = 5_183_944

const codeFaults: Record<'unknown' | 'used' | 'expired', GraphErrorBody> = {
  unknown: { code: 100, message: 'Invalid verification code format.' },
  used: { code: 100, subcode: 36009, message: 'This authorization code has been used.' },
  expired: { code: 100, subcode: 36007, message: 'This authorization code has expired.' },
}

/** `GET` or `POST /oauth/access_token`: a code for an access token. JSON, but labelled `text/javascript`. */
export function tokenExchange(parts: FacebookParts): Router {
  const exchange: RequestHandler = (req, res) => {
    const source = req.method === 'POST' ? req.body : req.query
    const required = (name: string, code: number) => {
      const value = parameter(source, name)
      if (value === undefined) throw new GraphError({ code, message: `Missing ${name} parameter.` })
      return value
    }

    if (required('client_id', 101) !== parts.application.appId) {
      const message = 'Error validating application. Cannot get application info due to a system error.'
      throw new GraphError({ code: 101, message })
    }
    const redirectUri = required('redirect_uri', 191)
    if (!sameSecret(required('client_secret', 1), parts.appSecret)) {
      throw new GraphError({ code: 1, message: 'Error validating client secret.' })
    }
    const redemption = parts.codes.redeem(required('code', 1))
    if (redemption.outcome !== 'redeemed') throw new GraphError(codeFaults[redemption.outcome])
    if (redirectUri !== redemption.request.redirectUri) {
      const message =
        'Error validating verification code. Please make sure your redirect_uri is identical to the one you used in the OAuth dialog request'
      throw new GraphError({ code: 100, subcode: 36008, message })
    }

    const body = {
      access_token: parts.issueAccessToken(redemption.grant),
      token_type: 'bearer',
      expires_in: accessTokenSeconds,
    }
    // A Buffer, since Express would add its own charset to the type of a string.
    res
      .set({ 'cache-control': 'no-store', 'content-type': 'text/javascript; charset=UTF-8' })
      .send(Buffer.from(JSON.stringify(body)))
  }

  const router = Router()
  router.get('/oauth/access_token', exchange)
  router.post('/oauth/access_token', urlencoded({ extended: false }), exchange)
  return router
}

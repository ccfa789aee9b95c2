import type { RequestHandler } from 'express'
import type { Attempts } from '../session/attempts.ts'
import { beginAuthorization } from './authorization-code.ts'
import type { ProviderDirectory } from './providers/index.ts'
import { returnPath } from './return-path.ts'

/** The redirect URI that is registered with the provider. */
const redirectUri = (origin: string, providerId: string): string => `${origin}/oauth2callback/${providerId}`

/** `GET /initiateLogin/:provider`: keeps an attempt and redirects to the provider. */
export const startLogin =
  (providers: ProviderDirectory, attempts: Attempts): RequestHandler<{ provider: string }> =>
  async (req, res) => {
    const provider = providers.find(req.params.provider)
    const { url, attempt } = await beginAuthorization(provider, {
      redirectUri: redirectUri(req.publicOrigin, provider.id),
      returnPath: returnPath(req.query.returnPath),
      chooseAccount: req.query.account === 'choose',
    })
    attempts.keep(req, res, attempt)
    res.set('Cache-Control', 'no-store').redirect(302, url.href)
  }

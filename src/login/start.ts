import type { RequestHandler } from 'express'
import type { Audit } from '../observe/audit.ts'
import type { Attempts } from '../session/attempts.ts'
import { authorizationUrl, beginAuthorization } from './authorization-code.ts'
import type { ProviderDirectory } from './providers/index.ts'
import { returnPath } from './return-path.ts'

interface StartParts {
  providers: ProviderDirectory
  attempts: Attempts
  audit: Audit
}

/** The redirect URI that is registered with the provider. */
const redirectUri = (origin: string, providerId: string): string => `${origin}/oauth2callback/${providerId}`

/** `GET /initiateLogin/:provider`: keeps an attempt and redirects to the provider. */
export const startLogin =
  ({ providers, attempts, audit }: StartParts): RequestHandler<{ provider: string }> =>
  async (req, res) => {
    const provider = providers.find(req.params.provider)
    const wish = {
      redirectUri: redirectUri(req.publicOrigin, provider.id),
      returnPath: returnPath(req.query.returnPath),
      chooseAccount: req.query.account === 'choose',
    }
    try {
      const attempt = await beginAuthorization(provider, wish)
      const url = await authorizationUrl(provider, attempt)
      attempts.keep(req, res, attempt)
      res.status(302).set('Location', url.href).end()
    } catch (error) {
      audit.refused(provider.id, error)
      throw error
    }
  }

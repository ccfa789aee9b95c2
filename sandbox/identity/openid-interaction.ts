import { type Request, type Response, Router, urlencoded } from 'express'
import { errors, type Provider } from 'oidc-provider'
import { consentPage, refusalPage, sendPage } from './consent-page.ts'
import type { OpenIdClient, OpenIdDialect } from './openid-dialect.ts'
import { parameter } from './parameters.ts'
import type { Person } from './people.ts'

/** What the sign-in page works with. */
export interface InteractionParts {
  dialect: OpenIdDialect
  client: OpenIdClient
  people: readonly Person[]
  /** Where the grants that end in a refresh token are noted. */
  offlineGrants: Set<string>
  provider: () => Provider
}

/** `/interaction/:uid`: the sign-in and consent page to which oidc-provider sends the browser, in one. */
export function openIdInteraction({
  dialect,
  client,
  people,
  offlineGrants,
  provider,
}: InteractionParts): Router {
  const consented = new Set<string>()
  const router = Router()

  router.get('/interaction/:uid', async (req, res) => {
    const interaction = await findInteraction(req, res)
    if (!interaction) return
    const page = consentPage({
      provider: dialect.provider,
      application: client.name ?? client.clientId,
      wishes: scopesOf(interaction.params).map((scope) => dialect.wishes[scope] ?? scope),
      people,
      subjectOf: dialect.subjectOf,
    })
    sendPage(res, page)
  })

  router.post('/interaction/:uid', urlencoded({ extended: false }), async (req, res) => {
    const interaction = await findInteraction(req, res)
    if (!interaction) return
    const subject = parameter(req.body, 'person')
    const person = people.find((one) => dialect.subjectOf(one) === subject)
    if (!subject || !person) return provider().interactionFinished(req, res, { error: 'access_denied' })

    const grant = new (provider().Grant)({ accountId: subject, clientId: client.clientId })
    grant.addOIDCScope(scopesOf(interaction.params).join(' '))
    const grantId = await grant.save()
    if (dialect.wantsRefreshToken(interaction.params, !consented.has(subject))) offlineGrants.add(grantId)
    consented.add(subject)

    // One page has answered whatever prompt was asked for.
    await provider().interactionFinished(req, res, {
      login: { accountId: subject, remember: false },
      consent: { grantId },
      select_account: {},
    })
  })

  async function findInteraction(req: Request, res: Response) {
    try {
      return await provider().interactionDetails(req, res)
    } catch (error) {
      if (!(error instanceof errors.SessionNotFound)) throw error
      sendPage(
        res,
        refusalPage(dialect.provider, 'invalid_request', 'This sign-in has ended. Please start again.'),
      )
      return undefined
    }
  }

  return router
}

const scopesOf = (parameters: Record<string, unknown>): string[] =>
  (parameter(parameters, 'scope') ?? '').split(' ').filter(Boolean)

import { createHmac } from 'node:crypto'
import { type Request, Router } from 'express'
import type { Grant } from '../grant.ts'
import { bearerToken, parameter } from '../parameters.ts'
import { sameSecret } from '../same-secret.ts'
import { GraphError, tokenFaults } from './graph-error.ts'
import type { FacebookApplication, FacebookParts } from './parts.ts'

type UserGrant = Grant<FacebookApplication>

/**
 * The Graph API calls that a user access token is good for.
 *
 * A call that carries an `appsecret_proof` is refused if it is wrong. One without is refused too while "Require App
 * Secret" is on, except `/app` and `/me?fields=id`: AWS STS checks tokens with these, and knows no app secret.
 */
export function graph(parts: FacebookParts): Router {
  const router = Router()

  router.get('/app', (req, res) => {
    const { appId, appName } = userGrant(parts, req, { mayLackProof: true }).application
    res.json({ id: appId, name: appName, link: `https://www.facebook.com/games/?app_id=${appId}` })
  })

  router.get('/me', (req, res) => {
    const fields = (parameter(req.query, 'fields') ?? 'id,name').split(',')
    const grant = userGrant(parts, req, { mayLackProof: fields.join() === 'id' })
    const visible = visibleFields(parts, grant)
    const unknown = fields.find((field) => !Object.hasOwn(visible, field))
    if (unknown !== undefined) {
      const message = `(#100) Tried accessing nonexisting field (${unknown}) on node type (User)`
      throw new GraphError({ code: 100, message })
    }
    res.json({ ...Object.fromEntries(fields.map((field) => [field, visible[field]])), id: visible.id })
  })

  router.delete('/me/permissions', (req, res) => {
    const { person, application } = userGrant(parts, req, { mayLackProof: false })
    parts.accessTokens.revoke(
      (grant) => grant.person === person && grant.application.appId === application.appId,
    )
    res.json({ success: true })
  })

  return router
}

/** The fields of a User that there are; what the person lacks, or did not permit, is undefined. */
const visibleFields = (
  parts: FacebookParts,
  { person, scopes }: UserGrant,
): { id: string; [field: string]: unknown } => ({
  id: person.subjects.facebook,
  name: person.name,
  first_name: person.givenName,
  last_name: person.familyName,
  email: scopes.includes('email') ? person.email : undefined,
  picture: { data: { height: 50, is_silhouette: false, url: parts.pictureUrl(person), width: 50 } },
})

function userGrant(parts: FacebookParts, req: Request, proof: { mayLackProof: boolean }): UserGrant {
  const value = bearerToken(req.headers.authorization) ?? parameter(req.query, 'access_token')
  if (value === undefined) {
    const message = 'An active access token must be used to query information about the current user.'
    throw new GraphError({ code: 2500, message })
  }
  const token = parts.accessTokens.find(value)
  if (!token) throw new GraphError(tokenFaults.unknown)
  if (token.state !== 'valid') throw new GraphError(tokenFaults[token.state])
  checkProof(parts, value, parameter(req.query, 'appsecret_proof'), proof)
  return token.grant
}

function checkProof(
  { appSecret, requireProof }: FacebookParts,
  token: string,
  proof: string | undefined,
  { mayLackProof }: { mayLackProof: boolean },
): void {
  const type = 'GraphMethodException'
  if (proof === undefined) {
    if (mayLackProof || !requireProof) return
    const message = 'API calls from the server require an appsecret_proof argument'
    throw new GraphError({ type, code: 100, message })
  }
  if (!sameSecret(proof, createHmac('sha256', appSecret).update(token).digest('hex'))) {
    throw new GraphError({ type, code: 100, message: 'Invalid appsecret_proof provided in the API argument' })
  }
}

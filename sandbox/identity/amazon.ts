import { randomBytes } from 'node:crypto'
import express from 'express'
import { type LoopbackServer, listenOnLoopback } from '../loopback-server.ts'
import { AccessTokens } from './access-tokens.ts'
import { authorize } from './amazon/authorize.ts'
import type { AmazonApplication, AmazonClient, AmazonParts } from './amazon/parts.ts'
import { profile } from './amazon/profile.ts'
import { accessTokenSeconds, token } from './amazon/token.ts'
import { tokenInfo } from './amazon/token-info.ts'
import { AuthorizationCodes } from './authorization-codes.ts'
import type { Clock, Grant } from './grant.ts'
import { demoPeople, type Person } from './people.ts'
import { RedirectUris } from './redirect-uris.ts'

const codeLifetimeMs = 5 * 60 * 1000

export interface AmazonOptions {
  client: AmazonClient
  people?: readonly Person[]
  port?: number
  clock?: Clock
  /** False refuses `response_type=token`, as Amazon itself does since 2021. Default true. */
  implicitGrant?: boolean
}

export interface SandboxAmazon extends LoopbackServer {
  /** Adds to the Allowed Return URLs. @throws TypeError for a URI that Amazon would not take. */
  registerRedirectUri(uri: string): void
  /** An access token without a sign-in. Naming another application makes one that ours must not accept. */
  issueAccessToken(
    person: Person,
    options?: Partial<AmazonApplication> & { scopes?: readonly string[]; lifetimeSeconds?: number },
  ): string
}

/**
 * Starts a local Login with Amazon: authorization page, token, tokeninfo and profile endpoints on one origin.
 * @see "Authorization Code Grant" and "Implicit Grant", Login with Amazon developer documentation
 */
export async function startAmazon(options: AmazonOptions): Promise<SandboxAmazon> {
  const { client, people = demoPeople, port, clock = () => Date.now(), implicitGrant = true } = options
  const accessTokens = new AccessTokens<AmazonApplication>(clock)
  const redirectUris = new RedirectUris()
  const parts: AmazonParts = {
    client,
    people,
    clock,
    implicitGrant,
    redirectUris,
    codes: new AuthorizationCodes(clock, codeLifetimeMs),
    refreshTokens: new Map(),
    issueAccessToken: (grant, lifetimeSeconds = accessTokenSeconds) =>
      accessTokens.issue(`Atza|${randomBytes(270).toString('base64url')}`, grant, lifetimeSeconds),
    validToken(token) {
      const found = token === undefined ? undefined : accessTokens.find(token)
      return found?.state === 'valid' ? found : undefined
    },
  }

  const app = express().disable('x-powered-by')
  app.use(authorize(parts), token(parts), tokenInfo(parts), profile(parts))
  const server = await listenOnLoopback(app, port)

  return {
    ...server,
    registerRedirectUri: (uri) => redirectUris.register(uri),
    issueAccessToken(person, { scopes = ['profile'], lifetimeSeconds, ...application } = {}) {
      const grant: Grant<AmazonApplication> = {
        person,
        application: { clientId: client.clientId, appId: client.appId, ...application },
        scopes,
        revoked: false,
      }
      return parts.issueAccessToken(grant, lifetimeSeconds)
    },
  }
}

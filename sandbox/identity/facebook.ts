import { randomBytes } from 'node:crypto'
import express, { type Request } from 'express'
import { type LoopbackServer, listenOnLoopback } from '../loopback-server.ts'
import { AccessTokens } from './access-tokens.ts'
import { AuthorizationCodes } from './authorization-codes.ts'
import { debugToken } from './facebook/debug-token.ts'
import { dialog } from './facebook/dialog.ts'
import { graph } from './facebook/graph.ts'
import { GraphError } from './facebook/graph-error.ts'
import type { FacebookApplication, FacebookClient, FacebookParts } from './facebook/parts.ts'
import { accessTokenSeconds, tokenExchange } from './facebook/token-exchange.ts'
import type { Clock } from './grant.ts'
import { demoPeople, type Person } from './people.ts'
import { picturePath, pictures } from './pictures.ts'
import { RedirectUris } from './redirect-uris.ts'

/** Those alive in the autumn of 2026; a call may leave the version out, any other is an unknown path. */
const graphVersions = ['v21.0', 'v22.0', 'v23.0', 'v24.0', 'v25.0', 'v26.0']

const codeLifetimeMs = 10 * 60 * 1000

export interface FacebookOptions {
  client: FacebookClient
  people?: readonly Person[]
  port?: number
  clock?: Clock
  /** The setting "Require App Secret". Default true. */
  requireProof?: boolean
}

export interface SandboxFacebook extends LoopbackServer {
  /** Adds to the Valid OAuth Redirect URIs. @throws TypeError for a URI that Facebook would not take. */
  registerRedirectUri(uri: string): void
  /** A user access token without a sign-in. Naming another application makes one that ours must not accept. */
  issueAccessToken(
    person: Person,
    options?: Partial<FacebookApplication> & { scopes?: readonly string[]; lifetimeSeconds?: number },
  ): string
}

/**
 * Starts a local Facebook: login dialog and Graph API on one origin, with or without a version in the path.
 * @see "Manually Build a Login Flow" and "Secure Graph API Calls with appsecret_proof", Facebook for Developers
 */
export async function startFacebook(options: FacebookOptions): Promise<SandboxFacebook> {
  const { client, people = demoPeople, port, clock = () => Date.now(), requireProof = true } = options
  const accessTokens = new AccessTokens<FacebookApplication>(clock)
  const redirectUris = new RedirectUris()
  const application: FacebookApplication = {
    appId: client.appId,
    appName: client.appName ?? 'Sandbox application',
  }
  let origin = ''
  const parts: FacebookParts = {
    application,
    appSecret: client.appSecret,
    people,
    requireProof,
    redirectUris,
    accessTokens,
    codes: new AuthorizationCodes(clock, codeLifetimeMs),
    issueAccessToken: (grant, lifetimeSeconds = accessTokenSeconds) =>
      accessTokens.issue(`EAA${randomBytes(120).toString('hex')}`, grant, lifetimeSeconds),
    pictureUrl: (person) => `${origin}${picturePath(people, person)}`,
  }

  const app = express().disable('x-powered-by')
  const endpoints = [dialog(parts), tokenExchange(parts), debugToken(parts), graph(parts)]
  app.use(endpoints)
  for (const version of graphVersions) app.use(`/${version}`, endpoints)
  app.use(pictures(people))
  app.use((req: Request) => {
    throw new GraphError({ code: 2500, message: `Unknown path components: ${req.path}` })
  })
  app.use(GraphError.handler)
  const server = await listenOnLoopback(app, port)
  origin = server.url

  return {
    ...server,
    registerRedirectUri: (uri) => redirectUris.register(uri),
    issueAccessToken(person, { scopes = ['public_profile', 'email'], lifetimeSeconds, ...other } = {}) {
      const grant = { person, application: { ...application, ...other }, scopes, revoked: false }
      return parts.issueAccessToken(grant, lifetimeSeconds)
    },
  }
}

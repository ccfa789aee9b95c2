import { createHash, randomUUID } from 'node:crypto'
import express, { type Request, type Response, type Router, urlencoded } from 'express'
import { type CryptoKey, exportJWK, generateKeyPair, type JWK, type JWTPayload, SignJWT } from 'jose'
import { type LoopbackServer, listenOnLoopback } from '../loopback-server.ts'
import { type Client, isOurClient } from './client-proof.ts'
import { bearerToken, parameter } from './parameters.ts'

/** A key pair that signs ID tokens. */
export interface SigningKey {
  alg: string
  kid: string
  privateKey: CryptoKey
  /** Public, with `kid` and `alg`. */
  jwk: JWK
}

/** How one issuer departs from the standard. What is left out is done as the standard says. */
export interface Misbehaviour {
  /** Members of the discovery document instead of the true ones; `undefined` takes one away. */
  metadata?: (issuer: string) => Record<string, unknown>
  /** The one way in which our client is registered to prove itself. Default: the first that the metadata offer. */
  registeredMethod?: string
  /** Parameters of the callback, to be changed in place. */
  callback?: (parameters: URLSearchParams, issuer: string) => void
  /** What is published at `jwks_uri`, asked for anew each time. */
  keys?: () => JWK[]
  /** Makes the ID token of the claims that it should have; `undefined` leaves it out. */
  idToken?: (claims: JWTPayload) => Promise<string> | string | undefined
  tokenAnswer?: (truth: Record<string, unknown>) => unknown
  userinfo?: (truth: Record<string, unknown>) => unknown
}

export interface MisbehavingOpenIdProvider extends LoopbackServer {
  /** The issuer of this name, a path of the server, which from now on behaves like this. */
  issuer(name: string, misbehaviour: Misbehaviour): string
}

/** The person who signs in, always, and without being asked. */
const subject = 'subject-of-ada'
const profile = { name: 'Ada Example', email: 'ada@example.com' }

const scopesOfClaims: Record<string, string> = { name: 'profile', email: 'email' }

/** Makes a key pair. `modulusLength` in bits, for RSA. */
export async function newSigningKey(alg: string, kid: string, modulusLength = 2048): Promise<SigningKey> {
  const { publicKey, privateKey } = await generateKeyPair(alg, { modulusLength })
  return { alg, kid, privateKey, jwk: { ...(await exportJWK(publicKey)), kid, alg, use: 'sig' } }
}

/** Signs these claims. `header` adds to `alg`, `kid` and `typ`, or takes one away where it is `undefined`. */
export const signedBy =
  (key: SigningKey, header: Record<string, unknown> = {}) =>
  (claims: JWTPayload): Promise<string> =>
    new SignJWT(claims)
      .setProtectedHeader({ alg: key.alg, kid: key.kid, typ: 'JWT', ...header })
      .sign(key.privateKey)

interface Granted {
  parameters: URLSearchParams
  nonce: string
  scopes: string[]
}

const refuse = (res: Response, status: number, error: string, challenge?: string): void => {
  if (challenge !== undefined) res.set('WWW-Authenticate', challenge)
  res.status(status).json({ error })
}

/** One issuer: metadata, authorization, token, keys and userinfo, below the path that it is mounted on. */
function issuerRoutes(issuer: string, client: Client, defaultKey: SigningKey, how: Misbehaviour): Router {
  const codes = new Map<string, Granted>()
  const accessTokens = new Map<string, Granted>()
  const metadata: Record<string, unknown> = {
    issuer,
    authorization_endpoint: `${issuer}/authorize`,
    token_endpoint: `${issuer}/token`,
    userinfo_endpoint: `${issuer}/userinfo`,
    jwks_uri: `${issuer}/keys`,
    response_types_supported: ['code'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['RS256'],
    token_endpoint_auth_methods_supported: ['client_secret_basic'],
    code_challenge_methods_supported: ['S256'],
    ...how.metadata?.(issuer),
  }
  const [offered] = metadata.token_endpoint_auth_methods_supported as string[]
  const method = how.registeredMethod ?? offered ?? 'none'

  const authorize = (req: Request, res: Response): void => {
    const asked = new URL(req.originalUrl, issuer).searchParams
    const scopes = (asked.get('scope') ?? '').split(' ')
    const conforms =
      asked.get('response_type') === 'code' &&
      asked.get('client_id') === client.clientId &&
      asked.get('code_challenge_method') === 'S256' &&
      scopes.includes('openid') &&
      ['redirect_uri', 'state', 'nonce', 'code_challenge'].every((name) => asked.getAll(name).length === 1)
    if (!conforms) {
      refuse(res, 400, 'invalid_request')
      return
    }
    const code = randomUUID()
    codes.set(code, { parameters: asked, nonce: asked.get('nonce') ?? '', scopes })
    const callback = new URL(asked.get('redirect_uri') ?? '')
    callback.searchParams.set('code', code)
    callback.searchParams.set('state', asked.get('state') ?? '')
    how.callback?.(callback.searchParams, issuer)
    res.redirect(302, callback.href)
  }

  const token = async (req: Request, res: Response): Promise<void> => {
    if (!(await isOurClient(req, client, method, issuer))) {
      return refuse(res, 401, 'invalid_client', req.headers.authorization && 'Basic realm="token"')
    }
    const code = parameter(req.body, 'code') ?? ''
    const granted = codes.get(code)
    codes.delete(code)
    const challenge = createHash('sha256')
      .update(parameter(req.body, 'code_verifier') ?? '')
      .digest('base64url')
    if (
      granted?.parameters.get('code_challenge') !== challenge ||
      granted.parameters.get('redirect_uri') !== parameter(req.body, 'redirect_uri')
    ) {
      return refuse(res, 400, 'invalid_grant')
    }
    const now = Math.floor(Date.now() / 1000)
    const claims = {
      iss: issuer,
      sub: subject,
      aud: client.clientId,
      iat: now,
      exp: now + 600,
      nonce: granted.nonce,
    }
    const accessToken = randomUUID()
    accessTokens.set(accessToken, granted)
    const truth = {
      access_token: accessToken,
      token_type: 'Bearer',
      expires_in: 600,
      id_token: await (how.idToken ?? signedBy(defaultKey))(claims),
    }
    res.json(how.tokenAnswer?.(truth) ?? truth)
  }

  const userinfo = (req: Request, res: Response): void => {
    const granted = accessTokens.get(bearerToken(req.headers.authorization) ?? '')
    if (!granted || req.url.includes('?')) {
      refuse(res, 401, 'invalid_token', 'Bearer error="invalid_token"')
      return
    }
    const asked = Object.entries(profile).filter(([claim]) =>
      granted.scopes.includes(scopesOfClaims[claim] ?? ''),
    )
    const truth = { sub: subject, ...Object.fromEntries(asked) }
    res.json(how.userinfo?.(truth) ?? truth)
  }

  return express
    .Router()
    .get('/.well-known/openid-configuration', (_req, res) => void res.json(metadata))
    .get('/authorize', authorize)
    .post('/token', urlencoded({ extended: false }), token)
    .get('/keys', (_req, res) => void res.json({ keys: how.keys?.() ?? [defaultKey.jwk] }))
    .get('/userinfo', userinfo)
}

/**
 * Starts a server of OpenID providers, one for each issuer, that hold a relying party to the standard and break it
 * themselves where they are told to. Nothing of it is shared with the other stand-ins.
 * @param key signs the ID tokens, and is published, wherever nothing else is said
 * @see OpenID Connect Core 1.0, section 3.1
 */
export async function startMisbehavingOpenIdProvider(
  client: Client,
  key: SigningKey,
): Promise<MisbehavingOpenIdProvider> {
  const app = express().disable('x-powered-by').disable('etag')
  const server = await listenOnLoopback(app)
  return {
    ...server,
    issuer(name, misbehaviour) {
      const issuer = `${server.url}/${name}`
      app.use(`/${name}`, issuerRoutes(issuer, client, key, misbehaviour))
      return issuer
    },
  }
}

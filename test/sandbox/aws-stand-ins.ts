import { S3Client } from '@aws-sdk/client-s3'
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose'
import { amazonIdentityProvider } from '../../sandbox/aws/identity-providers/amazon.ts'
import { facebookIdentityProvider } from '../../sandbox/aws/identity-providers/facebook.ts'
import { openIdConnectIdentityProvider } from '../../sandbox/aws/identity-providers/openid-connect.ts'
import type { PolicyDocument } from '../../sandbox/aws/policies.ts'
import { declareRole, type RoleDeclaration } from '../../sandbox/aws/roles.ts'
import type { Caller, Session, Sessions } from '../../sandbox/aws/sessions.ts'
import { listenOnLoopback } from '../../sandbox/loopback-server.ts'

export const ACCOUNT = '123456789012'
export const OPERATOR = {
  accessKeyId: 'AKIAOPERATOR00000000',
  secretAccessKey: 'operator/secret+key/of/forty/characters/',
  accountId: ACCOUNT,
}
export const AMAZON_TOKEN = 'Atza|a-token/with+characters=that&need encoding'
export const FACEBOOK_TOKEN = 'EAAfacebooktoken'

/** The identity providers' verification endpoints, which know one token each, and an OpenID Connect issuer. */
export async function startIdentityStandIn() {
  const { publicKey, privateKey } = await generateKeyPair('RS256')
  const jwk = { ...(await exportJWK(publicKey)), kid: 'key-1', alg: 'RS256' }
  const server = await listenOnLoopback((req, res) => {
    const { pathname, searchParams } = new URL(req.url ?? '/', 'http://localhost')
    const token = searchParams.get('access_token')
    const bodies: Record<string, object | false> = {
      '/auth/o2/tokeninfo': token === AMAZON_TOKEN && {
        iss: 'https://www.amazon.com',
        aud: 'amzn1.application-oa2-client.c1',
        app_id: 'amzn1.application.a1',
        user_id: 'amzn1.account.U1',
        exp: 3000,
      },
      '/v26.0/app': token === FACEBOOK_TOKEN && { id: '4711', name: 'Demo' },
      '/v26.0/me': token === FACEBOOK_TOKEN && { id: '100200300' },
      '/.well-known/openid-configuration': { issuer: server.url, jwks_uri: `${server.url}/jwks` },
      '/jwks': { keys: [jwk] },
    }
    const body = bodies[pathname]
    res.writeHead(body ? 200 : 400, { 'content-type': 'application/json' })
    res.end(JSON.stringify(body || { error: 'invalid_token' }))
  })

  const sign = (claims: JWTPayload = {}, key = privateKey) =>
    new SignJWT({ iss: server.url, sub: 'google-subject', aud: 'web-client', ...claims })
      .setProtectedHeader({ alg: 'RS256', kid: 'key-1' })
      .setIssuedAt()
      .setExpirationTime(claims.exp ?? '1h')
      .sign(key)

  return {
    ...server,
    /** Signs an ID token of a person called `google-subject` for the client `web-client`. */
    sign,
    identityProviders: [
      amazonIdentityProvider({ apiUrl: server.url }),
      facebookIdentityProvider({ graphUrl: `${server.url}/v26.0` }),
      openIdConnectIdentityProvider({ issuer: server.url, principal: 'accounts.google.com' }),
    ],
  }
}

/** A policy of one statement that allows. */
export const allow = (
  action: string | string[],
  resource: string | string[] = '*',
  condition?: Record<string, Record<string, string | string[]>>,
): PolicyDocument => ({
  Version: '2012-10-17',
  Statement: [
    { Effect: 'Allow', Action: action, Resource: resource, ...(condition && { Condition: condition }) },
  ],
})

/** A role whom people of one provider may assume, if `key` has the value `value`. */
export const federatedRole = (
  name: string,
  principal: string,
  key: string,
  value: string,
): RoleDeclaration => ({
  arn: `arn:aws:iam::${ACCOUNT}:role/${name}`,
  permissionPolicy: allow('s3:*'),
  trustPolicy: {
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow',
        Principal: { Federated: principal },
        Action: 'sts:AssumeRoleWithWebIdentity',
        Condition: { StringEquals: { [key]: value } },
      },
    ],
  },
})

/** A session of the person `amzn1.account.U1`, an hour long, as STS would issue it. */
export function issueSession(
  sessions: Sessions,
  permissionPolicy: PolicyDocument,
  sessionPolicy?: PolicyDocument,
): Session {
  const role = federatedRole('S3Access', 'www.amazon.com', 'www.amazon.com:app_id', 'amzn1.application.a1')
  return sessions.issue({
    expiration: new Date(Date.now() + 3600_000),
    role: declareRole({ ...role, permissionPolicy }),
    roleSessionName: 'me@example.com',
    sessionPolicy,
    subject: 'amzn1.account.U1',
    contextKeys: { 'www.amazon.com:user_id': 'amzn1.account.U1' },
  })
}

/** An official client that signs with somebody's keys and never repeats a request. */
export function s3Client(url: string, caller: Omit<Caller, 'arn' | 'userId' | 'permissionPolicy'>): S3Client {
  return new S3Client({
    endpoint: url,
    region: 'us-east-1',
    forcePathStyle: true,
    maxAttempts: 1,
    credentials: caller,
  })
}

/** What the client's signer can do beyond its declared type. */
interface Presigner {
  presign(
    request: object,
    options: { expiresIn: number; signingDate: Date },
  ): Promise<{ query?: Record<string, unknown> }>
}

/** A URL for reading one object, as the official client's own signer presigns it. */
export async function presignGet(
  client: S3Client,
  url: string,
  expiresInSeconds: number,
  signingDate = new Date(),
): Promise<string> {
  const { hostname, port, host, pathname, searchParams } = new URL(url)
  const signer = (await client.config.signer()) as unknown as Presigner
  const signed = await signer.presign(
    {
      method: 'GET',
      protocol: 'http:',
      hostname,
      port: Number(port),
      path: pathname,
      query: Object.fromEntries(searchParams),
      headers: { host, 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' },
    },
    { expiresIn: expiresInSeconds, signingDate },
  )
  const query = Object.entries(signed.query ?? {}).map(
    ([name, value]) => `${name}=${encodeURIComponent(String(value))}`,
  )
  return `http://${host}${pathname}?${query.join('&')}`
}

import { randomBytes } from 'node:crypto'
import type { AddressInfo } from 'node:net'
import { ListBucketsCommand, S3Client } from '@aws-sdk/client-s3'
import { AssumeRoleWithWebIdentityCommand, type Credentials, STSClient } from '@aws-sdk/client-sts'
import { NodeHttpHandler } from '@smithy/node-http-handler'
import express from 'express'
import session from 'express-session'

/**
 * The least that a sign-in can be on Express, express-session (its memory store) and the AWS SDK: the same five upstream
 * calls as the application's, kept alive, with a new S3 client per request. It has no PKCE, seals nothing, limits,
 * checks and logs nothing, and its page is bare.
 */
const { AMAZON_APP_ID = '', AMAZON_APP_SECRET = '', AMAZON_ROLE_ARN, AMAZON_API_URL } = process.env
const { AMAZON_AUTHORIZE_URL, AWS_ENDPOINT_URL_STS = '', AWS_ENDPOINT_URL_S3 = '' } = process.env

declare module 'express-session' {
  interface SessionData {
    state?: string
    credentials?: Credentials
  }
}

const requestHandler = new NodeHttpHandler({ httpAgent: { keepAlive: true, maxSockets: 200 } })
const common = { region: 'us-east-1', requestHandler }
const sts = new STSClient({ ...common, endpoint: AWS_ENDPOINT_URL_STS })
const redirectUri = 'http://127.0.0.1/oauth2callback/amazon'

async function json(path: string, init: RequestInit = {}): Promise<Record<string, string>> {
  const answer = await fetch(AMAZON_API_URL + path, init)
  return (await answer.json()) as Record<string, string>
}

const app = express()
app.use(session({ secret: 'secret', resave: false, saveUninitialized: false }))

app.get('/initiateLogin/amazon', (req, res) => {
  const state = randomBytes(16).toString('base64url')
  req.session.state = state
  const query = new URLSearchParams({
    response_type: 'code',
    client_id: AMAZON_APP_ID,
    redirect_uri: redirectUri,
    scope: 'profile',
    state,
  })
  res.redirect(302, `${AMAZON_AUTHORIZE_URL}?${query}`)
})

app.get('/oauth2callback/amazon', async (req, res) => {
  if (req.query.state !== req.session.state) throw new Error('state')
  const { access_token = '' } = await json('/auth/o2/token', {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'authorization_code',
      code: String(req.query.code),
      redirect_uri: redirectUri,
      client_id: AMAZON_APP_ID,
      client_secret: AMAZON_APP_SECRET,
    }),
  })
  const [token, profile] = await Promise.all([
    json(`/auth/o2/tokeninfo?access_token=${encodeURIComponent(access_token)}`),
    json('/user/profile', { headers: { Authorization: `Bearer ${access_token}` } }),
  ])
  if (token.aud !== AMAZON_APP_ID) throw new Error('audience')
  const { Credentials } = await sts.send(
    new AssumeRoleWithWebIdentityCommand({
      RoleArn: AMAZON_ROLE_ARN,
      RoleSessionName: profile.email,
      WebIdentityToken: access_token,
      ProviderId: 'www.amazon.com',
    }),
  )
  if (!Credentials) throw new Error('credentials')
  req.session.credentials = Credentials
  res.redirect(303, '/s3/')
})

app.get('/s3/', async (req, res) => {
  const { AccessKeyId = '', SecretAccessKey = '', SessionToken = '' } = req.session.credentials ?? {}
  const s3 = new S3Client({
    ...common,
    endpoint: AWS_ENDPOINT_URL_S3,
    forcePathStyle: true,
    credentials: { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey, sessionToken: SessionToken },
  })
  const { Buckets = [] } = await s3.send(new ListBucketsCommand())
  const rows = Buckets.map(({ Name, CreationDate }) => `<li>${Name} ${CreationDate?.toISOString()}</li>`)
  res.send(`<!doctype html><title>Buckets</title><ul>${rows.join('')}</ul>`)
})

const server = app.listen(0, '127.0.0.1', () => {
  console.log(`listening on ${(server.address() as AddressInfo).port}`)
})

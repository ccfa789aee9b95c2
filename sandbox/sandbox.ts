import { randomBytes } from 'node:crypto'
import { amazonIdentityProvider } from './aws/identity-providers/amazon.ts'
import { facebookIdentityProvider } from './aws/identity-providers/facebook.ts'
import { openIdConnectIdentityProvider } from './aws/identity-providers/openid-connect.ts'
import type { Bucket } from './aws/list-buckets.ts'
import type { PolicyDocument } from './aws/policies.ts'
import { type S3, startS3 } from './aws/s3.ts'
import { Sessions } from './aws/sessions.ts'
import { type Sts, startSts } from './aws/sts.ts'
import { demoBuckets } from './demo-account.ts'
import { type SandboxAmazon, startAmazon } from './identity/amazon.ts'
import { type SandboxFacebook, startFacebook } from './identity/facebook.ts'
import { startGoogle } from './identity/google.ts'
import type { SandboxOpenIdProvider } from './identity/openid-provider.ts'
import { demoPeople, type Person } from './identity/people.ts'

export interface SandboxOptions {
  people?: readonly Person[]
  /** Default: a dozen in several regions. */
  buckets?: Bucket[]
  /** What the three roles may do. Default: list and read. */
  permissionPolicy?: PolicyDocument
  /** Lifetime of every role session in seconds, whatever is asked for. */
  sessionSecondsOverride?: number
  /** Milliseconds since the epoch, for the AWS side; default `Date.now`. */
  clock?: () => number
}

/** Local identity providers and a local AWS that trusts them. */
export interface Sandbox {
  amazon: SandboxAmazon
  google: SandboxOpenIdProvider
  facebook: SandboxFacebook
  sts: Sts
  s3: S3
  sessions: Sessions
  roleArns: { amazon: string; google: string; facebook: string }
  /** Variables that make an application use this sandbox. */
  environment: Record<string, string>
  /** Registers an application's redirect URIs, as its operator would at each provider. */
  registerApplication(origin: string): void
  close(): Promise<void>
}

const account = '123456789012'
const applicationName = 'Web Identity Federation'

const listAndRead: PolicyDocument = {
  Version: '2012-10-17',
  Statement: [
    {
      Effect: 'Allow',
      Action: ['s3:ListAllMyBuckets', 's3:ListBucket', 's3:GetBucketLocation', 's3:GetObject'],
      Resource: '*',
    },
  ],
}

const trust = (principal: string, conditionKey: string, value: string): PolicyDocument => ({
  Version: '2012-10-17',
  Statement: [
    {
      Effect: 'Allow',
      Principal: { Federated: principal },
      Action: 'sts:AssumeRoleWithWebIdentity',
      Condition: { StringEquals: { [conditionKey]: value } },
    },
  ],
})

/** Starts every party of a sign-in but the application, on free ports of 127.0.0.1. */
export async function startSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  const { people = demoPeople, permissionPolicy = listAndRead, buckets = demoBuckets } = options
  const clock = options.clock ?? (() => Date.now())
  const secret = () => randomBytes(24).toString('hex')
  const client = {
    amazon: {
      clientId: `amzn1.application-oa2-client.${randomBytes(16).toString('hex')}`,
      appId: `amzn1.application.${randomBytes(16).toString('hex')}`,
      clientSecret: `amzn1.oa2-cs.v1.${randomBytes(32).toString('hex')}`,
    },
    google: {
      clientId: `${Date.now()}-sandbox.apps.googleusercontent.com`,
      clientSecret: `GOCSPX-${randomBytes(21).toString('base64url')}`,
    },
    facebook: { appId: '1234567890123456', appSecret: randomBytes(16).toString('hex') },
  }
  const [amazon, google, facebook] = await Promise.all([
    startAmazon({ client: { ...client.amazon, name: applicationName }, people }),
    startGoogle({ client: { ...client.google, name: applicationName }, people }),
    startFacebook({ client: { ...client.facebook, appName: applicationName }, people }),
  ])

  const arn = (name: string) => `arn:aws:iam::${account}:role/${name}`
  const roleArns = {
    amazon: arn('web-identity-amazon'),
    google: arn('web-identity-google'),
    facebook: arn('web-identity-facebook'),
  }
  const trustPolicies = {
    amazon: trust('www.amazon.com', 'www.amazon.com:app_id', client.amazon.appId),
    google: trust('accounts.google.com', 'accounts.google.com:aud', client.google.clientId),
    facebook: trust('graph.facebook.com', 'graph.facebook.com:app_id', client.facebook.appId),
  }
  const sessions = new Sessions({
    accessKeyId: 'AKIASANDBOXOPERATOR0',
    secretAccessKey: secret(),
    accountId: account,
  })
  const graphUrl = `${facebook.url}/v26.0`
  const sts = await startSts({
    sessions,
    clock,
    identityProviders: [
      amazonIdentityProvider({ apiUrl: amazon.url }),
      facebookIdentityProvider({ graphUrl }),
      openIdConnectIdentityProvider({ issuer: google.url, principal: 'accounts.google.com' }),
    ],
    roles: (['amazon', 'google', 'facebook'] as const).map((name) => ({
      arn: roleArns[name],
      trustPolicy: trustPolicies[name],
      permissionPolicy,
      maxSessionDurationSeconds: 43_200,
    })),
    ...(options.sessionSecondsOverride !== undefined && {
      sessionSecondsOverride: options.sessionSecondsOverride,
    }),
  })
  const s3 = await startS3({ sessions, buckets, clock })

  return {
    amazon,
    google,
    facebook,
    sts,
    s3,
    sessions,
    roleArns,
    environment: {
      AMAZON_APP_ID: client.amazon.clientId,
      AMAZON_APP_SECRET: client.amazon.clientSecret,
      AMAZON_ROLE_ARN: roleArns.amazon,
      AMAZON_AUTHORIZE_URL: `${amazon.url}/ap/oa`,
      AMAZON_API_URL: amazon.url,
      GOOGLE_APP_ID: client.google.clientId,
      GOOGLE_APP_SECRET: client.google.clientSecret,
      GOOGLE_ROLE_ARN: roleArns.google,
      GOOGLE_ISSUER: google.url,
      FACEBOOK_APP_ID: client.facebook.appId,
      FACEBOOK_APP_SECRET: client.facebook.appSecret,
      FACEBOOK_ROLE_ARN: roleArns.facebook,
      FACEBOOK_DIALOG_URL: `${graphUrl}/dialog/oauth`,
      FACEBOOK_GRAPH_URL: graphUrl,
      AWS_REGION: 'us-east-1',
      AWS_ENDPOINT_URL_STS: sts.url,
      AWS_ENDPOINT_URL_S3: s3.url,
    },
    registerApplication(origin) {
      amazon.registerRedirectUri(`${origin}/oauth2callback/amazon`)
      google.registerRedirectUri(`${origin}/oauth2callback/google`)
      facebook.registerRedirectUri(`${origin}/oauth2callback/facebook`)
    },
    async close() {
      await Promise.all([amazon, google, facebook, sts, s3].map((server) => server.close()))
    },
  }
}

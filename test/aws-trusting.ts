import { openIdConnectIdentityProvider } from '../sandbox/aws/identity-providers/openid-connect.ts'
import { startS3 } from '../sandbox/aws/s3.ts'
import { Sessions } from '../sandbox/aws/sessions.ts'
import { type Sts, startSts } from '../sandbox/aws/sts.ts'

/** An OpenID provider as an operator sets it up, in IAM and in the environment. */
export interface OpenIdSetup {
  /** Any: what is not a letter or digit becomes an underscore in the variables and in our path. */
  name: string
  issuer: string
  clientId: string
  clientSecret?: string
  scope?: string
}

/** A local AWS with an IAM OIDC provider and a role for each of several OpenID providers. */
export interface TrustingAws {
  sts: Sts
  /** Variables that make an application use it and sign in with those providers. */
  environment: Record<string, string>
  close(): Promise<unknown>
}

const account = '123456789012'

/** The name of the one bucket, which whoever sees it has been given access to. */
export const proofOfAccess = 'proof-of-access'

/** Our id of the provider that is called `name`. */
export const providerId = (name: string): string => name.toLowerCase().replaceAll(/[^a-z0-9]/g, '_')

const roleArn = (name: string): string => `arn:aws:iam::${account}:role/${name}`

function variables({ name, issuer, clientId, clientSecret, scope }: OpenIdSetup): Record<string, string> {
  const prefix = providerId(name).toUpperCase()
  return {
    [`${prefix}_ISSUER`]: issuer,
    [`${prefix}_APP_ID`]: clientId,
    [`${prefix}_ROLE_ARN`]: roleArn(name),
    ...(clientSecret !== undefined && { [`${prefix}_APP_SECRET`]: clientSecret }),
    ...(scope !== undefined && { [`${prefix}_SCOPE`]: scope }),
  }
}

/** Starts it, as `create-open-id-connect-provider` and `create-role` would for each of `setups`. */
export async function startAwsTrusting(setups: OpenIdSetup[]): Promise<TrustingAws> {
  const clock = () => Date.now()
  const sessions = new Sessions({
    accessKeyId: 'AKIASANDBOXOPERATOR0',
    secretAccessKey: 'secret-of-the-operator',
    accountId: account,
  })
  const registered = setups.map((setup) => ({
    ...setup,
    principal: `arn:aws:iam::${account}:oidc-provider/${setup.issuer.replace('http://', '')}`,
  }))
  const clientIdsAt = (issuer: string) => setups.flatMap((one) => (one.issuer === issuer ? one.clientId : []))
  const sts = await startSts({
    sessions,
    clock,
    identityProviders: registered.map(({ issuer, principal }) =>
      openIdConnectIdentityProvider({ issuer, principal, clientIds: clientIdsAt(issuer) }),
    ),
    roles: registered.map(({ name, principal }) => ({
      arn: roleArn(name),
      trustPolicy: {
        Version: '2012-10-17',
        Statement: [
          { Effect: 'Allow', Principal: { Federated: principal }, Action: 'sts:AssumeRoleWithWebIdentity' },
        ],
      },
      permissionPolicy: {
        Version: '2012-10-17',
        Statement: [{ Effect: 'Allow', Action: 's3:ListAllMyBuckets', Resource: '*' }],
      },
    })),
  })
  const bucket = { name: proofOfAccess, region: 'us-east-1', creationDate: new Date(0) }
  const s3 = await startS3({ sessions, clock, buckets: [bucket] })
  return {
    sts,
    environment: {
      ...Object.assign({}, ...setups.map(variables)),
      AWS_ENDPOINT_URL_STS: sts.url,
      AWS_ENDPOINT_URL_S3: s3.url,
    },
    close: () => Promise.all([sts.close(), s3.close()]),
  }
}

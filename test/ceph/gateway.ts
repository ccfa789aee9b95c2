import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3'
import { AssumeRoleWithWebIdentityCommand, STSClient } from '@aws-sdk/client-sts'
import type { SandboxOpenIdProvider } from '../../sandbox/identity/openid-provider.ts'
import type { Person } from '../../sandbox/identity/people.ts'
import { type Cluster, startCluster } from './cluster.ts'
import { callIam, type UserKeys } from './iam.ts'
import { type ProviderOptions, startCertifiedProvider } from './provider.ts'

const client = { clientId: 'web-identity-federation', clientSecret: 'secret-of-the-web-identity-federation' }
const operator: UserKeys = { accessKeyId: 'OPERATOR', secretAccessKey: 'secret-of-the-operator' }
const region = 'us-east-1'

interface Role {
  name: string
  /** Actions that it may do with everything. */
  actions: string[]
  /** What the trust policy asks of tokens, by claim. Default: that they are for our client. */
  trusts?: Record<string, string>
}

/** The gateway's roles belong to no account. */
export const roleArn = (name: string): string => `arn:aws:iam:::role/${name}`

const policyDocument = (statement: Record<string, unknown>): string =>
  JSON.stringify({ Version: '2012-10-17', Statement: [statement] })

/** A RADOS Gateway, an OpenID provider that is registered there, and the roles `BucketReader` and `BucketOwner`. */
export class Gateway {
  readonly provider: SandboxOpenIdProvider
  readonly #cluster: Cluster

  private constructor(cluster: Cluster, provider: SandboxOpenIdProvider) {
    this.#cluster = cluster
    this.provider = provider
  }

  /** Starts it, on free ports of 127.0.0.1 and in a folder that goes when it is closed. */
  static async start(options: ProviderOptions = {}): Promise<Gateway> {
    const cluster = await startCluster()
    try {
      const gateway = new Gateway(cluster, await startCertifiedProvider(client, options))
      await gateway.#setUp()
      return gateway
    } catch (error) {
      await cluster.close()
      throw error
    }
  }

  async #setUp(): Promise<void> {
    const keys = ['--access-key', operator.accessKeyId, '--secret-key', operator.secretAccessKey]
    const who = ['--uid', 'operator', '--display-name', 'Operator', '--caps', 'roles=*;oidc-provider=*']
    await this.#cluster.admin('user', 'create', ...who, ...keys)
    await callIam(this.url, operator, 'CreateOpenIDConnectProvider', {
      Url: this.provider.url,
      'ClientIDList.member.1': client.clientId,
      // Must be there; the gateway does not look at it.
      'ThumbprintList.member.1': '0'.repeat(40),
    })
    await this.createRole({ name: 'BucketReader', actions: ['s3:List*', 's3:Get*'] })
    await this.createRole({ name: 'BucketOwner', actions: ['s3:*'] })
  }

  /** Origin of S3, STS and IAM. */
  get url(): string {
    return this.#cluster.url
  }

  /** Variables for an application: the four of a generic provider, and where the gateway is. */
  get environment(): Record<string, string> {
    return {
      CEPH_ISSUER: this.provider.url,
      CEPH_APP_ID: client.clientId,
      CEPH_APP_SECRET: client.clientSecret,
      CEPH_ROLE_ARN: roleArn('BucketReader'),
      AWS_ENDPOINT_URL_STS: this.url,
      AWS_ENDPOINT_URL_S3: this.url,
    }
  }

  /** Registers an application's redirect URI, as its operator would at the provider. */
  registerApplication(origin: string): void {
    this.provider.registerRedirectUri(`${origin}/oauth2callback/ceph`)
  }

  /** Creates a role that the provider's people can assume. Resolves to its ARN. */
  async createRole({ name, actions, trusts = { aud: client.clientId } }: Role): Promise<string> {
    const issuer = new URL(this.provider.url).host
    const conditions = Object.entries(trusts).map(([claim, value]) => [`${issuer}:${claim}`, value])
    const trust = {
      Effect: 'Allow',
      Principal: { Federated: [`arn:aws:iam:::oidc-provider/${issuer}`] },
      Action: ['sts:AssumeRoleWithWebIdentity'],
      Condition: { StringEquals: Object.fromEntries(conditions) },
    }
    await callIam(this.url, operator, 'CreateRole', {
      RoleName: name,
      AssumeRolePolicyDocument: policyDocument(trust),
    })
    await callIam(this.url, operator, 'PutRolePolicy', {
      RoleName: name,
      PolicyName: 'Permissions',
      PolicyDocument: policyDocument({ Effect: 'Allow', Action: actions, Resource: 'arn:aws:s3:::*' }),
    })
    return roleArn(name)
  }

  /** An ID token as the provider would give it to the application. */
  idToken(person: Person): Promise<string> {
    return this.provider.signIdToken(this.provider.idTokenClaims(person))
  }

  /** A client of S3 that has nothing to do with the application; the operator's unless told otherwise. */
  s3(credentials: UserKeys & { sessionToken?: string } = operator): S3Client {
    return new S3Client({ region, endpoint: this.url, forcePathStyle: true, credentials })
  }

  /** A client of STS that has nothing to do with the application. */
  sts(): STSClient {
    return new STSClient({ region, endpoint: this.url })
  }

  /** A client of S3 on behalf of a person, who owns what it creates. */
  async s3Of(person: Person): Promise<S3Client> {
    const { Credentials: credentials } = await this.sts().send(
      new AssumeRoleWithWebIdentityCommand({
        RoleArn: roleArn('BucketOwner'),
        RoleSessionName: 'another-client',
        WebIdentityToken: await this.idToken(person),
      }),
    )
    return this.s3({
      accessKeyId: credentials?.AccessKeyId ?? '',
      secretAccessKey: credentials?.SecretAccessKey ?? '',
      sessionToken: credentials?.SessionToken ?? '',
    })
  }

  async close(): Promise<void> {
    await Promise.all([this.provider.close(), this.#cluster.close()])
  }
}

/** Creates buckets of these names, whose owner is then whoever `client` works for. */
export async function createBuckets(client: S3Client, names: string[]): Promise<void> {
  await Promise.all(names.map((Bucket) => client.send(new CreateBucketCommand({ Bucket }))))
}

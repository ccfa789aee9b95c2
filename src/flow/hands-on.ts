import type { Config } from '../config.ts'
import { permissionPolicyFor, type Readable } from '../federation/permission-policy.ts'
import { trustPolicyFor } from '../federation/trust-policy.ts'
import type { SignedIn } from '../session/signed-in.ts'
import { awsCommands, trailQueries } from './commands.ts'
import type { Receipt } from './receipt.ts'

const pretty = (json: string | undefined): string | undefined =>
  json === undefined ? undefined : JSON.stringify(JSON.parse(json), null, 2)

/** The policies that make it work, and how to do and to find the same by hand; `undefined` where the receipt is a summary. */
export function handsOn(
  { access }: SignedIn,
  receipt: Receipt,
  aws: Config['aws'],
  readable: (person: { providerId: string; subject: string }) => Readable,
  isOpenIdConnect: boolean,
) {
  const { trust } = receipt
  if (trust === undefined) return undefined
  const exchange = [receipt, ...(receipt.renewals ?? [])].flatMap(({ legs }) =>
    legs.flatMap(({ kind, calls }) => (kind === 'access' ? calls : [])),
  )
  const stsRequestId = exchange.at(-1)?.awsRequestId
  const anybody = { providerId: receipt.providerId, subject: `\${${trust.subjectKey}}` }
  const { roleArn, roleSessionName, accessKeyId, issuedAt } = access
  const stsProviderId = isOpenIdConnect ? undefined : trust.federated
  return {
    policies: {
      role: roleArn,
      session: pretty(aws.sessionPolicy),
      trust: pretty(trustPolicyFor(roleArn, trust)),
      permission: pretty(permissionPolicyFor(roleArn, readable(anybody))),
    },
    commands: awsCommands({ ...aws, roleArn, roleSessionName, stsProviderId }),
    trail: {
      ...trailQueries({
        region: aws.region,
        accessKeyId,
        roleSessionName,
        stsRequestId,
        startedAt: issuedAt,
      }),
      isAws: aws.stsEndpoint === undefined,
    },
  }
}

import type { S3 } from '@aws-sdk/client-s3'
import type { AwsClients } from '../aws-client.ts'
import { AppError } from '../errors.ts'
import type { Access } from '../federation/access.ts'
import { requestContext } from '../request-context.ts'
import type { Attempt } from './denial.ts'
import { toS3Error } from './s3-error.ts'

/** Who calls S3, and for what. */
interface S3Call {
  aws: AwsClients
  access: Access
  attempt: Attempt
  /** Default: AWS_REGION. */
  region?: string | undefined
}

/** The region that S3 sends to, where a bucket is not where it was looked for. */
function regionTold(cause: unknown): string | undefined {
  const { $metadata, $response } = (cause ?? {}) as {
    $metadata?: { httpStatusCode?: number }
    $response?: { headers?: Record<string, string> }
  }
  const region = $response?.headers?.['x-amz-bucket-region']
  const isRedirect = [301, 307, 400].includes($metadata?.httpStatusCode ?? 0)
  return isRedirect && region && /^[a-z0-9-]{1,63}$/.test(region) ? region : undefined
}

/**
 * Calls S3 within the request's deadline, and once more in the bucket's own region where S3 names one. The SDK would
 * follow too, but could not sign an address for somebody else there.
 * @throws AppError `s3.*`, `session.expired`
 */
export async function callS3<T>(
  { aws, access, attempt, region }: S3Call,
  work: (client: S3, options: { abortSignal?: AbortSignal }) => Promise<T>,
): Promise<T> {
  const abortSignal = requestContext()?.deadline
  const options = abortSignal ? { abortSignal } : {}
  const callIn = (region: string | undefined) => aws.withS3(access, region, (client) => work(client, options))
  try {
    return await callIn(region).catch((cause: unknown) => {
      const elsewhere = regionTold(cause)
      if (elsewhere === undefined) throw cause
      return callIn(elsewhere)
    })
  } catch (cause) {
    throw cause instanceof AppError ? cause : toS3Error(cause, access.expiresAt, attempt)
  }
}

/** ARN of a bucket, or of an object in it, in the partition of the person's role. */
export function arnOf({ roleArn }: Access, bucket: string, key?: string): string {
  const [, partition = 'aws'] = roleArn.split(':')
  return `arn:${partition}:s3:::${bucket}${key === undefined ? '' : `/${key}`}`
}

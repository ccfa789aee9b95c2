import type { Readable } from 'node:stream'
import type { GetObjectCommandOutput } from '@aws-sdk/client-s3'
import { type AwsClients, awsFailure, foreignSignature } from '../aws-client.ts'
import type { Access } from '../federation/access.ts'
import { attachment } from './content-disposition.ts'
import { arnOf, callS3 } from './s3-call.ts'

/** How a browser gets at an object: by itself, or by what passes through here. */
export type OpenObject = { url: string } | { content: Readable; bytes: number | undefined }

const longestSeconds = 60

/** A browser tidies up such a path before it asks, and the signature is then for another one. (WHATWG URL, 4.4) */
const isTidiedUp = (key: string): boolean => /(^|\/)\.{1,2}(\/|$)/.test(key)

/** Whole seconds for which an address is good: never longer than the credentials that signed it. */
export const secondsGood = (expiresAt: number, now: number): number =>
  Math.max(1, Math.min(longestSeconds, Math.floor((expiresAt - now) / 1000)))

/**
 * Opens an object for download: asks for its first byte, so that what stands in the way is told on a page of ours,
 * and signs an address that lives a minute at most. The address is a secret while it lives.
 * @throws AppError `s3.no_such_key`, `s3.object_archived`, `s3.access_denied` and other `s3.*`
 * @see "Sharing objects with presigned URLs", Amazon S3 user guide
 */
export async function openObject(
  aws: AwsClients,
  access: Access,
  bucket: string,
  key: string,
): Promise<OpenObject> {
  const object = { Bucket: bucket, Key: key }
  const attempt = { action: 's3:GetObject', resource: arnOf(access, bucket, key) }
  return callS3<OpenObject>({ aws, access, attempt }, async (client, options) => {
    if (isTidiedUp(key)) {
      // Without the deadline: how long it takes is the reader's affair.
      const { Body, ContentLength } = await client.getObject(object)
      return { content: Body as Readable, bytes: ContentLength }
    }
    const first = { ...object, Range: 'bytes=0-0' }
    await client.getObject(first, options).then(readOneByte, unlessEmpty)
    const [{ GetObjectCommand }, { getSignedUrl }] = await Promise.all([
      import('@aws-sdk/client-s3'),
      import('@aws-sdk/s3-request-presigner'),
    ])
    const download = new GetObjectCommand({ ...object, ResponseContentDisposition: attachment(key) })
    const url = await getSignedUrl(client, download, { expiresIn: secondsGood(access.expiresAt, Date.now()) })
    if (new URL(url).searchParams.get('X-Amz-Security-Token') !== access.sessionToken)
      throw foreignSignature()
    return { url }
  })
}

/** A connection whose answer was read serves again. A store that knows no ranges sends all of it, which nobody wants. */
async function readOneByte({ Body, ContentLength }: GetObjectCommandOutput): Promise<void> {
  if (ContentLength === 1) await Body?.transformToByteArray()
  else (Body as Readable).destroy()
}

/** An object without content has no first byte. */
function unlessEmpty(cause: unknown): void {
  if (awsFailure(cause).awsCode !== 'InvalidRange') throw cause
}

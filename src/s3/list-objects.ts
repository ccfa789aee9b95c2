import type { ListObjectsV2CommandInput, _Object as S3Object } from '@aws-sdk/client-s3'
import type { AwsClients } from '../aws-client.ts'
import type { Access } from '../federation/access.ts'
import { arnOf, callS3 } from './s3-call.ts'

export interface StoredObject {
  key: string
  /** Bytes. */
  size: number
  modifiedAt: Date | undefined
  /** As S3 names it: `STANDARD`, `GLACIER` … */
  storageClass: string
  /** Cannot be read before somebody restores it. */
  isArchived: boolean
}

/** One page of what begins with a prefix, by name. */
export interface ObjectPage {
  /** Longer prefixes, each up to its next slash. */
  folders: string[]
  objects: StoredObject[]
  /** Opaque; `undefined` on the last page. */
  nextToken: string | undefined
}

/** Which part of a bucket is wanted, and from where on. */
export interface ObjectQuery {
  bucket: string
  /** Beginning of the keys; `''` for all. */
  prefix: string
  /** `nextToken` of the page before; `''` for the first. */
  token: string
}

/** Folders and objects together. */
const entriesPerPage = 200

const archives = ['GLACIER', 'DEEP_ARCHIVE']

/** Undoes `EncodingType: 'url'`, without which XML could not carry a key's control characters. */
const decode = (text = ''): string => decodeURIComponent(text.replaceAll('+', ' '))

const storedObject = (
  { Key, Size = 0, LastModified, StorageClass = 'STANDARD', RestoreStatus }: S3Object,
  keyOf: (text: string | undefined) => string,
): StoredObject => ({
  key: keyOf(Key),
  size: Size,
  modifiedAt: LastModified,
  storageClass: StorageClass,
  isArchived:
    archives.includes(StorageClass) && !((RestoreStatus?.RestoreExpiryDate?.getTime() ?? 0) > Date.now()),
})

/**
 * Lists one page of a folder: what lies in it, and the folders below.
 * @throws AppError `s3.*`
 * @see ListObjectsV2, Amazon S3 API reference
 */
export async function listObjects(
  aws: AwsClients,
  access: Access,
  { bucket, prefix, token }: ObjectQuery,
): Promise<ObjectPage> {
  const query: ListObjectsV2CommandInput = {
    Bucket: bucket,
    Prefix: prefix || undefined,
    Delimiter: '/',
    MaxKeys: entriesPerPage,
    ContinuationToken: token || undefined,
    EncodingType: 'url',
    OptionalObjectAttributes: ['RestoreStatus'],
  }
  const attempt = { action: 's3:ListBucket', resource: arnOf(access, bucket), prefix }
  const answer = await callS3({ aws, access, attempt }, (client, options) =>
    client.listObjectsV2(query, options),
  )
  // A store that does not know the parameter does not repeat it.
  const keyOf = answer.EncodingType === 'url' ? decode : (text = '') => text
  return {
    folders: (answer.CommonPrefixes ?? []).map(({ Prefix }) => keyOf(Prefix)),
    objects: (answer.Contents ?? []).map((object) => storedObject(object, keyOf)),
    nextToken: (answer.IsTruncated && answer.NextContinuationToken) || undefined,
  }
}

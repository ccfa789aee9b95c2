import { AppError } from '../errors.ts'

const legalName = /^[A-Za-z0-9][A-Za-z0-9._-]{1,253}[A-Za-z0-9]$/

/**
 * Whether a bucket can have this name, those of before 2018 included. ARNs, which the SDK would take for a bucket
 * elsewhere, are none.
 * @see "General purpose bucket naming rules", Amazon S3 user guide
 */
export const isBucketName = (name: string): boolean => legalName.test(name)

/** Takes the name of a bucket from an address. @throws AppError `s3.no_such_bucket` */
export function bucketNamed(name: unknown): string {
  if (typeof name === 'string' && isBucketName(name)) return name
  throw new AppError('s3.no_such_bucket')
}

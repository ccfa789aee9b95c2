import { isBucketName } from '../config.ts'
import { AppError } from '../errors.ts'

/** Takes the name of a bucket from an address. @throws AppError `s3.no_such_bucket` */
export function bucketNamed(name: unknown): string {
  if (typeof name === 'string' && isBucketName(name)) return name
  throw new AppError('s3.no_such_bucket')
}

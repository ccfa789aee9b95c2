import { AppError } from '../errors.ts'
import type { Bucket } from './list-buckets.ts'

/** A column that buckets can be sorted by. */
export type BucketColumn = 'name' | 'region' | 'created'

/** An order as an address has it: `created`, or `-created` for the other way round. */
export interface BucketOrder {
  column: BucketColumn
  descending: boolean
}

/** S3's own order. */
const byName: BucketOrder = { column: 'name', descending: false }

const valueIn: Record<BucketColumn, (bucket: Bucket) => string | number> = {
  name: ({ name }) => name,
  region: ({ region = '' }) => region,
  created: ({ createdAt }) => createdAt?.getTime() ?? 0,
}

/** Reads an order from an address. @throws AppError `s3.request_invalid` */
export function readOrder(text: unknown): BucketOrder {
  if (text === undefined) return byName
  const [, sign, column = ''] = /^(-?)(name|region|created)$/.exec(String(text)) ?? []
  if (sign === undefined) throw new AppError('s3.request_invalid')
  return { column: column as BucketColumn, descending: sign === '-' }
}

/** The order as an address has it; `undefined` for S3's own. */
export const writeOrder = ({ column, descending }: BucketOrder): string | undefined =>
  column === 'name' && !descending ? undefined : `${descending ? '-' : ''}${column}`

/** Sorts a whole list; what is equal stays in the order of names. */
export function sortBuckets(buckets: readonly Bucket[], { column, descending }: BucketOrder): Bucket[] {
  const value = valueIn[column]
  const sign = descending ? -1 : 1
  return buckets.toSorted((one, other) => {
    const [first, second] = [value(one), value(other)]
    return first === second ? 0 : sign * (first < second ? -1 : 1)
  })
}

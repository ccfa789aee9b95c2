import { describe, expect, it } from 'vitest'
import { readDenial } from '../../../src/s3/denial.ts'

const who = 'User: arn:aws:sts::123456789012:assumed-role/web/ada@example.com is not authorized to perform:'
const bucket = 'arn:aws:s3:::photos'
const listing = { action: 's3:ListBucket', resource: bucket, prefix: '' }

describe('readDenial', () => {
  it.each([
    [
      `${who} s3:ListBucket on resource: "${bucket}" because no identity-based policy allows the s3:ListBucket action`,
      'no identity-based policy allows it',
    ],
    [
      `${who} s3:ListBucket because no session policy allows the s3:ListBucket action`,
      'no session policy allows it',
    ],
    [
      `${who} s3:ListBucket because no permissions boundary allows the s3:ListBucket action`,
      'no permissions boundary allows it',
    ],
    ['Access Denied', undefined],
    ['', undefined],
  ])('of %j gives the reason and a statement', (message, because) => {
    const denial = readDenial(message, listing)
    expect(denial).toMatchObject({ action: 's3:ListBucket', resource: bucket, because })
    expect(JSON.parse(denial.statement ?? '')).toEqual({
      Effect: 'Allow',
      Action: 's3:ListBucket',
      Resource: bucket,
    })
  })

  it.each([
    [`${who} s3:ListBucket with an explicit deny in a service control policy`, 'a service control policy'],
    [`${who} s3:ListBucket with an explicit deny in an identity-based policy`, 'an identity-based policy'],
  ])('of %j offers no statement, since none would help', (message, policy) => {
    expect(readDenial(message, listing)).toMatchObject({
      because: `a statement of ${policy} denies it`,
      statement: undefined,
    })
  })

  it.each([
    [`${who} s3:ListBucket because no session policy allows the s3:ListBucket action`, true],
    [`${who} s3:ListBucket with an explicit deny in a session policy`, true],
    [`${who} s3:ListBucket because no identity-based policy allows the s3:ListBucket action`, false],
    [`${who} s3:ListBucket with an explicit deny in a permissions boundary`, false],
    ['Access Denied', false],
  ])('of %j tells whether it was this session alone that may not', (message, bySession) => {
    expect(readDenial(message, listing).bySession).toBe(bySession)
  })

  it.each([
    'x because no one may open this before calling the help desk allows',
    'x with an explicit deny in a session policy',
  ])('takes no word of the file’s own name for S3’s: %j', (key) => {
    const attempt = { action: 's3:GetObject', resource: `${bucket}/${key}` }
    const message = `${who} s3:GetObject on resource: "${attempt.resource}" because no identity-based policy allows the s3:GetObject action`
    const denial = readDenial(message, attempt)
    expect(denial).toMatchObject({
      resource: attempt.resource,
      because: 'no identity-based policy allows it',
      bySession: false,
    })
    expect(denial.statement).toBeDefined()
  })

  it('allows no more than the folder that was asked for, and takes no character for a wildcard', () => {
    const { statement } = readDenial('', { ...listing, prefix: 'a*b/$1?/' })
    expect(JSON.parse(statement ?? '').Condition).toEqual({
      StringLike: { 's3:prefix': `a\${*}b/\${$}1\${?}/*` },
    })
    const object = readDenial('', { action: 's3:GetObject', resource: `${bucket}/a*/b` })
    expect(JSON.parse(object.statement ?? '').Resource).toBe(`${bucket}/a\${*}/b`)
  })

  it('names another action where S3 does, such as that on a key of KMS', () => {
    const kms = 'arn:aws:kms:us-east-1:123456789012:key/1'
    const message = `${who} kms:Decrypt on resource: "${kms}" because no identity-based policy allows the kms:Decrypt action`
    const denial = readDenial(message, { action: 's3:GetObject', resource: `${bucket}/a` })
    expect(denial).toMatchObject({ action: 'kms:Decrypt', resource: kms })
  })
})

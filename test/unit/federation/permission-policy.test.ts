import { describe, expect, it } from 'vitest'
import { evaluatePolicy, type PolicyDocument } from '../../../sandbox/aws/policies.ts'
import { readConfig } from '../../../src/config.ts'
import { permissionPolicyFor } from '../../../src/federation/permission-policy.ts'
import { homeOf } from '../../../src/s3/home.ts'

const roleArn = 'arn:aws:iam::123456789012:role/web'

function policyWith(environment: Record<string, string>, subjectKey = 'www.amazon.com:user_id') {
  const { presetBuckets: buckets, home } = readConfig(environment).s3
  const anybody = { providerId: 'amazon', subject: `\${${subjectKey}}` }
  return JSON.parse(
    permissionPolicyFor(roleArn, { buckets, home: home && homeOf(home, anybody) }),
  ) as PolicyDocument
}

const verdict = (
  policy: PolicyDocument,
  action: string,
  path: string,
  context: Record<string, string> = {},
) =>
  evaluatePolicy(policy, {
    principal: roleArn,
    accountId: '123456789012',
    action,
    resource: path === '*' ? '*' : `arn:aws:s3:::${path}`,
    context: { 'www.amazon.com:user_id': 'ada', ...context },
  })

describe('permissionPolicyFor', () => {
  it('allows to list and read everything where no bucket is named, and to change nothing', () => {
    const policy = policyWith({})
    expect(verdict(policy, 's3:ListAllMyBuckets', '*')).toBe('Allowed')
    expect(verdict(policy, 's3:ListBucket', 'any')).toBe('Allowed')
    expect(verdict(policy, 's3:GetObject', 'any/file')).toBe('Allowed')
    expect(verdict(policy, 's3:PutObject', 'any/file')).toBe('ImplicitlyDenied')
    expect(verdict(policy, 's3:DeleteObject', 'any/file')).toBe('ImplicitlyDenied')
  })

  it('allows to read the buckets of S3_BUCKETS, and no other', () => {
    const policy = policyWith({ S3_BUCKETS: 'first-bucket,second-bucket' })
    expect(verdict(policy, 's3:ListBucket', 'second-bucket')).toBe('Allowed')
    expect(verdict(policy, 's3:GetObject', 'first-bucket/file')).toBe('Allowed')
    expect(verdict(policy, 's3:GetObject', 'third-bucket/file')).toBe('ImplicitlyDenied')
  })

  it('keeps people apart in the bucket of S3_HOME', () => {
    const policy = policyWith({
      S3_HOME: 's3://people/home/$' + '{provider}/$' + '{subject}/',
    })
    expect(verdict(policy, 's3:GetObject', 'people/home/amazon/ada/file')).toBe('Allowed')
    expect(verdict(policy, 's3:GetObject', 'people/home/amazon/bob/file')).toBe('ImplicitlyDenied')
    expect(verdict(policy, 's3:GetObject', 'people/home/google/ada/file')).toBe('ImplicitlyDenied')
    expect(verdict(policy, 's3:ListBucket', 'people', { 's3:prefix': 'home/amazon/ada/' })).toBe('Allowed')
    expect(verdict(policy, 's3:ListBucket', 'people', { 's3:prefix': 'home/amazon/' })).toBe(
      'ImplicitlyDenied',
    )
  })

  it('names whoever vouches for the person in the variable', () => {
    const home = { S3_HOME: 's3://people/$' + '{subject}/' }
    const policy = policyWith(home, 'id.example.com/realm:sub')
    expect(JSON.stringify(policy)).toContain('people/$' + '{id.example.com/realm:sub}/*')
  })
})

import { describe, expect, it } from 'vitest'
import { readConfig } from '../../../src/config.ts'
import { homeOf } from '../../../src/s3/home.ts'

const home = (text: string) => readConfig({ SESSION_STORE: 'memory:', S3_HOME: text }).s3.home

describe('S3_HOME', () => {
  it('is a bucket and a prefix with the person’s subject', () => {
    const settings = home(`s3://people/home/\${provider}/\${subject}/`)
    expect(settings).toEqual({ bucket: 'people', prefix: `home/\${provider}/\${subject}/` })
    const person = { providerId: 'amazon', subject: `$&.\${provider}` }
    expect(settings && homeOf(settings, person)).toEqual({
      bucket: 'people',
      prefix: `home/amazon/$&.\${provider}/`,
    })
  })

  it.each([
    `people/home/\${subject}/`,
    's3://people/home/',
    `s3://people/home/\${subject}`,
    `s3://people/\${user}/\${subject}/`,
    `s3://a/\${subject}/`,
    `s3://\${subject}/x/`,
  ])('is refused as %s', (text) => {
    expect(() => home(text)).toThrow('S3_HOME')
  })
})

describe('S3_BUCKETS', () => {
  it('is a list of names', () => {
    const { s3 } = readConfig({ SESSION_STORE: 'memory:', S3_BUCKETS: 'one-bucket, two.buckets' })
    expect(s3.presetBuckets).toEqual(['one-bucket', 'two.buckets'])
  })

  it.each(['a', 'arn:aws:s3:::photos', 'one,,two', 'one/two'])('is refused as %s', (text) => {
    expect(() => readConfig({ SESSION_STORE: 'memory:', S3_BUCKETS: text })).toThrow('S3_BUCKETS')
  })
})

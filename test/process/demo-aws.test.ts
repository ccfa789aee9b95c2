import { execFile, spawnSync } from 'node:child_process'
import { promisify } from 'node:util'
import { ListBucketsCommand, S3Client } from '@aws-sdk/client-s3'
import { AssumeRoleWithWebIdentityCommand, type Credentials, STSClient } from '@aws-sdk/client-sts'
import { describe, expect, it } from 'vitest'
import { demoFile, emptyFolder, type Running, run } from './running.ts'

const runDemo = (): Running => run([process.execPath, demoFile], { PORT: '0' })

/** The value that follows `option` in what the demo printed. */
const printed = (demo: Running, option: string): Promise<string> =>
  demo.says(new RegExp(`${option}[ =]'?([^\\s']+)'?`))

describe('the AWS commands that node sandbox/demo.ts prints', () => {
  it('work as calls of the AWS SDK: a role is assumed, and its credentials list the buckets', async () => {
    const demo = runDemo()
    await demo.says(/aws s3api list-buckets.*\n/)
    const region = await printed(demo, 'AWS_REGION')
    const sts = new STSClient({ region, endpoint: await printed(demo, 'AWS_ENDPOINT_URL_STS') })
    const { Credentials: issued } = await sts.send(
      new AssumeRoleWithWebIdentityCommand({
        RoleArn: await printed(demo, '--role-arn'),
        RoleSessionName: await printed(demo, '--role-session-name'),
        ProviderId: await printed(demo, '--provider-id'),
        WebIdentityToken: await printed(demo, '--web-identity-token'),
      }),
    )
    const s3 = new S3Client({
      region,
      endpoint: await printed(demo, 'AWS_ENDPOINT_URL_S3'),
      forcePathStyle: true,
      credentials: {
        accessKeyId: issued?.AccessKeyId ?? '',
        secretAccessKey: issued?.SecretAccessKey ?? '',
        sessionToken: issued?.SessionToken ?? '',
      },
    })
    const { Buckets = [] } = await s3.send(new ListBucketsCommand())
    expect(Buckets.map(({ Name }) => Name)).toContain('analytics-landing-zone')
    sts.destroy()
    s3.destroy()
  })

  it.runIf(spawnSync('aws', ['--version']).status === 0)(
    'work as they are printed, with the official aws command line of this machine',
    { timeout: 60_000 },
    async () => {
      const demo = runDemo()
      await demo.says(/aws s3api list-buckets.*\n/)
      const [setUp = '', ...commands] = demo.stdout.split(/^ {4}(?=export |aws )/m).slice(1)
      const home = emptyFolder()
      const shell = async (script: string, environment: Record<string, string> = {}) => {
        const env = {
          PATH: process.env.PATH ?? '',
          HOME: home,
          AWS_EC2_METADATA_DISABLED: 'true',
          ...environment,
        }
        const { stdout } = await promisify(execFile)('sh', ['-ec', setUp + script], { env })
        return JSON.parse(stdout)
      }
      const [assumeRole = '', listBuckets = ''] = commands
      const issued: { Credentials: Credentials } = await shell(assumeRole)
      const listed: { Buckets: { Name: string }[] } = await shell(listBuckets, {
        AWS_ACCESS_KEY_ID: issued.Credentials.AccessKeyId ?? '',
        AWS_SECRET_ACCESS_KEY: issued.Credentials.SecretAccessKey ?? '',
        AWS_SESSION_TOKEN: issued.Credentials.SessionToken ?? '',
      })
      expect(listed.Buckets.map(({ Name }) => Name)).toContain('analytics-landing-zone')
    },
  )
})

import { execFile, spawnSync } from 'node:child_process'
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, it, onTestFinished } from 'vitest'
import { awsCommands } from '../../src/flow/commands.ts'
import { ada, signIn } from '../application.ts'
import { HttpBrowser } from '../http-browser.ts'
import { useSituation } from './situation.ts'

const situation = useSituation()

const awsIsMissing = spawnSync('aws', ['--version']).status !== 0
if (awsIsMissing) console.warn('the aws CLI is not on the PATH: the tests that need it are SKIPPED')

const unescaped = (html: string): string =>
  html
    .replaceAll('&#34;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&')

/** The commands that the page offers somebody who has signed in. */
async function commandsFor(provider: 'amazon' | 'google'): Promise<string> {
  const browser = new HttpBrowser()
  await signIn(browser, situation.application, provider)
  const { body } = await browser.get(`${situation.application.url}/flow`)
  const [, text = ''] = /aria-label="Commands of the AWS CLI"><code>(.*?)<\/code>/s.exec(body) ?? []
  return unescaped(text)
}

const execute = promisify(execFile)

/** Runs a script while this process goes on serving; what it wrote. Rejects where it fails or complains. */
async function run(script: string, env: Record<string, string>): Promise<string> {
  const { stdout, stderr } = await execute('sh', ['-eu', '-c', script], {
    env: { ...process.env, ...env },
    timeout: 15_000,
  })
  expect(stderr).toBe('')
  return stdout
}

/** Runs commands with an `aws` that only notes how it was called. */
async function callsMadeBy(commands: string): Promise<string[][]> {
  const folder = mkdtempSync(join(tmpdir(), 'aws-commands-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const note = join(folder, 'calls')
  const stub = `#!/bin/sh\nfor one in "$@" "env=$\{AWS_SESSION_TOKEN-none}"; do printf '%s\\0' "$one" >>${note}; done\nprintf '\\n\\0' >>${note}\n[ "$1" = sts ] && echo 'KEY  SECRET  TOKEN' || true\n`
  writeFileSync(join(folder, 'aws'), stub)
  chmodSync(join(folder, 'aws'), 0o755)
  await run(commands, {
    PATH: `${folder}:${process.env.PATH}`,
    WEB_IDENTITY_TOKEN: 'the|token with $HOME',
  })
  return readFileSync(note, 'utf8')
    .split('\n\0')
    .filter(Boolean)
    .map((call) => call.split('\0').filter(Boolean))
}

const plain = {
  region: 'eu-central-1',
  stsEndpoint: undefined,
  s3Endpoint: undefined,
  roleArn: 'arn:aws:iam::123456789012:role/one',
  roleSessionName: 'ada@example.com',
  stsProviderId: undefined,
  roleSessionSeconds: 900,
  sessionPolicy: undefined,
}

describe('the commands on the page', () => {
  it('call STS without a signature, and S3 with what came of it', async () => {
    const [assumeRole = [], listBuckets = []] = await callsMadeBy(await commandsFor('amazon'))
    const { sandbox } = situation
    expect(assumeRole.slice(0, 2)).toEqual(['sts', 'assume-role-with-web-identity'])
    const options = Object.fromEntries(
      assumeRole.slice(2, -1).flatMap((name, at, all) => (at % 2 === 0 ? [[name, all[at + 1]]] : [])),
    )
    expect(options).toMatchObject({
      '--region': 'us-east-1',
      '--endpoint-url': sandbox.sts.url,
      '--role-arn': sandbox.roleArns.amazon,
      '--role-session-name': 'ada@example.com',
      '--provider-id': 'www.amazon.com',
      '--web-identity-token': 'the|token with $HOME',
      '--duration-seconds': '3600',
    })
    const sent = sandbox.sts.exchanges.at(-1)?.parameters
    expect(options['--policy']).toBe(sent?.Policy)
    expect(assumeRole.at(-1)).toBe('env=none')
    expect(listBuckets).toEqual([
      's3api',
      'list-buckets',
      '--region',
      'us-east-1',
      '--endpoint-url',
      sandbox.s3.url,
      'env=TOKEN',
    ])
  })

  it('name no provider for OpenID Connect, as STS wants it', async () => {
    const [assumeRole] = await callsMadeBy(await commandsFor('google'))
    expect(assumeRole).not.toContain('--provider-id')
  })

  it('leave endpoints and policy out where there are none', async () => {
    const [assumeRole] = await callsMadeBy(awsCommands(plain))
    expect(assumeRole).not.toContain('--endpoint-url')
    expect(assumeRole).not.toContain('--policy')
    expect(assumeRole).toContain('eu-central-1')
  })

  it.each(["it's", '$(touch /tmp/never)', '`id`', '"; rm -rf x', 'a b', '\\', "'\\''", '名前'])(
    'pass on %s as it stands',
    async (hostile) => {
      const [assumeRole] = await callsMadeBy(
        awsCommands({ ...plain, roleSessionName: hostile, sessionPolicy: hostile }),
      )
      expect(assumeRole?.filter((one) => one === hostile)).toHaveLength(2)
    },
  )
})

describe('the commands on the page for a name that looks like an option', () => {
  it('leave no doubt that it is none', async () => {
    const [assumeRole] = await callsMadeBy(awsCommands({ ...plain, roleSessionName: '-n' }))
    expect(assumeRole).toContain('--role-session-name=-n')
  })
})

describe.skipIf(awsIsMissing)('the commands on the page, run by the AWS CLI', () => {
  it('list the buckets of the sandbox', async () => {
    const commands = await commandsFor('amazon')
    const listed = await run(commands, {
      WEB_IDENTITY_TOKEN: situation.sandbox.amazon.issueAccessToken(ada),
      AWS_CONFIG_FILE: '/dev/null',
      AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
      AWS_EC2_METADATA_DISABLED: 'true',
    })
    expect(listed).toContain('analytics-landing-zone')
    expect(situation.sandbox.sts.exchanges.at(-1)).toMatchObject({ outcome: 'OK' })
  })
})

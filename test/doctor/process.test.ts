import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { selfSigned } from '../../sandbox/certificate.ts'
import { startTlsProxy } from '../../sandbox/tls-proxy.ts'
import { testSecret } from '../application.ts'
import { alsoStart, useSituation } from '../flow/situation.ts'
import { emptyFolder, run } from '../process/running.ts'
import { secrets, sound } from './planted-mistakes.ts'

const situation = useSituation()
const file = join(import.meta.dirname, '../../src/doctor/main.ts')

/** Runs the doctor until it ends. */
const doctor = (commandArguments: string[], environment: Record<string, string> = {}) =>
  run([process.execPath, file, ...commandArguments], environment).ended()

/** Lines of a report that are not OK, without what to do about them. */
const wrong = (stdout: string): string[] => stdout.match(/^(WARN|FAIL) .*/gm) ?? []

/** The environment of the sandbox, and of an application at `publicUrl`. */
const environmentFor = (publicUrl: string) => ({
  ...situation.sandbox.environment,
  PUBLIC_URL: publicUrl,
  SESSION_STORE: 'memory:',
  SESSION_SECRET: testSecret,
})

/** Writes `text` to a file of its own, and returns its path. */
function fileWith(text: string): string {
  const path = join(emptyFolder(), 'file')
  writeFileSync(path, text)
  return path
}

describe('npm run doctor', () => {
  it('finds the sandbox and the application in order, and exits 0', async () => {
    const running = run(['npm', 'run', '--silent', 'doctor'], environmentFor(situation.application.url))
    const { status, stdout } = await running.ended()
    expect([wrong(stdout), status]).toEqual([[], 0])
    expect(stdout).toMatch(/^OK {4}amazon is reached/m)
    expect(stdout).toMatch(/\n\d+ OK, 0 WARN, 0 FAIL\n$/)
    expect(stdout).toContain(`redirect URI       ${situation.application.url}/oauth2callback/amazon`)
  })

  it('exits 1 where something fails, and says what and what to do', async () => {
    const { status, stdout } = await doctor(['--offline'], { ...sound, AMAZON_GRANT: 'implicit' })
    expect(status).toBe(1)
    expect(stdout).toContain(
      'FAIL  AMAZON_GRANT is the implicit grant, which Amazon ended in 2021\n      -> Take AMAZON_GRANT away',
    )
  })

  it('exits 0 where it only warns', async () => {
    const { status, stdout } = await doctor(['--offline'], { ...sound, ROLE_SESSION_SECONDS: '7200' })
    expect([status, wrong(stdout).length]).toEqual([0, 1])
  })

  it('says the same in JSON', async () => {
    const { status, stdout } = await doctor(['--json', '--offline'], { ...sound, AMAZON_GRANT: 'implicit' })
    const report = JSON.parse(stdout)
    expect([status, report.healthy]).toEqual([1, false])
    expect(report.findings).toContainEqual({
      level: 'FAIL',
      subject: 'AMAZON_GRANT',
      finding: 'is the implicit grant, which Amazon ended in 2021',
      mend: expect.stringContaining('AMAZON_GRANT'),
    })
    expect(report.registrations.map(({ provider }: { provider: string }) => provider)).toEqual([
      'amazon',
      'google',
      'facebook',
    ])
  })

  it('with --offline asks nobody', async () => {
    const { sandbox, application } = situation
    const parties = [sandbox.amazon, sandbox.google, sandbox.facebook, sandbox.sts, sandbox.s3]
    const asked = () => parties.map(({ requests }) => requests.length)
    const before = asked()
    const { status, stdout } = await doctor(['--offline'], environmentFor(application.url))
    expect([wrong(stdout), status]).toEqual([[], 0])
    expect(asked()).toEqual(before)
  })

  it('starts with nothing configured', async () => {
    const { status, stdout } = await doctor(['--offline'])
    expect(status).toBe(0)
    expect(stdout).toContain('WARN  sign-in is possible for nobody: no provider is on')
  })

  it('exits 2 with the usage where it is asked for what it does not know', async () => {
    for (const unknown of [['--fix'], ['--url', 'nonsense']]) {
      const { status, stdout, stderr } = await doctor(unknown)
      expect([status, stdout]).toEqual([2, ''])
      expect(stderr).toContain('--trust-policy FILE')
    }
  })

  it('explains itself', async () => {
    expect(await doctor(['--help'])).toMatchObject({
      status: 0,
      stdout: expect.stringContaining('--offline'),
    })
  })

  it('prints no secret, with and without the network, as text and as JSON', async () => {
    const { application, sandbox } = situation
    const ofSandbox = ['AMAZON', 'GOOGLE', 'FACEBOOK'].map(
      (name) => sandbox.environment[`${name}_APP_SECRET`],
    )
    const swapped = { GOOGLE_APP_ID: sound.GOOGLE_APP_SECRET, GOOGLE_APP_SECRET: sound.GOOGLE_APP_ID }
    const runs = await Promise.all([
      doctor([], environmentFor(application.url)),
      doctor(['--json'], environmentFor(application.url)),
      doctor(['--offline'], { ...sound, ...swapped }),
      doctor(['--offline', '--json'], { ...sound, ...swapped }),
    ])
    for (const { stdout, stderr } of runs) {
      expect(stdout.length).toBeGreaterThan(500)
      for (const secret of [...ofSandbox, testSecret, ...Object.values(secrets)]) {
        expect(stdout + stderr).not.toContain(secret)
      }
    }
  })
})

describe('npm run doctor -- --trust-policy', () => {
  const policy = JSON.stringify({
    Version: '2012-10-17',
    Statement: {
      Effect: 'Allow',
      Principal: { Federated: 'accounts.google.com' },
      Action: 'sts:AssumeRoleWithWebIdentity',
    },
  })

  it('looks at a policy in a file', async () => {
    const { status, stdout } = await doctor(['--offline', '--trust-policy', fileWith(policy)], sound)
    expect(status).toBe(1)
    expect(wrong(stdout)).toEqual([
      "FAIL  trust policy has no condition on accounts.google.com:aud: anybody's application could assume the role",
    ])
  })

  it('says so where there is no such file', async () => {
    const { status, stdout } = await doctor(['--offline', '--trust-policy', '/no/such/file'], sound)
    expect([status, wrong(stdout)]).toEqual([1, [expect.stringContaining('--trust-policy cannot be read')]])
  })
})

describe('npm run doctor where PUBLIC_URL shows a certificate that is trusted', () => {
  /** What the doctor says of a server with a certificate for `host` that was made `daysAgo`. */
  async function saidOf(host: string, daysAgo: number) {
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() - daysAgo * 86_400_000 })
    const { key, cert } = selfSigned([host])
    vi.useRealTimers()
    const server = createServer({ key, cert }, (_req, res) => res.end('ok\n')).listen(0, '127.0.0.1')
    onTestFinished(() => void server.close())
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    const environment = environmentFor(`https://localhost:${port}`)
    return wrong((await doctor([], { ...environment, NODE_EXTRA_CA_CERTS: fileWith(cert) })).stdout)
  }

  it('names one that has expired', async () => {
    expect(await saidOf('localhost', 5)).toContain(
      'WARN  PUBLIC_URL shows a certificate that has expired: browsers warn of it',
    )
  })

  it('names one that is for another name', async () => {
    expect(await saidOf('other.example.com', 0)).toContain(
      'WARN  PUBLIC_URL shows a certificate for other names: browsers warn of it',
    )
  })
})

describe('npm run doctor behind a proxy that ends TLS', () => {
  /** An application with `environment`, the proxy in front of it, and what the doctor says of both. */
  async function measured(environment: Record<string, string>, passesClaimsOn = false) {
    const application = await alsoStart(situation.sandbox, environment)
    const proxy = await startTlsProxy(Number(new URL(application.url).port), 0, { passesClaimsOn })
    onTestFinished(() => proxy.close())
    situation.sandbox.registerApplication(proxy.url)
    const trusting = { NODE_EXTRA_CA_CERTS: fileWith(proxy.certificate) }
    return {
      proxy,
      examine: (trust = true) => doctor([], { ...environmentFor(proxy.url), ...(trust && trusting) }),
    }
  }

  it('is content where the proxy sets X-Forwarded-Proto and is believed', async () => {
    const { stdout, status } = await (await measured({})).examine()
    expect([wrong(stdout), status]).toEqual([[], 0])
    expect(stdout).toContain(
      'PUBLIC_URL is reached; redirect URIs and cookies agree with it, whatever a client claims',
    )
  })

  it('names the application that does not believe the proxy', async () => {
    const { stdout, status } = await (await measured({ TRUST_PROXY: 'none' })).examine()
    expect([wrong(stdout), status]).toEqual([
      [
        'FAIL  PUBLIC_URL is https:, but the application sees http: and sends providers the wrong redirect URI',
        'FAIL  TRUST_PROXY believes no proxy of 1: everybody has the address 127.0.0.1, and shares one rate limit',
      ],
      1,
    ])
  })

  it('names the proxy that passes on what a client claims', async () => {
    const { stdout } = await (await measured({}, true)).examine()
    expect(wrong(stdout)).toEqual([
      'FAIL  PUBLIC_URL leads through a proxy that lets any client claim another scheme or host',
    ])
  })

  it('names the application that runs under another PUBLIC_URL', async () => {
    const { stdout } = await (await measured({ PUBLIC_URL: 'https://other.example.com' })).examine()
    expect(wrong(stdout)).toEqual([
      expect.stringMatching(/^FAIL {2}PUBLIC_URL answers 4\d\d to the beginning of a sign-in$/),
    ])
  })

  it('names the certificate that nobody vouches for', async () => {
    const { stdout, status } = await (await measured({})).examine(false)
    expect([wrong(stdout), status]).toEqual([
      ['WARN  PUBLIC_URL shows a certificate that is self-signed: browsers warn of it'],
      0,
    ])
  })
})

import { existsSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo, Server } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { startCompany } from '../../sandbox/identity/company.ts'
import { countOf, gate } from '../sessions/parties.ts'
import { emptyFolder, mainFile, originOf, run, runMain } from './running.ts'

const variablesOfAProvider = ['_APP_ID', '_APP_SECRET', '_ROLE_ARN']

const amazon = {
  AMAZON_APP_ID: 'amzn1.application-oa2-client.0123456789abcdef',
  AMAZON_APP_SECRET: 'amazon-secret-of-this-test',
  AMAZON_ROLE_ARN: 'arn:aws:iam::123456789012:role/web-identity-amazon',
}

describe('node src/main.ts with nothing configured', () => {
  it('is healthy, and says on the login page which buttons are off', async () => {
    const origin = await originOf(runMain())
    const health = await fetch(`${origin}/healthz`)
    expect([health.status, await health.text()]).toEqual([200, 'ok\n'])
    const page = await (await fetch(origin)).text()
    expect(page.match(/not configured/g)).toHaveLength(3)
    for (const label of ['Login with Amazon', 'Sign in with Google', 'Continue with Facebook']) {
      expect(page).toContain(label)
    }
    expect(page).not.toContain('href="/initiateLogin/')
  })

  it('names in the log every variable that is missing', async () => {
    const main = runMain()
    for (const provider of ['amazon', 'google', 'facebook']) {
      const line = await main.says(new RegExp(`.*${provider} is off.*`))
      for (const suffix of variablesOfAProvider) {
        expect(line).toContain(`${provider.toUpperCase()}${suffix} is missing`)
      }
    }
  })

  it('keeps sessions in a file of the working folder', async () => {
    const folder = emptyFolder()
    await originOf(run([process.execPath, mainFile], { PORT: '0' }, folder))
    expect(existsSync(join(folder, 'sessions.sqlite'))).toBe(true)
  })

  it('started as npm start does the same', async () => {
    const main = run(['npm', 'start', '--silent'], { PORT: '0', SESSION_STORE: 'memory:' })
    expect((await fetch(`${await originOf(main)}/healthz`)).status).toBe(200)
  })
})

describe('node src/main.ts refuses to start', () => {
  it('where several variables are malformed: one line names them all and repeats no value', async () => {
    const malformed = {
      PORT: 'eighty-canary',
      SESSION_STORE: 'canary-store:somewhere',
      SESSION_SECRET: 'canary-short',
      AWS_REGION: 'Canary Region',
      SESSION_POLICY: '{"Version":"2012-10-17","Statement":[null]}',
    }
    const { status, stdout, stderr } = await runMain(malformed).ended()
    expect(status).toBe(1)
    expect(stderr.trimEnd().split('\n')).toHaveLength(1)
    for (const variable of Object.keys(malformed)) expect(stderr).toContain(variable)
    expect(stderr + stdout).not.toMatch(/canary|eighty/i)
    expect(stderr + stdout).not.toMatch(/\n\s+at /)
  })

  it('in production without a secret that all instances share, once somebody can sign in', async () => {
    const { status, stderr } = await runMain({ NODE_ENV: 'production', ...amazon }).ended()
    expect(status).toBe(1)
    expect(stderr).toMatch(/^cannot start: SESSION_SECRET is missing[^\n]*\n$/)
    expect(stderr).not.toContain(amazon.AMAZON_APP_SECRET)
  })

  it('where the session file cannot be opened: one line says so', async () => {
    const { status, stderr } = await runMain({ SESSION_STORE: 'sqlite:/no/such/folder/sessions' }).ended()
    expect(status).toBe(1)
    expect(stderr).toMatch(/^cannot start: SESSION_STORE [^\n]*\n$/)
  })

  describe('where its port is taken', () => {
    let other: Server
    beforeAll(async () => {
      other = createServer()
      await new Promise<void>((resolve) => other.listen(0, resolve))
    })
    afterAll(() => void other.close())

    it('and one line names the port', async () => {
      const { port } = other.address() as AddressInfo
      const { status, stdout, stderr } = await runMain({ PORT: String(port) }).ended()
      expect(status).toBe(1)
      expect(stderr).toMatch(new RegExp(`^cannot start: [^\\n]*\\b${port}\\b[^\\n]*\\n$`))
      expect(stdout).not.toContain('listening')
    })
  })
})

describe('node src/main.ts starts', () => {
  it('and begins its log with what the doctor finds without asking anybody', async () => {
    const appId = 'amzn1.application.0123456789abcdef'
    const main = runMain({ ...amazon, AMAZON_APP_ID: appId, AWS_DEFAULT_REGION: 'eu-west-1' })
    await originOf(main)
    const lines = main.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    const before = lines.slice(
      0,
      lines.findIndex(({ msg }) => msg === 'listening'),
    )
    expect(before).toContainEqual(
      expect.objectContaining({ level: 'info', subject: 'amazon', msg: 'amazon is on' }),
    )
    expect(before).toContainEqual(
      expect.objectContaining({ level: 'error', subject: 'AMAZON_APP_ID', mend: expect.any(String) }),
    )
    expect(before).toContainEqual(expect.objectContaining({ level: 'warn', subject: 'AWS_DEFAULT_REGION' }))
  })

  it('in production with a provider and a secret', async () => {
    const environment = { NODE_ENV: 'production', SESSION_SECRET: 'a-secret-of-enough-characters', ...amazon }
    const page = await (await fetch(await originOf(runMain(environment)))).text()
    expect(page).toContain('href="/initiateLogin/amazon"')
    expect(page.match(/not configured/g)).toHaveLength(2)
  })

  it("and reads an OpenID provider's metadata before anybody signs in, who need not wait for them again", async () => {
    const provider = await startCompany({ client: { clientId: 'client', authenticationMethod: 'none' } })
    onTestFinished(() => provider.close())
    const metadata = '/.well-known/openid-configuration'
    const looked = gate()
    provider.faults.plan(metadata, looked.fault)
    const origin = await originOf(
      runMain({ WORK_ISSUER: provider.url, WORK_APP_ID: 'client', WORK_ROLE_ARN: amazon.AMAZON_ROLE_ARN }),
    )
    await looked.reached
    looked.open()
    const pressed = await fetch(`${origin}/initiateLogin/work`, { redirect: 'manual' })
    expect([pressed.status, countOf(provider, metadata)]).toEqual([302, 1])
  })

  it('with a malformed provider switched off, and the log names what is wrong without the value', async () => {
    const main = runMain({ ...amazon, AMAZON_ROLE_ARN: 'arn-canary' })
    const line = await main.says(/.*amazon is off.*/)
    expect(line).toContain('AMAZON_ROLE_ARN must be the ARN of an IAM role')
    expect(main.stdout).not.toMatch(/arn-canary|amazon-secret-of-this-test/)
  })
})

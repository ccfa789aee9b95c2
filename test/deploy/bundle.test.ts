import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { Agent, buildConnector, fetch as undiciFetch } from 'undici'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { startSandbox } from '../../sandbox/sandbox.ts'
import { startTlsProxy, type TlsProxy } from '../../sandbox/tls-proxy.ts'
import { bundle, bundled } from '../../tools/bundle.ts'
import { ada, testSecret } from '../application.ts'
import { HttpBrowser } from '../http-browser.ts'
import { run as startProcess } from '../process/running.ts'
import { freePort, startDynamodb } from '../sessions/engines.ts'
import { nginxIsMissing } from '../sessions/nginx.ts'
import { startPlatformNginx } from './elastic-beanstalk-nginx.ts'
import { readZip } from './read-zip.ts'
import { readYaml } from './template.ts'

const root = join(import.meta.dirname, '../..')
const run = promisify(execFile)

const { option_settings } = readYaml<{ option_settings: Record<string, Record<string, string>> }>(
  '.ebextensions/application.config',
)
const placeholders = {
  ...option_settings['aws:elasticbeanstalk:application:environment'],
  // A CloudFormation function there.
  AWS_REGION: 'eu-west-1',
}

/** Where people come: on the port of its scheme, since the platform's nginx passes the Host on without one. */
const site = 'https://signin.example.com'

/** `fetch` of a browser for which the site's name leads to `balancer`, whose certificate it trusts. */
function fetchBy(balancer: TlsProxy): typeof fetch {
  const { hostname, port } = new URL(balancer.url)
  const connect = buildConnector({ ca: balancer.certificate })
  const agent = new Agent({
    connect: (options, callback) =>
      connect(
        options.hostname === new URL(site).hostname
          ? { ...options, hostname, host: hostname, port, servername: hostname }
          : options,
        callback,
      ),
  })
  onTestFinished(() => agent.destroy())
  const fetching = (url: string, init: object) => undiciFetch(url, { ...init, dispatcher: agent })
  return fetching as unknown as typeof fetch
}

describe('bundle', () => {
  it('has what production needs at its top, and nothing else', async () => {
    const files = readZip(await bundle(root))
    expect([...new Set(files.map(({ name }) => name.split('/')[0]))].sort()).toEqual(bundled)
    expect(bundled).toEqual([
      '.ebextensions',
      '.platform',
      'Procfile',
      'package-lock.json',
      'package.json',
      'public',
      'src',
      'views',
    ])
  })

  it('has no test, secret, database or hidden file', async () => {
    const names = readZip(await bundle(root)).map(({ name }) => name)
    expect(
      names.filter((name) => /\.(test|spec)\.|\.env|\.sqlite|\.pem$|\.key$|node_modules/.test(name)),
    ).toEqual([])
    expect(names.filter((name) => /\/\./.test(name))).toEqual([])
  })

  it('is the same, byte for byte, from two copies of the files', async () => {
    const first = await bundle(root)
    const copy = await mkdtemp(join(tmpdir(), 'bundle-'))
    try {
      // Written anew, in another order, today.
      await unpack(first, copy, (files) => files.toReversed())
      expect((await bundle(copy)).equals(first)).toBe(true)
    } finally {
      await rm(copy, { recursive: true })
    }
  })

  it('says the same of every file: a plain one, of one time', async () => {
    const files = readZip(await bundle(root))
    expect(new Set(files.map(({ mode }) => mode.toString(8)))).toEqual(new Set(['100644']))
    expect(new Set(files.map(({ modified }) => modified))).toEqual(new Set(['1980-01-01 00:00:00']))
  })
})

/** One instance as the platform runs it: unpacked, installed, and started by the line of the Procfile. */
describe('a bundle unpacked and installed without development dependencies', () => {
  let folder: string

  beforeAll(async () => {
    const { stdout } = await run('npm', ['run', '--silent', 'bundle'], { cwd: root })
    const [, path = '', bytes] = /^(\S+\.zip) {2}(\d+) bytes\nSHA-256 [0-9a-f]{64}\n$/.exec(stdout) ?? []
    const zip = await readFile(join(root, path))
    expect(zip).toHaveLength(Number(bytes))
    folder = await mkdtemp(join(tmpdir(), 'deployed-'))
    await unpack(zip, folder)
    await run('npm', ['ci', '--omit=dev', '--no-audit', '--no-fund', '--prefer-offline'], { cwd: folder })
  }, 120_000)
  afterAll(() => rm(folder, { recursive: true, force: true }))

  /** The application with this environment and no other, on a port of 127.0.0.1. */
  async function start(environment: Record<string, string>) {
    const [, command = ''] = /^web: (.*)$/m.exec(await readFile(join(folder, 'Procfile'), 'utf8')) ?? []
    const port = await freePort()
    const main = startProcess(
      ['sh', '-c', `exec ${command}`],
      // Nothing but the Node.js that runs these tests.
      { PATH: `${dirname(process.execPath)}:/usr/bin:/bin`, ...environment, PORT: String(port) },
      folder,
    )
    await main.says(/"msg":"listening"/)
    return { main, port, url: `http://127.0.0.1:${port}` }
  }

  it.each([
    ['an empty environment', {}],
    ['the placeholders of a new Elastic Beanstalk environment', placeholders],
  ])('is healthy with %s, and its login page says that nothing is configured', async (_, environment) => {
    const { main, url } = await start(environment)
    // As a balancer asks: by address, without a cookie, over plain HTTP.
    const health = await fetch(`${url}/healthz`, { headers: { 'user-agent': 'ELB-HealthChecker/2.0' } })
    expect([health.status, await health.text()]).toEqual([200, 'ok\n'])
    const page = await (await fetch(url)).text()
    expect(page).toContain('No identity provider is configured')
    expect(page).not.toContain('href="/initiateLogin/')
    main.signal('SIGTERM')
    expect(await main.ended()).toMatchObject({ status: 0, stderr: '' })
  })

  it('has the doctor with it', async () => {
    const doctor = startProcess(['npm', 'run', '--silent', 'doctor', '--', '--offline'], {}, folder)
    expect(await doctor.ended()).toMatchObject({
      status: 0,
      stdout: expect.stringContaining('WARN  sign-in is possible for nobody: no provider is on'),
    })
  })

  // Browser, balancer that ends TLS, the platform's nginx with the bundle's .platform, application, table.
  it.skipIf(nginxIsMissing)(
    'signs somebody in behind the balancer and the nginx of the platform',
    async () => {
      const [sandbox, table] = await Promise.all([startSandbox(), startDynamodb()])
      onTestFinished(async () => void (await Promise.all([sandbox.close(), table.close()])))
      const { main, port } = await start({
        ...placeholders,
        ...sandbox.environment,
        ...table.environment,
        PUBLIC_URL: site,
        SESSION_SECRET: testSecret,
      })
      const nginx = await startPlatformNginx(join(folder, '.platform'), port)
      onTestFinished(() => nginx.close())
      const balancer = await startTlsProxy(Number(new URL(nginx.url).port))
      onTestFinished(() => balancer.close())
      sandbox.registerApplication(site)
      const browser = new HttpBrowser(fetchBy(balancer))

      // Several sign-ins at once: as many cookies as a browser may send, through nginx's buffers as they are.
      const starts = []
      for (const provider of ['google', 'facebook', 'google', 'amazon', 'amazon'] as const) {
        starts.push(await browser.get(`${site}/initiateLogin/${provider}`))
      }
      const { location = '' } = starts.at(-1) ?? {}
      expect(new URL(location).searchParams.get('redirect_uri')).toBe(`${site}/oauth2callback/amazon`)
      const callback = await browser.get(await browser.continueAs(ada.subjects.amazon, location))
      expect([callback.status, callback.location]).toEqual([303, `${site}/s3/`])
      expect(callback.headers.getSetCookie()).toContainEqual(
        expect.stringMatching(/^__Host-session=.*; HttpOnly; Secure/),
      )
      const page = await browser.get(`${site}/s3/`)
      expect(page.status).toBe(200)
      expect(page.body).toContain('Hello, <bdi>Ada Example</bdi>')
      expect(page.body).toContain('analytics-landing-zone')
      expect((await table.records()).length).toBeGreaterThan(0)

      const refusal = async (bytes: number) => {
        const { status, body } = await browser.post(
          `${site}/oauth2callback/amazon`,
          { a: 'x'.repeat(bytes) },
          { origin: site },
        )
        return `${status} ${/request\.too_large|nginx/.exec(body)}`
      }
      expect(await refusal(40_000)).toBe('413 request.too_large')
      expect(await refusal(2_000_000)).toBe('413 nginx')

      expect(await nginx.logs()).toContain('"GET /oauth2callback/amazon HTTP/1.1" 303')
      expect((await nginx.logs()) + main.stdout).not.toMatch(/[?&]code=/)
      main.signal('SIGTERM')
      expect(await main.ended()).toMatchObject({ status: 0 })
    },
  )
})

type Files = ReturnType<typeof readZip>

async function unpack(zip: Buffer, folder: string, order: (files: Files) => Files = (files) => files) {
  for (const { name, content } of order(readZip(zip))) {
    await mkdir(dirname(join(folder, name)), { recursive: true })
    await writeFile(join(folder, name), content)
  }
}

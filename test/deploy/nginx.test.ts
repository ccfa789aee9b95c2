import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import { type AddressInfo, createServer as createNetServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'

const root = join(import.meta.dirname, '../..')
const hasNginx = spawnSync('nginx', ['-v']).status === 0

async function listen(server: Server | ReturnType<typeof createNetServer>): Promise<number> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

async function freePort(): Promise<number> {
  const server = createNetServer()
  const port = await listen(server)
  server.close()
  return port
}

/** Replaces `words` in all files of `folder`. */
async function replaceIn(folder: string, words: Record<string, string>): Promise<void> {
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue
    const path = join(entry.parentPath, entry.name)
    const text = Object.entries(words).reduce(
      (text, [word, value]) => text.replaceAll(word, value),
      await readFile(path, 'utf8'),
    )
    await writeFile(path, text)
  }
}

// Only where there is an nginx, as on the platform itself: its configuration language has no other reader.
describe.skipIf(!hasNginx)('nginx with .platform/nginx', () => {
  const received: IncomingMessage[] = []
  const application = createServer((req, res) => {
    received.push(req)
    res.end('ok')
  })
  let folder: string
  let url: string
  let nginx: ChildProcess

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'nginx-'))
    const log = join(folder, 'log')
    // The worker that opens the hourly file is another user when this one is root.
    await mkdir(join(log, 'healthd'), { recursive: true })
    const conf = join(folder, 'conf')
    await cp(join(root, '.platform/nginx'), conf, { recursive: true })
    await cp(join(import.meta.dirname, 'elastic-beanstalk-nginx.conf'), join(conf, 'nginx.conf'))
    const port = await freePort()
    const upstream = await listen(application)
    await replaceIn(conf, {
      '/var/log/nginx': log,
      '127.0.0.1:8080': `127.0.0.1:${upstream}`,
      LOG: log,
      CONF: conf,
      PORT: String(port),
    })
    const globals = `daemon off;${process.getuid?.() === 0 ? ' user root;' : ''}`
    nginx = spawn('nginx', ['-e', join(log, 'error.log'), '-c', join(conf, 'nginx.conf'), '-g', globals])
    url = `http://127.0.0.1:${port}`
    await vi.waitFor(() => fetch(url), 5_000)
  })
  afterAll(async () => {
    application.close()
    application.closeAllConnections()
    if (nginx?.exitCode === null && nginx.kill()) await once(nginx, 'exit')
    await rm(folder, { recursive: true, force: true })
  })

  const logs = async () => {
    const files = await readdir(join(folder, 'log'), { recursive: true, withFileTypes: true })
    const texts = files
      .filter((file) => file.isFile() && file.name !== 'nginx.pid')
      .map((file) => readFile(join(file.parentPath, file.name), 'utf8'))
    return (await Promise.all(texts)).join('\n')
  }
  const codes = async () => (await logs()).match(/code-\w+/g) ?? []

  it('passes a callback on as it came, with its code and the forwarded headers', async () => {
    await fetch(`${url}/oauth2callback/amazon?code=code-a&state=s`, {
      headers: { 'x-forwarded-proto': 'https', 'x-forwarded-for': '203.0.113.9' },
    })
    expect(received.at(-1)).toMatchObject({
      url: '/oauth2callback/amazon?code=code-a&state=s',
      headers: { 'x-forwarded-proto': 'https', 'x-forwarded-for': '203.0.113.9, 127.0.0.1' },
    })
  })

  it('logs the callback, for people and for enhanced health, without its query string or referrer', async () => {
    await fetch(`${url}/oauth2callback/google?code=code-b`, {
      headers: { referer: 'https://idp.example/?code-c' },
    })
    await expect.poll(logs).toContain('"GET /oauth2callback/google HTTP/1.1" 200')
    await expect.poll(logs).toMatch(/^[\d.]+"\/oauth2callback\/google"200"/m)
    expect(await codes()).toEqual([])
  })

  it('logs other requests as ever', async () => {
    await fetch(`${url}/s3/?page=2`)
    await expect.poll(logs).toContain('"GET /s3/?page=2 HTTP/1.1" 200')
  })

  it('writes no code to the error log either, when the application is away', async () => {
    application.close()
    application.closeAllConnections()
    await once(application, 'close')
    expect((await fetch(`${url}/oauth2callback/amazon?code=code-d`)).status).toBe(502)
    await fetch(`${url}/?tell-when-written`)
    await expect.poll(logs).toContain('tell-when-written')
    expect(await codes()).toEqual([])
  })
})

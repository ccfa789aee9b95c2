import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { vi } from 'vitest'
import { freePort } from '../sessions/engines.ts'

/** The nginx of the platform, extended by a `.platform` folder. */
export interface PlatformNginx {
  url: string
  /** All that it has logged so far. */
  logs(): Promise<string>
  close(): Promise<void>
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

/** Starts nginx as Elastic Beanstalk does in front of `applicationPort`, with what stands in `platform`/nginx. */
export async function startPlatformNginx(platform: string, applicationPort: number): Promise<PlatformNginx> {
  const folder = await mkdtemp(join(tmpdir(), 'nginx-'))
  const [log, conf] = [join(folder, 'log'), join(folder, 'conf')]
  // The worker that opens the hourly file is another user when this one is root.
  await mkdir(join(log, 'healthd'), { recursive: true })
  await cp(join(platform, 'nginx'), conf, { recursive: true })
  await cp(join(import.meta.dirname, 'elastic-beanstalk-nginx.conf'), join(conf, 'nginx.conf'))
  const port = await freePort()
  await replaceIn(conf, {
    '/var/log/nginx': log,
    '127.0.0.1:8080': `127.0.0.1:${applicationPort}`,
    LOG: log,
    CONF: conf,
    PORT: String(port),
  })
  const globals = `daemon off;${process.getuid?.() === 0 ? ' user root;' : ''}`
  const nginx = spawn('nginx', ['-e', join(log, 'error.log'), '-c', join(conf, 'nginx.conf'), '-g', globals])
  const url = `http://127.0.0.1:${port}`
  await vi.waitFor(() => fetch(url), 5_000)
  return {
    url,
    async logs() {
      const files = await readdir(log, { recursive: true, withFileTypes: true })
      const texts = files
        .filter((file) => file.isFile() && file.name !== 'nginx.pid')
        .map((file) => readFile(join(file.parentPath, file.name), 'utf8'))
      return (await Promise.all(texts)).join('\n')
    },
    async close() {
      if (nginx.exitCode === null && nginx.kill()) await once(nginx, 'exit')
      await rm(folder, { recursive: true, force: true })
    },
  }
}

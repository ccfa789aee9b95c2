import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { vi } from 'vitest'
import { freePort, temporaryFolder } from './engines.ts'

/** True where nginx is not installed; says so in the output. */
export const nginxIsMissing = spawnSync('nginx', ['-v']).status !== 0
if (nginxIsMissing) console.warn('nginx is not on the PATH: the tests that need it are SKIPPED')

/** As Elastic Beanstalk sets nginx up, but with several instances behind it: kept-alive connections, no stickiness. */
const configuration = (folder: string, port: number, ports: number[], address: string) => `
daemon off;
master_process off;
pid ${folder}/pid;
error_log ${folder}/error.log;
events {}
http {
  access_log off;
  ${['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((kind) => `${kind}_temp_path ${folder}/${kind};`).join(' ')}
  upstream instances {
    ${ports.map((one) => `server 127.0.0.1:${one} max_fails=0;`).join(' ')}
    keepalive 16;
  }
  server {
    listen 127.0.0.1:${port};
    location / {
      proxy_pass http://instances;
      proxy_bind ${address};
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $http_host;
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
      proxy_set_header X-Forwarded-Proto $scheme;
    }
  }
}
`

/** Starts a real nginx in front of these ports of 127.0.0.1, to which it comes from `address`. */
export async function startNginx(
  ports: number[],
  address = '127.0.0.1',
): Promise<{ url: string; close(): Promise<void> }> {
  const [folder, port] = [temporaryFolder(), await freePort()]
  const file = join(folder, 'nginx.conf')
  writeFileSync(file, configuration(folder, port, ports, address))
  const nginx = spawn('nginx', ['-p', folder, '-c', file], { stdio: 'inherit' })
  const url = `http://127.0.0.1:${port}`
  await vi.waitFor(() => fetch(`${url}/healthz`), { timeout: 5_000, interval: 20 })
  return {
    url,
    async close() {
      nginx.kill('SIGTERM')
      await once(nginx, 'exit')
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

import { type IncomingMessage, request, type ServerResponse } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { selfSigned } from './certificate.ts'

/** HTTPS on loopback in front of a server that speaks plain HTTP, as a balancer stands in front of it in production. */
export interface TlsProxy {
  /** `https://localhost:41234`. */
  url: string
  /** PEM: what a client must trust. */
  certificate: string
  close(): Promise<void>
}

export interface TlsProxyOptions {
  /** Believes a client that already says X-Forwarded-Proto, as no proxy should. Default: false. */
  passesClaimsOn?: boolean
}

/** What a balancer says of the connection; what the client said of it does not count. */
const forwarded = ({ headers, socket }: IncomingMessage, { passesClaimsOn = false }: TlsProxyOptions) => ({
  ...headers,
  'x-forwarded-proto': (passesClaimsOn && headers['x-forwarded-proto']) || 'https',
  'x-forwarded-for': [headers['x-forwarded-for'], socket.remoteAddress].filter(Boolean).join(', '),
})

function forward(
  targetPort: number,
  options: TlsProxyOptions,
  req: IncomingMessage,
  res: ServerResponse,
): void {
  const { method, url: path } = req
  const onward = request(
    { host: '127.0.0.1', port: targetPort, method, path, headers: forwarded(req, options) },
    (answer) => {
      res.writeHead(answer.statusCode ?? 502, answer.rawHeaders)
      answer.pipe(res)
    },
  )
  onward.on('error', () => {
    if (res.headersSent) res.destroy()
    else res.writeHead(502, { 'content-type': 'text/plain' }).end('nobody answers behind the proxy\n')
  })
  res.on('close', () => onward.destroy())
  req.pipe(onward)
}

/**
 * Starts it with a certificate made for the occasion, on `port` of 127.0.0.1; 0 takes a free one.
 * @throws Error with the code of the system where the port cannot be had
 */
export async function startTlsProxy(
  targetPort: number,
  port = 0,
  options: TlsProxyOptions = {},
): Promise<TlsProxy> {
  const { key, cert } = selfSigned(['localhost', '127.0.0.1'])
  const server = createServer({ key, cert }, (req, res) => forward(targetPort, options, req, res))
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', resolve)
  })
  return {
    url: `https://localhost:${(server.address() as AddressInfo).port}`,
    certificate: cert,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

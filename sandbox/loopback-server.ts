import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Faults } from './faults.ts'

/** One request as it arrived, for tests that count attempts or look for leaked secrets. */
interface RecordedRequest {
  method: string
  /** Path and query string as sent. */
  url: string
  headers: IncomingMessage['headers']
}

/** An HTTP server on 127.0.0.1 that remembers what it was asked and can be told to misbehave. */
export interface LoopbackServer {
  /** Origin, without a trailing slash: `http://127.0.0.1:41234`. */
  url: string
  faults: Faults
  requests: RecordedRequest[]
  /** Ends every connection and stops listening. */
  close(): Promise<void>
}

/** Starts `listener` on 127.0.0.1. `port` 0, the default, takes a free one. */
export async function listenOnLoopback(listener: RequestListener, port = 0): Promise<LoopbackServer> {
  const faults = new Faults()
  const requests: RecordedRequest[] = []
  const server = createServer((req: IncomingMessage, res: ServerResponse) => {
    requests.push({ method: req.method ?? '', url: req.url ?? '', headers: req.headers })
    faults.apply(req, res, () => listener(req, res))
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', resolve)
  })
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    faults,
    requests,
    close: () =>
      new Promise((resolve, reject) => {
        server.close((error) => (error ? reject(error) : resolve()))
        server.closeAllConnections()
      }),
  }
}

import { once } from 'node:events'
import { Agent, createServer, type IncomingMessage, request, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'

/** A reverse proxy without stickiness: every request goes to the next instance in turn. */
export interface Balancer {
  /** Origin that browsers know. */
  url: string
  /** Ports behind it; changed while it runs. */
  ports: number[]
  /** Port that served each request, in order. */
  served: number[]
  /** Requests that were sent to another instance since the first did not answer. */
  retried: number
  close(): Promise<void>
}

/** Starts a balancer. Connections to the instances are kept alive, as nginx and Amazon's balancers keep them. */
export async function startBalancer(): Promise<Balancer> {
  const agent = new Agent({ keepAlive: true, maxSockets: 20 })
  let turn = 0

  const forward = (req: IncomingMessage, res: ServerResponse, body: string, attemptsLeft: number) => {
    const port = balancer.ports[turn++ % balancer.ports.length]
    if (port === undefined) return void res.writeHead(503).end('no instance')
    const { method, url: path, headers } = req
    const passedOn = request({ port, host: '127.0.0.1', method, path, headers, agent }, (answer) => {
      balancer.served.push(port)
      res.writeHead(answer.statusCode ?? 502, answer.rawHeaders)
      answer.pipe(res)
      answer.on('error', () => res.destroy())
    })
    passedOn.on('error', () => {
      if (res.headersSent) return
      if (attemptsLeft === 0) return void res.writeHead(502).end('no instance answers')
      balancer.retried += 1
      forward(req, res, body, attemptsLeft - 1)
    })
    passedOn.end(body)
  }

  const server = createServer((req, res) => {
    void text(req).then((body) => forward(req, res, body, 2))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const balancer: Balancer = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    ports: [],
    served: [],
    retried: 0,
    async close() {
      agent.destroy()
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
  return balancer
}

import { setTimeout } from 'node:timers/promises'
import type { RequestHandler } from 'express'

/** `GET /healthz`: the process serves. Plain HTTP, any Host, no cookie: balancers ask by address. */
export const alive: RequestHandler = function alive(_req, res) {
  res.set('Cache-Control', 'no-store').type('text').send('ok\n')
}

const checkTimeoutMs = 2_500

/**
 * `GET /readyz`: whether people can be served; red while the session store is away. A process that stops takes no new
 * connection, and so fails this too.
 * `check` rejects where the store does not answer.
 */
export const ready = (check: () => Promise<void>): RequestHandler =>
  async function ready(_req, res) {
    const isReady = await Promise.race([
      check().then(
        () => true,
        () => false,
      ),
      setTimeout(checkTimeoutMs, false, { ref: false }),
    ])
    res
      .status(isReady ? 200 : 503)
      .set('Cache-Control', 'no-store')
      .type('text')
      .send(isReady ? 'ready\n' : 'the session store does not answer\n')
  }

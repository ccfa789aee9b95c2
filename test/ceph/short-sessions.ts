import { text } from 'node:stream/consumers'
import { type LoopbackServer, listenOnLoopback } from '../../sandbox/loopback-server.ts'

/**
 * Stands before the STS of the gateway and asks it for role sessions of `seconds`, whatever the application asks for:
 * it may ask for no less than 15 minutes. What comes back is the gateway's own answer.
 */
export const startShortSessions = (gatewayUrl: string, seconds: number): Promise<LoopbackServer> =>
  listenOnLoopback(async (req, res) => {
    // Not parsed: a form would write spaces as `+`, which the gateway does not read as such.
    const body = (await text(req)).replace(/\bDurationSeconds=\d+/, `DurationSeconds=${seconds}`)
    const contentType = req.headers['content-type'] ?? ''
    const answer = await fetch(gatewayUrl, {
      method: 'POST',
      headers: { 'content-type': contentType },
      body,
    })
    res.writeHead(answer.status, { 'content-type': answer.headers.get('content-type') ?? '' })
    res.end(await answer.text())
  })

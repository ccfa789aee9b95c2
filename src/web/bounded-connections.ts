import type { RequestListener } from 'node:http'
import type { Socket } from 'node:net'

/** Neither browsers nor proxies send the next request before they have the answer to the one before. */
const mostUnderWay = 8

/**
 * Hangs up on a connection that sends one request after the other without waiting for answers (RFC 9112, section 9.3.2):
 * all that it sends at once would be worked on at once, and kept until it is read. A request with a body is its
 * connection's last, so that no body is read on after the answer.
 */
export function boundConnections(listener: RequestListener): RequestListener {
  const underWay = new WeakMap<Socket, number>()
  return (req, res) => {
    const { socket } = req
    const count = (underWay.get(socket) ?? 0) + 1
    if (count > mostUnderWay) {
      socket.destroy()
      return
    }
    underWay.set(socket, count)
    res.once('close', () => underWay.set(socket, (underWay.get(socket) ?? 1) - 1))
    const { 'content-length': length = '0', 'transfer-encoding': coding } = req.headers
    if (length !== '0' || coding !== undefined) res.shouldKeepAlive = false
    listener(req, res)
  }
}

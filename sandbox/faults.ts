import type { IncomingMessage, ServerResponse } from 'node:http'

/** Takes the place of the real answer, or calls `answer` to let it through. */
export type Fault = (req: IncomingMessage, res: ServerResponse, answer: () => void) => void

/** The faults that one server has been told to commit, each for a path and a number of requests. */
export class Faults {
  #planned: { path: string; fault: Fault; times: number }[] = []

  /** Plans `fault` for the next `times` requests (default 1) whose path is exactly `path`. */
  plan(path: string, fault: Fault, times = 1): void {
    this.#planned.push({ path, fault, times })
  }

  /** Forgets everything planned. */
  clear(): void {
    this.#planned = []
  }

  apply(req: IncomingMessage, res: ServerResponse, answer: () => void): void {
    const path = (req.url ?? '').split('?', 1)[0]
    const planned = this.#planned.find((one) => one.path === path && one.times > 0)
    if (!planned) {
      answer()
      return
    }
    planned.times -= 1
    planned.fault(req, res, answer)
  }
}

/** Answers with this status, body and headers, whatever was asked. */
export const answerWith =
  (status: number, body: string | Buffer = '', headers: Record<string, string> = {}): Fault =>
  (_req, res) => {
    res.writeHead(status, { 'content-type': 'text/plain', ...headers }).end(body)
  }

/** Answers with JSON, status 200 unless told otherwise. */
export const answerJson = (body: unknown, status = 200): Fault =>
  answerWith(status, JSON.stringify(body), { 'content-type': 'application/json' })

/** Answers truthfully, but `delayMs` milliseconds late. */
export const delay =
  (delayMs: number): Fault =>
  (_req, res, answer) => {
    const timer = setTimeout(answer, delayMs)
    res.once('close', () => clearTimeout(timer))
  }

/** Accepts the request and never answers. */
export const hang: Fault = () => {}

/** Closes the connection without an answer. */
export const resetConnection: Fault = (req) => {
  req.socket.destroy()
}

/** Promises `body` and closes the connection half way through it. */
export const cutShort =
  (body: string, contentType = 'application/json'): Fault =>
  (req, res) => {
    res.writeHead(200, { 'content-type': contentType, 'content-length': Buffer.byteLength(body) })
    res.write(body.slice(0, body.length / 2), () => req.socket.destroy())
  }

/** Sends `bytes` bytes of JSON string, until the other side has had enough. */
export const flood =
  (bytes: number): Fault =>
  (_req, res) => {
    const chunk = Buffer.alloc(64 * 1024, 'x')
    let left = bytes
    res.writeHead(200, { 'content-type': 'application/json' })
    res.write('"')
    const send = () => {
      while (left > 0 && !res.destroyed) {
        left -= chunk.length
        if (!res.write(chunk)) return void res.once('drain', send)
      }
      res.end('"')
    }
    send()
  }

/** Lets the real answer through with its JSON body changed by `change`. */
export const rewriteJson =
  // biome-ignore lint/suspicious/noExplicitAny: the body is whatever JSON the provider speaks
    (change: (body: any) => unknown): Fault =>
    (_req, res, answer) => {
      const chunks: Buffer[] = []
      const end = res.end.bind(res)
      const keep = (chunk: unknown) => {
        if (typeof chunk === 'string' || chunk instanceof Uint8Array) chunks.push(Buffer.from(chunk))
      }
      res.write = ((chunk: unknown) => {
        keep(chunk)
        return true
      }) as typeof res.write
      res.end = ((chunk: unknown) => {
        keep(chunk)
        const body = JSON.stringify(change(JSON.parse(Buffer.concat(chunks).toString())))
        res.setHeader('content-length', Buffer.byteLength(body))
        return end(body)
      }) as typeof res.end
      answer()
    }

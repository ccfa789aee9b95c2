import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

/** An answer, as far as a load generator looks at it. */
export interface Answer {
  status: number
  /** Status line and header lines. */
  head: string
}

const headEnd = '\r\n\r\n'
const lastChunk = Buffer.from('\r\n0\r\n\r\n')

/** Where an answer ends: after so many bytes, or with the last chunk; `undefined` where it does not tell. */
function endOf(head: string, bodyStart: number): number | 'chunked' | undefined {
  const [, length] = /^content-length: *(\d+)/im.exec(head) ?? []
  if (length !== undefined) return bodyStart + Number(length)
  return /^transfer-encoding: *chunked/im.test(head) ? 'chunked' : undefined
}

/**
 * One keep-alive connection, one request at a time. Reads no more of an answer than it must: a client that costs as
 * much as the server would measure itself.
 */
export class Connection {
  readonly #port: number
  readonly #host: string
  #socket: Socket | undefined

  constructor(origin: string) {
    const { port, hostname } = new URL(origin)
    this.#port = Number(port)
    this.#host = hostname
  }

  /** Sends a GET. `headers`: whole lines, each with its CRLF. Connects where there is no connection. */
  async get(path: string, headers = ''): Promise<Answer> {
    const socket = await this.#connected()
    const answer = this.#read(socket)
    socket.write(`GET ${path} HTTP/1.1\r\nHost: ${this.#host}:${this.#port}\r\n${headers}\r\n`)
    const { head, status } = await answer
    if (/^connection: *close/im.test(head)) this.close()
    return { head, status }
  }

  close(): void {
    this.#socket?.destroy()
    this.#socket = undefined
  }

  async #connected(): Promise<Socket> {
    if (this.#socket && !this.#socket.destroyed) return this.#socket
    const socket = connect(this.#port, this.#host)
    await once(socket, 'connect')
    // Errors are met where an answer is read.
    socket.setNoDelay(true).on('error', () => {})
    this.#socket = socket
    return socket
  }

  #read(socket: Socket): Promise<Answer> {
    const { promise, resolve, reject } = Promise.withResolvers<Answer>()
    let answer: Answer | undefined
    let end: ReturnType<typeof endOf>
    let received = 0
    /** The head while it is not whole; of what comes in chunks, the last bytes. */
    let kept: Buffer = Buffer.alloc(0)
    const onData = (data: Buffer) => {
      received += data.length
      if (!answer || end === 'chunked') kept = kept.length === 0 ? data : Buffer.concat([kept, data])
      if (!answer) {
        const bodyStart = kept.indexOf(headEnd) + headEnd.length
        if (bodyStart < headEnd.length) return
        const head = kept.toString('latin1', 0, bodyStart)
        answer = { status: Number(head.slice(9, 12)), head }
        end = endOf(head, bodyStart)
        if (end === undefined) {
          finish(() => reject(new Error(`an answer without a length:\n${head}`)))
          return
        }
      }
      if (end === 'chunked') kept = kept.subarray(-lastChunk.length)
      const isWhole = end === 'chunked' ? kept.equals(lastChunk) : received >= Number(end)
      if (isWhole) finish(() => resolve(answer as Answer))
    }
    const onClose = () => finish(() => reject(new Error('the connection ended before the answer')))
    const finish = (settle: () => void) => {
      socket.off('data', onData).off('close', onClose)
      settle()
    }
    socket.on('data', onData).on('close', onClose)
    return promise
  }
}

import { addAbortListener } from 'node:events'
import { promisify } from 'node:util'
import { brotliDecompress, gunzip, inflate } from 'node:zlib'
import type { Agent, Dispatcher } from 'undici'
import type { HeaderFields } from './exchange.ts'
import { UnusableAnswer } from './unusable-answer.ts'

/** Far above the largest discovery document, key set or profile; in bytes, before decompression and after it. */
const largestAnswerBytes = 1024 * 1024

/** What a provider is asked. Names of headers in lower case. */
export interface HttpRequest {
  method?: string | undefined
  headers?: Readonly<Record<string, string>>
  body?: string | undefined
  /** Ends the call early. */
  signal?: AbortSignal | undefined
}

/** What a provider answered, all of it. */
export interface HttpAnswer {
  status: number
  headers: HeaderFields
  body: Buffer
}

const tooLarge = () => new UnusableAnswer(`more than ${largestAnswerBytes} bytes`)

const timedOut = () => new DOMException('the provider took too long', 'TimeoutError')

/** The Fetch API reports every network failure as a TypeError with a cause. */
const networkFailure = (cause: unknown): TypeError => new TypeError('fetch failed', { cause })

type Decoder = (body: Buffer, options: { maxOutputLength: number }) => Promise<Buffer>

/**
 * Not asked for, but a provider may compress all the same.
 * @see RFC 9110, section 8.4.1 (Content Codings)
 */
const decoders = new Map<string, Decoder>([
  ['gzip', promisify(gunzip)],
  ['x-gzip', promisify(gunzip)],
  ['deflate', promisify(inflate)],
  ['br', promisify(brotliDecompress)],
])

async function decoded({ status, headers, body }: HttpAnswer): Promise<HttpAnswer> {
  const coding = String(headers['content-encoding'] ?? 'identity').toLowerCase()
  // Where there is nothing in it, it does not matter what it says.
  if (coding === 'identity' || body.length === 0) return { status, headers, body }
  const decoder = decoders.get(coding)
  if (!decoder) throw new UnusableAnswer(`compressed as ${coding}, which was not asked for`)
  const plain = decoder(body, { maxOutputLength: largestAnswerBytes }).catch((cause) => {
    throw cause.code === 'ERR_BUFFER_TOO_LARGE' ? tooLarge() : networkFailure(cause)
  })
  return { status, headers, body: await plain }
}

/** The limits of one call: whichever is reached first. */
interface Limits {
  timeoutMs: number
  signals: readonly AbortSignal[]
}

/** By `dispatch`: the streams and controllers of undici's `request` and `fetch` are most of what a small call costs. */
function dispatch(
  agent: Agent,
  url: URL,
  { method = 'GET', headers = {}, body }: HttpRequest,
  { timeoutMs, signals }: Limits,
): Promise<HttpAnswer> {
  const { promise, resolve, reject } = Promise.withResolvers<HttpAnswer>()
  const chunks: Buffer[] = []
  let size = 0
  let status = 0
  let answerHeaders: HttpAnswer['headers'] = {}
  let controller: Dispatcher.DispatchController | undefined
  let givenUp: Error | undefined
  const giveUp = (reason: Error) => {
    givenUp ??= reason
    reject(givenUp)
    controller?.abort(givenUp)
  }
  const timer = setTimeout(() => giveUp(timedOut()), timeoutMs)
  const listeners = signals.map((signal) => addAbortListener(signal, () => giveUp(signal.reason)))
  agent.dispatch(
    {
      origin: url.origin,
      path: url.pathname + url.search,
      method: method as Dispatcher.HttpMethod,
      headers,
      body: body ?? null,
    },
    {
      onRequestStart(started) {
        controller = started
        if (givenUp) started.abort(givenUp)
      },
      onResponseStart(_controller, statusCode, headers) {
        if (statusCode > 599) giveUp(new UnusableAnswer(`status ${statusCode}`))
        status = statusCode
        answerHeaders = headers
      },
      onResponseData(_controller, chunk) {
        size += chunk.length
        if (size > largestAnswerBytes) giveUp(tooLarge())
        else chunks.push(chunk)
      },
      onResponseEnd: () => resolve({ status, headers: answerHeaders, body: Buffer.concat(chunks) }),
      onResponseError: (_controller, error) => reject(networkFailure(error)),
    },
  )
  return promise.finally(() => {
    clearTimeout(timer)
    for (const listener of listeners) listener[Symbol.dispose]()
  })
}

/**
 * Sends one request, and reads all of the answer.
 * @throws DOMException named TimeoutError, whatever a signal was aborted with, TypeError with a network `cause` as the
 * Fetch API has it, or UnusableAnswer
 */
export const sendRequest = async (
  agent: Agent,
  url: URL,
  request: HttpRequest,
  limits: Limits,
): Promise<HttpAnswer> => decoded(await dispatch(agent, url, request, limits))

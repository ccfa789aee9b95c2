import { addAbortListener } from 'node:events'
import { setTimeout as pause } from 'node:timers/promises'
import { promisify } from 'node:util'
import { brotliDecompress, gunzip, inflate } from 'node:zlib'
import { Agent, type Dispatcher, type RequestInit } from 'undici'
import type { HeaderFields } from './exchange.ts'
import { requestContext } from './request-context.ts'
import type { UpstreamCall } from './upstream-call.ts'

/** The whole time that one call to an identity provider may take, in milliseconds. */
const callTimeoutMs = 8_000
const connectTimeoutMs = 3_000
/** Far above the largest discovery document, key set or profile; in bytes, before decompression and after it. */
const largestAnswerBytes = 1024 * 1024
/** The longest Retry-After that is waited for, in milliseconds. */
const longestPauseMs = 1_000

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

/** HTTP to identity providers. */
export interface HttpClient {
  /**
   * Redirects are handed back, not followed. A GET that meets a network failure, a 5xx or a 429 is tried once more,
   * within the same time.
   * @throws DOMException named TimeoutError, TypeError with a network `cause`, or UnusableAnswer
   */
  request(url: string | URL, request?: HttpRequest): Promise<HttpAnswer>
  /** The same in the shape of the Fetch API, as openid-client and jose expect it. */
  fetch(url: string | URL, init?: RequestInit): Promise<Response>
  /** The same without the second try: for a GET that uses something up. */
  fetchOnce(url: string | URL, init?: RequestInit): Promise<Response>
  close(): Promise<void>
}

/** What came is no answer that any honest provider gives: far too much of it, an impossible status or coding. */
export class UnusableAnswer extends Error {
  override readonly name = 'UnusableAnswer'
}

const tooLarge = () => new UnusableAnswer(`more than ${largestAnswerBytes} bytes`)

const timedOut = () => new DOMException('the provider took too long', 'TimeoutError')

/** The Fetch API reports every network failure as a TypeError with a cause. */
const networkFailure = (cause: unknown): TypeError => new TypeError('fetch failed', { cause })

const isNetworkFailure = (error: unknown): boolean => error instanceof TypeError && error.cause !== undefined

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

/**
 * How long to wait before a failed GET is tried again, in milliseconds, with jitter lest everybody comes back at once;
 * `undefined`: it did not fail, or the provider wants to be left alone for longer.
 * @see RFC 9110, section 10.2.3 (Retry-After)
 */
function pauseAfter({ status, headers }: HttpAnswer): number | undefined {
  if (status < 500 && status !== 429) return undefined
  const retryAfter = String(headers['retry-after'] ?? '0')
  const askedMs = /^\d+$/.test(retryAfter) ? Number(retryAfter) * 1000 : Date.parse(retryAfter) - Date.now()
  return askedMs <= longestPauseMs ? Math.max(askedMs, 0) + jitterMs() : undefined
}

const jitterMs = (): number => 50 + Math.random() * 150

/** The limits of one call: whichever is reached first. */
interface Limits {
  timeoutMs: number
  signals: readonly AbortSignal[]
}

/**
 * Sends one request, and reads all of the answer. By `dispatch`: the streams and controllers of undici's `request` and
 * `fetch` are most of what a small call costs.
 */
function exchange(
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

function requestOf({ method, headers, body, signal }: RequestInit): HttpRequest {
  const given = Object.fromEntries(new Headers(headers as HeadersInit))
  if (body instanceof URLSearchParams) {
    given['content-type'] ??= 'application/x-www-form-urlencoded;charset=UTF-8'
  }
  return {
    method,
    headers: given,
    body: body == null ? undefined : String(body),
    signal: signal ?? undefined,
  }
}

function responseOf({ status, headers, body }: HttpAnswer): Response {
  const pairs = Object.entries(headers).flatMap(([name, value = '']) =>
    [value].flat().map((one): [string, string] => [name, one]),
  )
  // Response refuses a body that a 205 may not have. (RFC 9110, section 15.3.6)
  const bytes = body.length > 0 && status !== 205 ? new Uint8Array(body) : null
  return new Response(bytes, { status, headers: pairs })
}

/** One pool of kept-alive connections per provider host, shared by the whole process. */
export function createHttpClient(onFinished: (call: UpstreamCall) => void): HttpClient {
  const agent = new Agent({ connect: { timeout: connectTimeoutMs }, keepAliveTimeout: 30_000, pipelining: 1 })

  const request = async (
    input: string | URL,
    { method = 'GET', headers, body, signal }: HttpRequest,
    tries: number,
  ): Promise<HttpAnswer> => {
    const url = new URL(input)
    const asked = {
      method,
      headers: { 'user-agent': 'web-identity-federation', ...headers, 'accept-encoding': 'identity' },
      body,
    }
    const signals = [signal, requestContext()?.deadline].filter((one) => one !== undefined)
    const startedAt = performance.now()
    const finished = (attempts: number, answer?: HttpAnswer) => {
      const durationMs = performance.now() - startedAt
      onFinished({
        call: `${method} ${url.host}${url.pathname}`,
        status: answer?.status,
        durationMs: Math.round(durationMs),
        attempts,
      })
      requestContext()?.recorder?.exchange({
        over: 'http',
        url,
        ...asked,
        body: body ?? '',
        answer: answer && { ...answer, body: answer.body.toString() },
        startedAt,
        durationMs,
        attempts,
      })
    }
    const ask = async (): Promise<HttpAnswer> => {
      for (const one of signals) one.throwIfAborted()
      const timeoutMs = callTimeoutMs - (performance.now() - startedAt)
      return decoded(await exchange(agent, url, asked, { timeoutMs, signals }))
    }
    for (let attempt = 1; ; attempt += 1) {
      const outcome = await ask().then(
        (answer) => ({ answer, pauseMs: pauseAfter(answer) }),
        (error: unknown) => ({ error, pauseMs: isNetworkFailure(error) ? jitterMs() : undefined }),
      )
      const { pauseMs } = outcome
      if (attempt === tries || pauseMs === undefined) {
        if ('error' in outcome) {
          finished(attempt)
          throw outcome.error
        }
        finished(attempt, outcome.answer)
        return outcome.answer
      }
      // Where time runs out meanwhile, the next try says so.
      await pause(pauseMs, undefined, { signal: AbortSignal.any(signals) }).catch(() => {})
    }
  }

  const triesFor = ({ method = 'GET' }: { method?: string | undefined }) => (method === 'GET' ? 2 : 1)
  return {
    request: (url, asked = {}) => request(url, asked, triesFor(asked)),
    fetch: async (url, init = {}) => responseOf(await request(url, requestOf(init), triesFor(init))),
    fetchOnce: async (url, init = {}) => responseOf(await request(url, requestOf(init), 1)),
    close: () => agent.close(),
  }
}

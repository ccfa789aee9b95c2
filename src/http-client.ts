import { setTimeout as pause } from 'node:timers/promises'
import { promisify } from 'node:util'
import { brotliDecompress, gunzip, inflate } from 'node:zlib'
import { Agent, type Dispatcher, type RequestInit, request } from 'undici'
import { requestContext } from './request-context.ts'
import type { UpstreamCall } from './upstream-call.ts'

/** The whole time that one call to an identity provider may take, in milliseconds. */
const callTimeoutMs = 8_000
const connectTimeoutMs = 3_000
/** Far above the largest discovery document, key set or profile; in bytes, before decompression and after it. */
const largestAnswerBytes = 1024 * 1024
/** The longest Retry-After that is waited for, in milliseconds. */
const longestPauseMs = 1_000

/** HTTP to identity providers. Has the shape of the Fetch API, as openid-client and jose expect it. */
export interface HttpClient {
  /**
   * Redirects are handed back, not followed. The body has been read when the promise resolves. A GET that meets a
   * network failure, a 5xx or a 429 is tried once more, within the same time.
   * @throws DOMException named TimeoutError, TypeError with a network `cause`, or UnusableAnswer
   */
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

async function readBounded({ headers, body }: Dispatcher.ResponseData): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of body) {
    size += chunk.byteLength
    if (size > largestAnswerBytes) throw tooLarge()
    chunks.push(chunk)
  }
  return decode(Buffer.concat(chunks), String(headers['content-encoding'] ?? 'identity'))
}

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
  ['identity', async (body) => body],
])

async function decode(body: Buffer, coding: string): Promise<Buffer> {
  // There is nothing in it, whatever it says.
  if (body.length === 0) return body
  const decoder = decoders.get(coding.toLowerCase())
  if (!decoder) throw new UnusableAnswer(`compressed as ${coding}, which was not asked for`)
  return decoder(body, { maxOutputLength: largestAnswerBytes }).catch((cause) => {
    throw cause.code === 'ERR_BUFFER_TOO_LARGE' ? tooLarge() : cause
  })
}

/** The Fetch API reports every network failure as a TypeError with a cause. */
const isNetworkFailure = (error: unknown): boolean => error instanceof TypeError && error.cause !== undefined

/**
 * How long to wait before a failed GET is tried again, in milliseconds, with jitter lest everybody comes back at once;
 * `undefined`: it did not fail, or the provider wants to be left alone for longer.
 * @see RFC 9110, section 10.2.3 (Retry-After)
 */
function pauseAfter({ status, headers }: Response): number | undefined {
  if (status < 500 && status !== 429) return undefined
  const retryAfter = headers.get('retry-after') ?? '0'
  const askedMs = /^\d+$/.test(retryAfter) ? Number(retryAfter) * 1000 : Date.parse(retryAfter) - Date.now()
  return askedMs <= longestPauseMs ? Math.max(askedMs, 0) + jitterMs() : undefined
}

const jitterMs = (): number => 50 + Math.random() * 150

/** What the Fetch API would send. */
function requestOptions({ method = 'GET', headers, body, signal }: RequestInit) {
  const given = new Headers(headers as HeadersInit)
  if (!given.has('user-agent')) given.set('user-agent', 'web-identity-federation')
  given.set('accept-encoding', 'identity')
  if (body instanceof URLSearchParams && !given.has('content-type'))
    given.set('content-type', 'application/x-www-form-urlencoded;charset=UTF-8')
  return {
    method: method as Dispatcher.HttpMethod,
    headers: Object.fromEntries(given),
    body: body == null ? null : String(body),
    signal: signal ?? null,
  }
}

const headersOf = ({ headers }: Dispatcher.ResponseData): [name: string, value: string][] =>
  Object.entries(headers).flatMap(([name, value = '']) =>
    [value].flat().map((one): [string, string] => [name, one]),
  )

/** One pool of kept-alive connections per provider host, shared by the whole process. */
export function createHttpClient(onFinished: (call: UpstreamCall) => void): HttpClient {
  const agent = new Agent({ connect: { timeout: connectTimeoutMs }, keepAliveTimeout: 30_000, pipelining: 1 })

  // Not undici's `fetch`: its streams and controllers double what a call costs.
  const ask = async (url: URL, init: RequestInit): Promise<{ answer: Response; body: Buffer }> => {
    try {
      const answer = await request(url, { ...requestOptions(init), dispatcher: agent })
      if (answer.statusCode > 599) {
        await answer.body.dump({ limit: 0 })
        throw new UnusableAnswer(`status ${answer.statusCode}`)
      }
      const body = await readBounded(answer)
      // Response refuses a body that a 205 may not have. (RFC 9110, section 15.3.6)
      const bytes = body.length > 0 && answer.statusCode !== 205 ? new Uint8Array(body) : null
      return {
        answer: new Response(bytes, { status: answer.statusCode, headers: headersOf(answer) }),
        body,
      }
    } catch (error) {
      if (error instanceof DOMException || error instanceof UnusableAnswer) throw error
      throw new TypeError('fetch failed', { cause: error })
    }
  }

  const fetch = async (input: string | URL, init: RequestInit, tries: number): Promise<Response> => {
    const url = new URL(input)
    const limits = [AbortSignal.timeout(callTimeoutMs), init.signal, requestContext()?.deadline]
    const signal = AbortSignal.any(limits.filter((limit) => limit != null))
    const startedAt = performance.now()
    const method = init.method ?? 'GET'
    const finished = (attempts: number, got?: { answer: Response; body: Buffer }) => {
      const durationMs = performance.now() - startedAt
      onFinished({
        call: `${method} ${url.host}${url.pathname}`,
        status: got?.answer.status,
        durationMs: Math.round(durationMs),
        attempts,
      })
      requestContext()?.recorder?.exchange({
        over: 'http',
        method,
        url,
        headers: new Headers(init.headers as HeadersInit),
        body: init.body == null ? '' : String(init.body),
        answer: got && {
          status: got.answer.status,
          headers: got.answer.headers,
          body: got.body.toString(),
        },
        startedAt,
        durationMs,
        attempts,
      })
    }
    for (let attempt = 1; ; attempt += 1) {
      const outcome = await ask(url, { ...init, signal }).then(
        (got) => ({ got, pauseMs: pauseAfter(got.answer) }),
        (error: unknown) => ({ error, pauseMs: isNetworkFailure(error) ? jitterMs() : undefined }),
      )
      const { pauseMs } = outcome
      if (attempt === tries || pauseMs === undefined) {
        if ('error' in outcome) {
          finished(attempt)
          throw outcome.error
        }
        finished(attempt, outcome.got)
        return outcome.got.answer
      }
      // Where time runs out meanwhile, the next try says so.
      await pause(pauseMs, undefined, { signal }).catch(() => {})
    }
  }

  return {
    fetch: (url, init = {}) => fetch(url, init, (init.method ?? 'GET') === 'GET' ? 2 : 1),
    fetchOnce: (url, init = {}) => fetch(url, init, 1),
    close: () => agent.close(),
  }
}

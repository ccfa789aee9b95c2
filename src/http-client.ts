import { setTimeout as pause } from 'node:timers/promises'
import type { Agent, RequestInit } from 'undici'
import { requestContext } from './request-context.ts'
import { type HttpAnswer, type HttpRequest, sendRequest } from './send-request.ts'
import type { UpstreamCall } from './upstream-call.ts'

/** The whole time that one call to an identity provider may take, in milliseconds. */
const callTimeoutMs = 8_000
const connectTimeoutMs = 3_000
/** The longest Retry-After that is waited for, in milliseconds. */
const longestPauseMs = 1_000

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
  /** Loads what calls need, for which the first one would wait. */
  prepare(): Promise<void>
  close(): Promise<void>
}

/** The Fetch API reports every network failure as a TypeError with a cause. */
const isNetworkFailure = (error: unknown): boolean => error instanceof TypeError && error.cause !== undefined

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

/** Undici is loaded here, and not at a start, of which it would be a fifth. */
async function openPool(): Promise<Agent> {
  const { Agent } = await import('undici')
  return new Agent({ connect: { timeout: connectTimeoutMs }, keepAliveTimeout: 30_000, pipelining: 1 })
}

/** One pool of kept-alive connections per provider host, shared by the whole process. */
export function createHttpClient(onFinished: (call: UpstreamCall) => void): HttpClient {
  let opening: Promise<Agent> | undefined
  const pool = () => {
    opening ??= openPool()
    return opening
  }

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
      const agent = await pool()
      for (const one of signals) one.throwIfAborted()
      const timeoutMs = callTimeoutMs - (performance.now() - startedAt)
      return sendRequest(agent, url, asked, { timeoutMs, signals })
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
    prepare: async () => {
      await pool()
      // Node's own fetch is loaded when one of its classes is first named.
      void Response
    },
    close: async () => (await opening)?.close(),
  }
}

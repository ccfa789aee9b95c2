import { Agent, type RequestInit, fetch as undiciFetch } from 'undici'
import { requestContext } from './request-context.ts'
import type { UpstreamCall } from './upstream-call.ts'

/** The whole time that one call to an identity provider may take, in milliseconds. */
const callTimeoutMs = 8_000
const connectTimeoutMs = 3_000
/** Far above the largest discovery document, key set or profile; in bytes, counted after decompression. */
const largestAnswerBytes = 1024 * 1024

/** HTTP to identity providers. Has the shape of the Fetch API, as openid-client and jose expect it. */
export interface HttpClient {
  /**
   * Redirects are handed back, not followed. The body has been read when the promise resolves.
   * @throws DOMException named TimeoutError, TypeError with a network `cause`, or UnusableAnswer
   */
  fetch(url: string | URL, init?: RequestInit): Promise<Response>
  close(): Promise<void>
}

/** What came is no answer that any honest provider gives: far too much of it, or an impossible status. */
export class UnusableAnswer extends Error {
  override readonly name = 'UnusableAnswer'
}

async function readBounded(body: AsyncIterable<Uint8Array> | null): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of body ?? []) {
    size += chunk.byteLength
    if (size > largestAnswerBytes) throw new UnusableAnswer(`more than ${largestAnswerBytes} bytes`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

/** One pool of kept-alive connections per provider host, shared by the whole process. */
export function createHttpClient(onFinished: (call: UpstreamCall) => void): HttpClient {
  const agent = new Agent({ connect: { timeout: connectTimeoutMs }, keepAliveTimeout: 30_000, pipelining: 1 })

  const call = async (url: URL, init: RequestInit): Promise<Response> => {
    const limits = [AbortSignal.timeout(callTimeoutMs), init.signal, requestContext()?.deadline]
    const signal = AbortSignal.any(limits.filter((limit) => limit != null))
    const answer = await undiciFetch(url, { ...init, redirect: 'manual', dispatcher: agent, signal })
    if (answer.status > 599) {
      await answer.body?.cancel()
      throw new UnusableAnswer(`status ${answer.status}`)
    }
    const body = await readBounded(answer.body)
    return new Response(body.length > 0 ? new Uint8Array(body) : null, {
      status: answer.status,
      headers: [...answer.headers],
    })
  }

  return {
    async fetch(input, init = {}) {
      const url = new URL(input)
      const startedAt = performance.now()
      const finished = (status: number | undefined) =>
        onFinished({
          call: `${init.method ?? 'GET'} ${url.host}${url.pathname}`,
          status,
          durationMs: Math.round(performance.now() - startedAt),
        })
      try {
        const answer = await call(url, init)
        finished(answer.status)
        return answer
      } catch (error) {
        finished(undefined)
        throw error
      }
    },
    close: () => agent.close(),
  }
}

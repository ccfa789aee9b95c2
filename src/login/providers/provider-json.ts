import * as v from 'valibot'
import { AppError } from '../../errors.ts'
import type { HttpClient } from '../../http-client.ts'
import { UnusableAnswer } from '../../unusable-answer.ts'
import { statusError } from './provider-error.ts'

/**
 * Returns `json` as the shape that a provider documents. The words of the library are not used: what came stands in them.
 * @throws UnusableAnswer
 */
export function checkShape<T>(shape: v.GenericSchema<unknown, T>, json: unknown): T {
  const result = v.safeParse(shape, json)
  if (result.success) return result.output
  throw new UnusableAnswer(`${v.getDotPath(result.issues[0]) ?? 'the whole'} is not as documented`)
}

/**
 * Gets a JSON document from a provider and checks its shape. The content type is not looked at: Facebook serves
 * JSON as `text/javascript`.
 * @throws AppError `provider.token_invalid`, `provider.throttled`, `provider.unavailable` or
 * `provider.answer_invalid` by the status; UnusableAnswer, SyntaxError or the client's own errors otherwise
 */
export async function getProviderJson<T>(
  http: HttpClient,
  url: string | URL,
  shape: v.GenericSchema<unknown, T>,
  accessToken?: string,
): Promise<T> {
  const headers: Record<string, string> = { accept: 'application/json' }
  if (accessToken !== undefined) headers.authorization = `Bearer ${accessToken}`
  const answer = await http.request(url, { headers })
  if (answer.status !== 200) {
    // Each of these calls shows a token: the provider does not know it, or not as ours.
    const disowned = [400, 401, 403].includes(answer.status)
    const code = disowned ? 'provider.token_invalid' : statusError(answer.status)
    throw new AppError(code, { details: { httpStatus: answer.status } })
  }
  return checkShape(shape, JSON.parse(new TextDecoder().decode(answer.body)))
}

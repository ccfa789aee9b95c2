import type { z } from 'zod'
import { AppError } from '../../errors.ts'
import type { HttpClient } from '../../http-client.ts'
import { statusError } from './provider-error.ts'

/**
 * Gets a JSON document from a provider and checks its shape. The content type is not looked at: Facebook serves
 * JSON as `text/javascript`.
 * @throws AppError `provider.token_invalid`, `provider.throttled`, `provider.unavailable` or
 * `provider.answer_invalid` by the status; ZodError, SyntaxError or the client's own errors otherwise
 */
export async function getProviderJson<T>(
  http: HttpClient,
  url: string | URL,
  schema: z.ZodType<T>,
  accessToken?: string,
): Promise<T> {
  const headers: Record<string, string> = { accept: 'application/json' }
  if (accessToken !== undefined) headers.authorization = `Bearer ${accessToken}`
  const answer = await http.request(url, { headers })
  if (answer.status !== 200) {
    // Each of these calls shows a token: the provider does not know it, or not as ours.
    const disowned = [400, 401, 403].includes(answer.status)
    const code = disowned ? 'provider.token_invalid' : statusError(answer.status)
    throw new AppError(code, { details: { status: answer.status } })
  }
  return schema.parse(JSON.parse(new TextDecoder().decode(answer.body)))
}

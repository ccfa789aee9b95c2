import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import { AwsError } from './aws-error.ts'

/** A request that has arrived completely. */
export interface HttpRequest {
  method: string
  /** Path and query string as sent, still encoded: they are part of what was signed. */
  url: string
  headers: IncomingHttpHeaders
  body: Buffer
}

/**
 * Reads a whole request.
 *
 * @throws AwsError `EntityTooLarge` when its body is longer than `limitBytes`
 */
export async function readRequest(req: IncomingMessage, limitBytes: number): Promise<HttpRequest> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of req as AsyncIterable<Buffer>) {
    length += chunk.length
    if (length <= limitBytes) chunks.push(chunk)
  }
  if (length > limitBytes) {
    throw new AwsError(400, 'EntityTooLarge', 'Your proposed upload exceeds the maximum allowed object size.')
  }
  return {
    method: req.method ?? 'GET',
    url: req.url ?? '/',
    headers: req.headers,
    body: Buffer.concat(chunks),
  }
}

/** Path, still encoded. */
export const rawPath = (url: string): string => url.split('?', 1)[0] as string

/**
 * Query parameters in the order sent, decoded.
 *
 * @throws AwsError `InvalidURI` when a `%` does not begin an encoded character
 */
export function queryParameters(url: string): [name: string, value: string][] {
  return url
    .slice(rawPath(url).length + 1)
    .split('&')
    .filter(Boolean)
    .map((pair) => {
      const [name = '', ...value] = pair.split('=')
      return [decode(name), decode(value.join('='))]
    })
}

/** Undoes percent encoding. A `+` is a space only in a query string: not here. @throws AwsError `InvalidURI` */
export function decodePercent(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw new AwsError(400, 'InvalidURI', "Couldn't parse the specified URI.")
  }
}

const decode = (text: string): string => decodePercent(text.replaceAll('+', ' '))

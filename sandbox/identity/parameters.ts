/**
 * A parameter of a query or form. One that is repeated, empty or missing is undefined: none of the three may be
 * taken for a value (RFC 6749 section 3.1).
 */
export function parameter(source: unknown, name: string): string | undefined {
  const value = (source as Record<string, unknown> | undefined)?.[name]
  return typeof value === 'string' && value !== '' ? value : undefined
}

/** The token of an `Authorization: Bearer` header. */
export const bearerToken = (authorization: string | undefined): string | undefined =>
  /^Bearer +(\S+)$/i.exec(authorization ?? '')?.[1]

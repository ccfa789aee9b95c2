/** The error at the bottom: of the connection or the engine, below what libraries and we make of it. */
export function rootOf(error: unknown): unknown {
  const { cause } = (error ?? {}) as { cause?: unknown }
  return cause instanceof Error ? rootOf(cause) : error
}

/** The code of a failed connection, such as ECONNREFUSED, or the name of the error. */
export function failureCode(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown'
  const { code } = (error.cause ?? error) as { code?: unknown }
  return typeof code === 'string' ? code : error.name
}

/** What is wrong with the certificate that the other side showed; `undefined` where that is not why it failed. */
export function certificateProblem(code: string): string | undefined {
  const known: Record<string, string> = {
    CERT_HAS_EXPIRED: 'that has expired',
    CERT_NOT_YET_VALID: 'that is not valid yet: its clock or ours is wrong',
    ERR_TLS_CERT_ALTNAME_INVALID: 'for other names',
    DEPTH_ZERO_SELF_SIGNED_CERT: 'that is self-signed',
    SELF_SIGNED_CERT_IN_CHAIN: 'of an authority that is not known here',
    UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'of an authority that is not known here',
    UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'without those of its authority',
  }
  const isOne = /CERT|SELF_SIGNED|UNABLE_TO_(GET|VERIFY)|^ERR_TLS/.test(code)
  return isOne ? `shows a certificate ${known[code] ?? `that is not trusted here: ${code}`}` : undefined
}

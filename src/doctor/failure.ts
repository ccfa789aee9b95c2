/** The code of a failed connection, such as ECONNREFUSED, or the name of the error. */
export function failureCode(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown'
  const { code } = (error.cause ?? error) as { code?: unknown }
  return typeof code === 'string' ? code : error.name
}

/** Whether the other side was reached, and showed a certificate that is not trusted here. */
export const isCertificateProblem = (code: string): boolean =>
  /CERT|SELF_SIGNED|UNABLE_TO_(GET|VERIFY)|^ERR_TLS/.test(code)

/** What tokens, keys and codes look like, wherever in a text they stand. */
const secretShapes = [
  // AWS names the role session in its messages, and with it perhaps somebody's e-mail address.
  /(?<=:assumed-role\/[\w+=,.@-]+\/)[\w+=,.@-]+/g,
  /"(access_token|refresh_token|id_token|client_secret|code|code_verifier|SecretAccessKey|SessionToken)"\s*:\s*"[^"]*/gi,
  /Atz[ar](\||%7C)[\w|%+/=.-]+/gi,
  /\beyJ[\w-]+\.[\w-]*(\.[\w-]*)?/g,
  /\b(ASIA|AKIA)[A-Z0-9]{12,}\b/g,
  /\bEAA[A-Za-z0-9]{20,}\b/g,
  /\bya29\.[\w.-]+/g,
  /\b(access_token|refresh_token|id_token|input_token|client_secret|appsecret_proof|code|code_verifier|state|nonce|X-Amz-Security-Token|X-Amz-Signature)=[^&\s"']+/gi,
]

/** Returns a function that blanks the given secrets, and whatever looks like one, in a text. */
export function redactor(secrets: readonly string[]): (text: string) => string {
  const known = secrets
    .filter((secret) => secret.length >= 8)
    .flatMap((secret) => [secret, encodeURIComponent(secret)])
  return (text) => {
    const plain = known.reduce((rest, secret) => rest.replaceAll(secret, '[secret]'), text)
    return secretShapes.reduce((rest, shape) => rest.replace(shape, '[secret]'), plain)
  }
}

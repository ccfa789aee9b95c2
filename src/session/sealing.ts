import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  createSecretKey,
  hkdfSync,
  type KeyObject,
  randomBytes,
} from 'node:crypto'

const cipher = 'aes-256-gcm'
const nonceBytes = 12
const tagBytes = 16

/** Encrypts and authenticates small texts under secrets that can be rotated. */
export class Sealer {
  readonly #secrets: readonly string[]
  #fingerprintKey: KeyObject | undefined

  /** `secrets` newest first: the first one seals, all of them open. */
  constructor(secrets: readonly string[]) {
    this.#secrets = secrets
  }

  /**
   * AES-256-GCM under a key of its own for each `purpose` and `context` (HKDF-SHA-256, RFC 5869), so that
   * what was sealed for one thing opens as nothing else. Returns base64url.
   */
  seal(purpose: string, context: string, text: string): string {
    const nonce = randomBytes(nonceBytes)
    const encryption = createCipheriv(cipher, this.#key(this.#secrets[0] ?? '', purpose, context), nonce)
    const body = Buffer.concat([encryption.update(text, 'utf8'), encryption.final()])
    return Buffer.concat([nonce, encryption.getAuthTag(), body]).toString('base64url')
  }

  /** The text that was sealed for this purpose and context; `undefined` for whatever else. */
  open(purpose: string, context: string, sealed: string): string | undefined {
    const bytes = Buffer.from(sealed, 'base64url')
    if (bytes.length < nonceBytes + tagBytes) return undefined
    for (const secret of this.#secrets) {
      try {
        const decryption = createDecipheriv(
          cipher,
          this.#key(secret, purpose, context),
          bytes.subarray(0, nonceBytes),
        )
        decryption.setAuthTag(bytes.subarray(nonceBytes, nonceBytes + tagBytes))
        const body = bytes.subarray(nonceBytes + tagBytes)
        return Buffer.concat([decryption.update(body), decryption.final()]).toString('utf8')
      } catch {
        // Sealed under another secret, or tampered with: the next secret tells.
      }
    }
    return undefined
  }

  /**
   * Ten hexadecimal digits by which a secret is recognised where it turns up again. Keyed, so that nobody who has not
   * the newest secret can try values against it.
   */
  fingerprint(text: string): string {
    this.#fingerprintKey ??= this.#key(this.#secrets[0] ?? '', 'fingerprint', '')
    return createHmac('sha256', this.#fingerprintKey).update(text).digest('hex').slice(0, 10)
  }

  /** As a key object: Node takes three times as long to encrypt with the bytes of one. */
  #key(secret: string, purpose: string, context: string): KeyObject {
    return createSecretKey(Buffer.from(hkdfSync('sha256', secret, '', `${purpose}:${context}`, 32)))
  }
}

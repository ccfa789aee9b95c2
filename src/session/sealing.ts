import { createCipheriv, createDecipheriv, createHmac, createSecretKey, type KeyObject } from 'node:crypto'
import { randomBytes } from '../random.ts'

const cipher = 'aes-256-gcm'
const nonceBytes = 12
const tagBytes = 16

/** Both as key objects: Node takes three times as long with the bytes of a key. */
const hmacKey = (key: KeyObject, text: string): KeyObject =>
  createSecretKey(createHmac('sha256', key).update(text).digest())

/** HKDF-Extract without a salt (RFC 5869, section 2.2): the half that is the same for all that a secret seals. */
const extract = (secret: string): KeyObject => hmacKey(createSecretKey(Buffer.alloc(32)), secret)

/** HKDF-Expand for a key of one block (RFC 5869, section 2.3). */
const expand = (pseudorandomKey: KeyObject, info: string): KeyObject =>
  hmacKey(pseudorandomKey, `${info}\x01`)

const keyFor = (secret: KeyObject, purpose: string, context: string): KeyObject =>
  expand(secret, `${purpose}:${context}`)

/** Encrypts and authenticates small texts under secrets that can be rotated. */
export class Sealer {
  /** What HKDF makes of each secret. */
  readonly #secrets: readonly [KeyObject, ...KeyObject[]]
  /** The newest secret's latest key for each purpose: to derive one is half of what sealing costs. */
  readonly #latestKeys = new Map<string, { context: string; key: KeyObject }>()

  /** `secrets` newest first: the first one seals, all of them open. */
  constructor([newest = '', ...older]: readonly string[]) {
    this.#secrets = [extract(newest), ...older.map(extract)]
  }

  /**
   * AES-256-GCM under a key of its own for each `purpose` and `context` (HKDF-SHA-256, RFC 5869), so that
   * what was sealed for one thing opens as nothing else. No context may have more than 2^32 texts (NIST SP 800-38D,
   * section 8.3). Returns base64url.
   */
  seal(purpose: string, context: string, text: string): string {
    const nonce = randomBytes(nonceBytes)
    const encryption = createCipheriv(cipher, this.#newestKeyFor(purpose, context), nonce)
    const body = Buffer.concat([encryption.update(text, 'utf8'), encryption.final()])
    return Buffer.concat([nonce, encryption.getAuthTag(), body]).toString('base64url')
  }

  /** The text that was sealed for this purpose and context; `undefined` for whatever else. */
  open(purpose: string, context: string, sealed: string): string | undefined {
    const bytes = Buffer.from(sealed, 'base64url')
    if (bytes.length < nonceBytes + tagBytes) return undefined
    for (const secret of this.#secrets) {
      try {
        const key =
          secret === this.#secrets[0]
            ? this.#newestKeyFor(purpose, context)
            : keyFor(secret, purpose, context)
        const decryption = createDecipheriv(cipher, key, bytes.subarray(0, nonceBytes))
        decryption.setAuthTag(bytes.subarray(nonceBytes, nonceBytes + tagBytes))
        const body = bytes.subarray(nonceBytes + tagBytes)
        return Buffer.concat([decryption.update(body), decryption.final()]).toString('utf8')
      } catch {
        // Sealed under another secret, or tampered with: the next secret tells.
      }
    }
    return undefined
  }

  #newestKeyFor(purpose: string, context: string): KeyObject {
    const latest = this.#latestKeys.get(purpose)
    if (latest?.context === context) return latest.key
    const key = keyFor(this.#secrets[0], purpose, context)
    this.#latestKeys.set(purpose, { context, key })
    return key
  }
}

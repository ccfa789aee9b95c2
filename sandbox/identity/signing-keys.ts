import {
  type CryptoKey,
  calculateJwkThumbprint,
  exportJWK,
  generateKeyPair,
  type JWK,
  type JWTPayload,
  type KeyObject,
  SignJWT,
  UnsecuredJWT,
} from 'jose'

/** How a token is signed when not by the current key in the normal way. */
export interface SigningOptions {
  /** Default the current key's; `none` leaves the signature out. */
  alg?: string
  /** Default the current key's. */
  kid?: string
  /** A foreign key, or the bytes of a shared secret for `HS256`. */
  key?: CryptoKey | KeyObject | Uint8Array
}

interface SigningKey {
  alg: string
  privateKey: CryptoKey
  jwk: JWK
}

/** The keys of an OpenID provider: it signs with the newest and publishes the one before as well. */
export class SigningKeys {
  #current: SigningKey
  #previous: SigningKey | undefined

  private constructor(first: SigningKey) {
    this.#current = first
  }

  /** With a first key for the algorithm `alg`. */
  static async generate(alg: string): Promise<SigningKeys> {
    return new SigningKeys(await newKey(alg))
  }

  /** Signs with a new key from now on. The key before the last is no longer published. */
  async rotate(): Promise<void> {
    const next = await newKey(this.#current.alg)
    this.#previous = this.#current
    this.#current = next
  }

  /** Private JWKs, the signing key first. */
  jwks(): JWK[] {
    return [this.#current, this.#previous].flatMap((key) => (key ? [key.jwk] : []))
  }

  /** Signs exactly these claims, whatever they say. */
  async sign(claims: JWTPayload, options: SigningOptions = {}): Promise<string> {
    const {
      alg = this.#current.alg,
      kid = this.#current.jwk.kid ?? '',
      key = this.#current.privateKey,
    } = options
    if (alg === 'none') return new UnsecuredJWT(claims).encode()
    return new SignJWT(claims).setProtectedHeader({ alg, kid, typ: 'JWT' }).sign(key)
  }
}

async function newKey(alg: string): Promise<SigningKey> {
  const { privateKey } = await generateKeyPair(alg, { extractable: true })
  const jwk = await exportJWK(privateKey)
  return { alg, privateKey, jwk: { ...jwk, alg, use: 'sig', kid: await calculateJwkThumbprint(jwk) } }
}

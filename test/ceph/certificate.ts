import { createPublicKey, generateKeyPairSync, type JsonWebKey, randomBytes, sign } from 'node:crypto'
import type { JWK } from 'jose'

/** One value in the Distinguished Encoding Rules. @see ITU-T X.690 */
function der(tag: number, ...content: Buffer[]): Buffer {
  const value = Buffer.concat(content)
  if (value.length < 0x80) return Buffer.concat([Buffer.from([tag, value.length]), value])
  const length = Buffer.from(value.length.toString(16).padStart(4, '0'), 'hex')
  return Buffer.concat([Buffer.from([tag, 0x82]), length, value])
}

const sequence = (...content: Buffer[]) => der(0x30, ...content)
const bytes = (hex: string) => Buffer.from(hex, 'hex')
const utcTime = (time: number) =>
  der(0x17, Buffer.from(new Date(time).toISOString().replace(/^20|[-:T]|\.\d{3}/g, '')))

const ecdsaWithSha256 = sequence(der(0x06, bytes('2a8648ce3d040302')))
const commonName = der(0x06, bytes('550403'))
const named = (name: string) => sequence(der(0x31, sequence(commonName, der(0x0c, Buffer.from(name)))))

const day = 24 * 60 * 60 * 1000

/**
 * A certificate for a public key, as a member of its `x5c`: X.509, for two days, issued by a key that is
 * forgotten at once.
 * @see RFC 5280 section 4.1, RFC 7517 section 4.7
 */
export function certificateOf(jwk: JWK): string {
  const publicKey = createPublicKey({ key: jwk as JsonWebKey, format: 'jwk' })
  const issuer = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const toBeSigned = sequence(
    der(0xa0, der(0x02, bytes('02'))),
    der(0x02, bytes('01'), randomBytes(8)),
    ecdsaWithSha256,
    named('throw-away issuer'),
    sequence(utcTime(Date.now() - day), utcTime(Date.now() + day)),
    named('OpenID provider of a test'),
    publicKey.export({ type: 'spki', format: 'der' }),
  )
  const signature = sign('sha256', toBeSigned, issuer.privateKey)
  return sequence(toBeSigned, ecdsaWithSha256, der(0x03, bytes('00'), signature)).toString('base64')
}

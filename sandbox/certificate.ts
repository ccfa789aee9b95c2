import { generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto'

/** One value in the Distinguished Encoding Rules. @see ITU-T X.690 */
function der(tag: number, ...content: Buffer[]): Buffer {
  const value = Buffer.concat(content)
  if (value.length < 0x80) return Buffer.concat([Buffer.from([tag, value.length]), value])
  const length = Buffer.from(value.length.toString(16).padStart(4, '0'), 'hex')
  return Buffer.concat([Buffer.from([tag, 0x82]), length, value])
}

const sequence = (...content: Buffer[]) => der(0x30, ...content)
const bytes = (hex: string) => Buffer.from(hex, 'hex')
const identifier = (hex: string) => der(0x06, bytes(hex))
const utcTime = (time: number) =>
  der(0x17, Buffer.from(new Date(time).toISOString().replace(/^20|[-:T]|\.\d{3}/g, '')))

const ecdsaWithSha256 = sequence(identifier('2a8648ce3d040302'))
const commonName = identifier('550403')
const named = (name: string) => sequence(der(0x31, sequence(commonName, der(0x0c, Buffer.from(name)))))

const subjectAltName = identifier('551d11')
const extendedKeyUsage = identifier('551d25')
const serverAuthentication = identifier('2b06010505070301')
const extension = (id: Buffer, value: Buffer) => sequence(id, der(0x04, value))

/** A host name, or an IPv4 address. */
const alternativeName = (host: string): Buffer =>
  /^[\d.]+$/.test(host)
    ? der(0x87, Buffer.from(host.split('.').map(Number)))
    : der(0x82, Buffer.from(host, 'ascii'))

const day = 24 * 60 * 60 * 1000

/** What a certificate says. */
interface Certified {
  subject: string
  publicKey: KeyObject
  issuer: string
  /** Signs; a key of the curve P-256. */
  issuerKey: KeyObject
  /** Host names and IPv4 addresses of a server; none for a key that serves nothing. */
  hosts?: readonly string[]
}

/**
 * An X.509 certificate in DER, valid from yesterday for two days. Node.js can read certificates but not make them.
 * @see RFC 5280 section 4.1
 */
export function certificate({ subject, publicKey, issuer, issuerKey, hosts = [] }: Certified): Buffer {
  const extensions = [
    extension(subjectAltName, sequence(...hosts.map(alternativeName))),
    extension(extendedKeyUsage, sequence(serverAuthentication)),
  ]
  const toBeSigned = sequence(
    der(0xa0, der(0x02, bytes('02'))),
    der(0x02, bytes('01'), randomBytes(8)),
    ecdsaWithSha256,
    named(issuer),
    sequence(utcTime(Date.now() - day), utcTime(Date.now() + day)),
    named(subject),
    publicKey.export({ type: 'spki', format: 'der' }),
    ...(hosts.length > 0 ? [der(0xa3, sequence(...extensions))] : []),
  )
  const signature = sign('sha256', toBeSigned, issuerKey)
  return sequence(toBeSigned, ecdsaWithSha256, der(0x03, bytes('00'), signature))
}

/** A key and a certificate that it signed itself, both PEM, for a server of these hosts. */
export function selfSigned(hosts: readonly string[]): { key: string; cert: string } {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const name = 'self-signed, for trying it out'
  const content = certificate({ subject: name, publicKey, issuer: name, issuerKey: privateKey, hosts })
  const lines = content.toString('base64').match(/.{1,64}/g) ?? []
  return {
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    cert: ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n'),
  }
}

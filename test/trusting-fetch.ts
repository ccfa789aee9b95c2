import { once } from 'node:events'
import { connect } from 'node:tls'
import { Agent, fetch as undiciFetch } from 'undici'
import { onTestFinished } from 'vitest'

/** The certificate that the server of this origin shows, in PEM. Nobody is asked to vouch for it. */
export async function certificateShownBy(origin: string): Promise<string> {
  const { hostname: host, port } = new URL(origin)
  const socket = connect({ host, port: Number(port), servername: host, rejectUnauthorized: false })
  await once(socket, 'secureConnect')
  const { raw } = socket.getPeerCertificate()
  socket.destroy()
  return `-----BEGIN CERTIFICATE-----\n${raw.toString('base64')}\n-----END CERTIFICATE-----\n`
}

/** `fetch` that trusts this certificate and no other, until the test is over. */
export function fetchTrusting(certificate: string): typeof fetch {
  const agent = new Agent({ connect: { ca: certificate } })
  onTestFinished(() => agent.destroy())
  // The package's types are those of the Fetch API but for its own FormData.
  const trusting = (url: string, init: object) => undiciFetch(url, { ...init, dispatcher: agent })
  return trusting as unknown as typeof fetch
}

import { randomUUID } from 'node:crypto'
import * as v from 'valibot'
import type { Config } from '../config.ts'
import type { HttpClient } from '../http-client.ts'
import { Sealer } from '../session/sealing.ts'
import { type Testimony, testimonyHeader } from '../web/testimony.ts'
import { type Finding, fail, ok, warn } from './finding.ts'

const subject = 'TRUST_PROXY'
/** An address of nobody (RFC 5737). */
const forged = '192.0.2.1'

const testimony = v.object({ chain: v.array(v.string()), proxiesBelieved: v.number() })

/** Asks the application how it sees a request with these headers; `undefined` where the answer cannot be opened. */
async function testimonyFor(
  { session }: Config,
  http: HttpClient,
  origin: string,
  headers: Record<string, string> = {},
): Promise<Testimony | undefined> {
  const word = randomUUID()
  const answer = await http.fetch(`${origin}/healthz`, { headers: { ...headers, [testimonyHeader]: word } })
  const sealed = answer.headers.get(testimonyHeader) ?? ''
  const text = new Sealer(session.secrets).open('doctor', word, sealed)
  return text === undefined ? undefined : v.parse(testimony, JSON.parse(text))
}

const isThisMachine = (address: string): boolean => /^127\.|^::1$/.test(address)

const inWords = (count: number): string => ['no proxy', 'one proxy'][count] ?? `${count} proxies`

function judge({ trustProxy }: Config, truth: Testimony, claimed: Testimony): Finding {
  const [client = '', ...proxies] = truth.chain.map((address) => address.replace(/^::ffff:/, ''))
  const count = proxies.length
  const finds = `finds the client, ${client}, behind ${inWords(count)}`
  const nameThem =
    count === 0 ? 'Take TRUST_PROXY away.' : `Set TRUST_PROXY=${count}, or to the addresses of the proxies.`
  if (truth.proxiesBelieved < count) {
    const taken = proxies.at(-1 - truth.proxiesBelieved)
    return fail(
      subject,
      `believes ${inWords(truth.proxiesBelieved)} of ${count}: everybody has the address ${taken}, and shares one rate limit`,
      `${nameThem} Those that were seen: ${proxies.join(', ')}.`,
    )
  }
  if (claimed.proxiesBelieved === truth.proxiesBelieved) {
    return ok(subject, `${finds}, and believes no address that a client claims`)
  }
  if (typeof trustProxy === 'number') {
    return fail(
      subject,
      `counts more proxies than stand in front, ${count}: any client can claim any address, and has no rate limit`,
      nameThem,
    )
  }
  return isThisMachine(client)
    ? ok(subject, `${finds}, who may claim another address: it is this machine`)
    : warn(
        subject,
        `takes ${client}, from where this asks, for a proxy: whoever is there can claim any address`,
        `Where people come from such addresses, let it name the proxies only. ${nameThem}`,
      )
}

/** How many proxies stand before the application at `origin`, and whether TRUST_PROXY is told so. */
export async function checkProxies(config: Config, http: HttpClient, origin: string): Promise<Finding> {
  const truth = await testimonyFor(config, http, origin)
  const claimed = await testimonyFor(config, http, origin, { 'x-forwarded-for': forged })
  return truth && claimed
    ? judge(config, truth, claimed)
    : warn(
        subject,
        'was not compared with the proxies in front: the application there has another SESSION_SECRET',
        'Run this with the environment of the application: README.md, step 6.',
      )
}

import { answerWith, cutShort, type Fault, flood, hang, resetConnection } from '../../sandbox/faults.ts'
import { listenOnLoopback } from '../../sandbox/loopback-server.ts'

/** A word of the upstream's that no page may repeat. */
export const upstreamWord = 'UPSTREAM-CANARY-7f3a'

const html = `<!doctype html><html><body><h1>${upstreamWord}</h1><p>at Object.&lt;anonymous&gt; (/srv/app.js:1:1)</p></body></html>`
const documents = {
  json: {
    contentType: 'application/json',
    text: JSON.stringify({ message: upstreamWord, list: Array(200).fill(upstreamWord) }),
  },
  xml: {
    contentType: 'text/xml',
    text: `<?xml version="1.0"?><Answer><Message>${upstreamWord}</Message>${`<Item>${upstreamWord}</Item>`.repeat(200)}</Answer>`,
  },
}

/** The true answer under another content type. */
const labelled =
  (contentType: string): Fault =>
  (_req, res, answer) => {
    const setHeader = res.setHeader.bind(res)
    res.setHeader = (name, value) =>
      setHeader(name, name.toLowerCase() === 'content-type' ? contentType : value)
    const writeHead = res.writeHead.bind(res) as (status: number, headers?: object) => typeof res
    res.writeHead = ((status: number, headers: Record<string, string> = {}) =>
      writeHead(
        status,
        'content-type' in headers ? { ...headers, 'content-type': contentType } : headers,
      )) as typeof res.writeHead
    answer()
  }

/** What can go wrong with an answer, of a party that speaks JSON or XML. */
const answersOf = (language: keyof typeof documents) => {
  const { contentType, text } = documents[language]
  const page = { 'content-type': 'text/html' }
  return {
    'closes the connection': resetConnection,
    'closes the connection in the middle of its answer': cutShort(text, contentType),
    'answers with a page instead of data': answerWith(200, html, page),
    'answers with a page labelled as data': answerWith(200, html, { 'content-type': contentType }),
    'answers with nothing': answerWith(200, '', { 'content-type': contentType }),
    'answers with half a document': answerWith(200, text.slice(0, 100), { 'content-type': contentType }),
    'asks for patience (429)': answerWith(429, html, { ...page, 'retry-after': '1' }),
    'has an error (500)': answerWith(500, html, page),
    'has an error in its own language (500)': answerWith(500, text, { 'content-type': contentType }),
    'is unavailable (503)': answerWith(503, html, page),
    'does not know the path (404)': answerWith(404, html, page),
    'sends 100 MB': flood(100 * 1024 * 1024),
    'redirects elsewhere': answerWith(302, upstreamWord, { location: 'http://127.0.0.1:9/elsewhere' }),
    'redirects to itself': (req, res) => void res.writeHead(307, { location: req.url ?? '/' }).end(),
    'calls its data an image': labelled('image/png'),
    'never answers': hang,
  } satisfies Record<string, Fault>
}

export type FaultName = keyof ReturnType<typeof answersOf>
export const faultsIn = { json: answersOf('json'), xml: answersOf('xml') }
export const faultNames = Object.keys(faultsIn.json) as FaultName[]

/** What can go wrong before anything is asked: the address to use in place of a party's own. */
export const connectionFaults = {
  'refuses connections': async (url: string) => {
    const nobody = await listenOnLoopback(() => {})
    await nobody.close()
    return url.replace(new URL(url).origin, nobody.url)
  },
  'has a name that nobody knows': async (url: string) =>
    url.replace(new URL(url).origin, 'https://upstream.invalid'),
  'does not speak TLS': async (url: string) => url.replace('http:', 'https:'),
}

export type ConnectionFaultName = keyof typeof connectionFaults
export const connectionFaultNames = Object.keys(connectionFaults) as ConnectionFaultName[]

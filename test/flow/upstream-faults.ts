import { answerWith, cutShort, type Fault, flood, hang, resetConnection } from '../../sandbox/faults.ts'

/** A word of the upstream's that no page may repeat. */
export const upstreamWord = 'UPSTREAM-CANARY-7f3a'

const html = `<!doctype html><html><body><h1>${upstreamWord}</h1><p>at Object.&lt;anonymous&gt; (/srv/app.js:1:1)</p></body></html>`
const json = JSON.stringify({ message: upstreamWord, list: Array(200).fill(upstreamWord) })

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

/** What can go wrong on the way to and from any party. */
export const faults = {
  'closes the connection': resetConnection,
  'closes the connection in the middle of its answer': cutShort(json),
  'answers with a page instead of data': answerWith(200, html, { 'content-type': 'text/html' }),
  'answers with a page labelled as data': answerWith(200, html, { 'content-type': 'application/json' }),
  'answers with nothing': answerWith(200, '', { 'content-type': 'application/json' }),
  'answers with half a document': answerWith(200, json.slice(0, 100), { 'content-type': 'application/json' }),
  'asks for patience (429)': answerWith(429, html, { 'content-type': 'text/html', 'retry-after': '1' }),
  'has an error (500)': answerWith(500, html, { 'content-type': 'text/html' }),
  'has an error in JSON (500)': answerWith(500, json, { 'content-type': 'application/json' }),
  'is unavailable (503)': answerWith(503, html, { 'content-type': 'text/html' }),
  'does not know the path (404)': answerWith(404, html, { 'content-type': 'text/html' }),
  'sends 3 MB': flood(3 * 1024 * 1024),
  'redirects elsewhere': answerWith(302, upstreamWord, { location: 'http://127.0.0.1:9/elsewhere' }),
  'redirects to itself': (req, res) => void res.writeHead(307, { location: req.url ?? '/' }).end(),
  'calls its data an image': labelled('image/png'),
  'never answers': hang,
} satisfies Record<string, Fault>

export type FaultName = keyof typeof faults
export const faultNames = Object.keys(faults) as FaultName[]

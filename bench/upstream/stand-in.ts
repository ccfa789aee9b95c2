import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { answerBench } from '../ipc.ts'
import * as amazon from './amazon.ts'
import { bucketList } from './bucket-list.ts'
import { assumeRoleWithWebIdentity } from './sts.ts'

/**
 * Login with Amazon, STS and S3 behind one port, in a process of their own: they believe everything and answer with
 * bytes that are ready, so that they cost as little as can be. (The sandbox is the one that is strict.)
 */
const settings = { delayMs: 0, buckets: 10 }
let connections = 0
let listQuery = ''
let calls: Record<string, number> = {}
/** How long each call of a sign-in was held, in milliseconds, by authorization code and call. */
let held = new Map<string, Record<string, number>>()

interface Call {
  name: string
  /** The sign-in that it belongs to. */
  code: string
  contentType: string
  body: string | Buffer
}

async function callOf(req: IncomingMessage): Promise<Call> {
  const url = req.url ?? '/'
  if (url === '/auth/o2/token') {
    const code = amazon.codeOfGrant(await text(req))
    return { name: 'token', code, contentType: 'application/json', body: amazon.tokens(code) }
  }
  if (url.startsWith('/auth/o2/tokeninfo')) {
    const code = amazon.codeOfToken(url)
    return { name: 'tokeninfo', code, contentType: 'application/json', body: amazon.tokenInfo(code) }
  }
  if (url === '/user/profile') {
    const code = amazon.codeOfToken(req.headers.authorization ?? '')
    return { name: 'profile', code, contentType: 'application/json', body: amazon.profile(code) }
  }
  if (req.method === 'POST') {
    const code = amazon.codeOfToken(await text(req))
    return { name: 'sts', code, contentType: 'text/xml', body: assumeRoleWithWebIdentity(code) }
  }
  listQuery = url.slice(url.indexOf('?') + 1)
  const [, code = ''] = /^session\.([\w-]+)\./.exec(String(req.headers['x-amz-security-token'])) ?? []
  return { name: 's3', code, contentType: 'application/xml', body: bucketList(settings.buckets, url) }
}

function answer(res: ServerResponse, { contentType, body }: Call): void {
  res.writeHead(200, { 'Content-Type': contentType, 'Content-Length': Buffer.byteLength(body) }).end(body)
}

const server = createServer({ keepAliveTimeout: 300_000 }, async (req, res) => {
  const from = performance.now()
  const call = await callOf(req)
  calls[call.name] = (calls[call.name] ?? 0) + 1
  if (settings.delayMs === 0) {
    answer(res, call)
    return
  }
  setTimeout(() => {
    answer(res, call)
    const ofSignIn = held.get(call.code) ?? {}
    held.set(call.code, { ...ofSignIn, [call.name]: performance.now() - from })
  }, settings.delayMs)
})
server.on('connection', () => {
  connections += 1
})

answerBench({
  listen: () =>
    new Promise<number>((resolve) => {
      server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port))
    }),
  /** How it behaves from now on. Counting starts anew. */
  set: (wanted: Partial<typeof settings>) => {
    Object.assign(settings, wanted)
    connections = 0
    calls = {}
    held = new Map()
  },
  counts: () => ({ connections, calls, listQuery }),
  held: () => [...held],
})

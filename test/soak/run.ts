import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as pause } from 'node:timers/promises'
import { delay } from '../../sandbox/faults.ts'
import type { Person } from '../../sandbox/identity/people.ts'
import { startSandbox } from '../../sandbox/sandbox.ts'
import { providerLegs } from '../faults/sign-in-legs.ts'
import { faultsIn } from '../faults/upstream-faults.ts'
import { type Answer, HttpBrowser } from '../http-browser.ts'

/**
 * `npm run soak`: SOAK_MINUTES (default 30) of the traffic below against a real process, as fast as the machine can,
 * and what the process holds after each quarter of it. Memory is the heap after a collection: how much of what V8 once
 * took it gives back to the system is its own affair.
 * Ends with status 1 where the process died, a page was somebody else's, or memory, sockets or timers grew.
 */
const minutes = Number(process.env.SOAK_MINUTES ?? 30)
/** Whose minutes these are: so many people, each of whom asks for a page every twelve seconds. */
const traffic = { people: 40, requestsPerPersonAndMinute: 5 }
const requestsPerMinute = traffic.people * traffic.requestsPerPersonAndMinute
/** Of what the application asks the providers, STS and S3. */
const faultShare = 0.01
/** How many of the people are here at once, so that the machine is never idle. */
const atOnce = 10
/** Lifetime of all credentials in seconds, so that some run out during a visit. */
const credentialSeconds = 8
/** How much more than after the first quarter there may be after the last: noise of a heap that breathes. */
const tolerated = { memory: 1.15, sockets: 20, timers: 20 }

const people: Person[] = Array.from({ length: traffic.people }, (_, index) => ({
  name: `Person ${index} of ${traffic.people}`,
  email: `person${index}@example.com`,
  subjects: { amazon: `amzn1.account.P${index}`, google: `10${index}`, facebook: `20${index}` },
}))
const anyOf = <T>(list: readonly T[]): T => list[Math.floor(Math.random() * list.length)] as T
const chance = (share: number): boolean => Math.random() < share

const sandbox = await startSandbox({ people, sessionSecondsOverride: credentialSeconds })
await sandbox.s3.seed({ bucket: 'website-static', key: 'index.html', body: 'hello' })

const counts = {
  requests: 0,
  signIns: 0,
  pages: 0,
  upstream: 0,
  faults: 0,
  refused: 0,
  lapsed: 0,
  wrongPerson: 0,
  unexpected: 0,
}

const revocations = [
  { provider: 'google', path: '/revoke' },
  { provider: 'facebook', path: '/v26.0/me/permissions' },
] as const

/** From now on, one request in a hundred that this application makes to the party meets a fault. */
function misbehave(party: keyof typeof parties): void {
  const { 'never answers': _tooLong, ...faults } =
    faultsIn[party === 'sts' || party === 's3' ? 'xml' : 'json']
  const every = [...Object.values(faults), delay(1_000)]
  const paths = [...providerLegs, ...revocations].flatMap(({ provider, path }) =>
    provider === party ? [path] : [],
  )
  parties[party].faults.apply = (req, res, answer) => {
    // The rest is what people's own browsers ask a provider for.
    const isOurs = paths.length === 0 || paths.includes((req.url ?? '').split('?', 1)[0] ?? '')
    if (isOurs) counts.upstream += 1
    if (!isOurs || !chance(faultShare)) return answer()
    counts.faults += 1
    anyOf(every)(req, res, answer)
  }
}
const { amazon, google, facebook, sts, s3 } = sandbox
const parties = { amazon, google, facebook, sts, s3 }
for (const party of Object.keys(parties) as (keyof typeof parties)[]) misbehave(party)

/** One person's visit: signs in, looks around, and mostly signs out. */
async function visit(origin: string): Promise<void> {
  const browser = new HttpBrowser()
  const person = anyOf(people)
  const provider = anyOf(['amazon', 'google', 'facebook'] as const)
  const get = async (url: string | URL): Promise<Answer> => {
    counts.requests += 1
    const answer = await browser.get(url)
    const [, greeted] = /Hello, <bdi>([^<]*)</.exec(answer.body) ?? []
    if (greeted !== undefined) counts.pages += 1
    if (greeted !== undefined && greeted !== person.name) counts.wrongPerson += 1
    if (answer.body.includes('internal.unexpected')) counts.unexpected += 1
    if (answer.body.includes('session.expired')) counts.lapsed += 1
    return answer
  }
  await get(`${origin}/`)
  if (chance(0.1)) await get(`${origin}/oauth2callback/${provider}?state=forged&code=forged`)
  const start = await get(`${origin}/initiateLogin/${provider}`)
  if (start.location === undefined) {
    counts.refused += 1
    return
  }
  if (chance(0.05)) return
  const signedIn = await get(await browser.continueAs(person.subjects[provider], start.location))
  if (signedIn.status !== 303) {
    counts.refused += 1
    return
  }
  counts.signIns += 1
  const pages = await Promise.all(Array.from({ length: 3 }, () => get(`${origin}/s3/`)))
  await get(`${origin}/s3/website-static/`)
  if (chance(0.3)) await get(`${origin}/s3/website-static/download?key=index.html`)
  if (chance(0.02)) {
    await pause((credentialSeconds + 1) * 1_000)
    await get(`${origin}/s3/`)
  }
  const csrf = /name="csrf" value="([^"]*)"/.exec(pages[0]?.body ?? '')?.[1]
  if (csrf === undefined || chance(0.1)) return
  counts.requests += 1
  await browser.post(`${origin}/logout`, { csrf })
  const after = await get(`${origin}/s3/`)
  if (after.status === 200) counts.wrongPerson += 1
}

/** Has the process collect its garbage: what is left then is held. */
async function collectGarbage(inspector: string): Promise<void> {
  const socket = new WebSocket(inspector)
  await once(socket, 'open')
  socket.send(JSON.stringify({ id: 1, method: 'HeapProfiler.collectGarbage' }))
  await once(socket, 'message')
  socket.close()
}

/** What the process holds, seen from outside. */
async function holdings({ pid }: ChildProcess, metricsPort: number, inspector: string) {
  // What is over has a moment to end.
  await pause(3_000)
  await collectGarbage(inspector)
  const folder = `/proc/${pid}/fd`
  const links = readdirSync(folder).map((fd) => {
    try {
      return readlinkSync(join(folder, fd))
    } catch {
      return ''
    }
  })
  const metrics = await (await fetch(`http://127.0.0.1:${metricsPort}`)).text()
  const [, rssKb] = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
  const metric = (name: string) => Number(new RegExp(`^${name} (\\S+)`, 'm').exec(metrics)?.[1] ?? 0)
  return {
    rssMb: Math.round(Number(rssKb) / 1024),
    heapMb: Math.round(metric('nodejs_heap_size_used_bytes') / 1024 / 1024),
    sockets: links.filter((link) => link.startsWith('socket:')).length,
    timers: metric('nodejs_active_resources\\{type="Timeout"\\}'),
  }
}

const folder = mkdtempSync(join(tmpdir(), 'soak-'))
const main = join(import.meta.dirname, '..', '..', 'src', 'main.ts')
const application = spawn(process.execPath, ['--inspect=127.0.0.1:0', main], {
  env: {
    PATH: process.env.PATH,
    ...sandbox.environment,
    PORT: '0',
    METRICS_PORT: '0',
    RATE_LIMIT: '0',
    SESSION_STORE: `sqlite:${join(folder, 'sessions.sqlite')}`,
  },
  stdio: ['ignore', 'pipe', 'pipe'],
})
const inspecting = new Promise<string>((resolve) => {
  createInterface({ input: application.stderr }).on('line', (text) => {
    const [, url] = /Debugger listening on (ws:\S+)/.exec(text) ?? []
    if (url) resolve(url)
    else if (!/^For help|^Debugger/.test(text)) console.error(text)
  })
})
const ports: Record<string, number> = {}
let unhandled = 0
const lines = createInterface({ input: application.stdout })
const listening = new Promise<void>((resolve) => {
  lines.on('line', (text) => {
    const { msg, level, port } = JSON.parse(text) as { msg: string; level: string; port?: number }
    if (level === 'fatal') unhandled += 1
    if (port === undefined) return
    ports[msg] = port
    if (msg === 'listening') resolve()
  })
})
await listening
const inspector = await inspecting
const origin = `http://127.0.0.1:${ports.listening}`
sandbox.registerApplication(origin)

const startedAt = performance.now()
const quarters: Awaited<ReturnType<typeof holdings>>[] = []
for (let quarter = 1; quarter <= 4; quarter += 1) {
  const until = (requestsPerMinute * minutes * quarter) / 4
  const come = async () => {
    while (counts.requests < until && application.exitCode === null) await visit(origin)
  }
  await Promise.all(Array.from({ length: atOnce }, come))
  for (const { requests } of Object.values(parties)) requests.length = 0
  if (application.exitCode !== null) break
  quarters.push(await holdings(application, ports.metrics ?? 0, inspector))
  console.log(`quarter ${quarter}:`, quarters.at(-1), counts)
}
const tookSeconds = Math.round((performance.now() - startedAt) / 1000)
const share = ((counts.faults / counts.upstream) * 100).toFixed(1)
console.log(
  `soak: ${counts.requests} requests in ${tookSeconds} s: what ${traffic.people} people ask for in ${(counts.requests / requestsPerMinute).toFixed(0)} minutes at ${traffic.requestsPerPersonAndMinute} a minute each; ${counts.faults} faults in ${counts.upstream} upstream calls (${share} %)`,
)

const crashed = application.exitCode !== null
if (!crashed) {
  application.kill('SIGTERM')
  await once(application, 'exit')
}
await sandbox.close()
rmSync(folder, { recursive: true })

const [first, last] = [quarters[0], quarters.at(-1)]
const problems = [
  crashed && `the process ended with ${application.exitCode}`,
  unhandled > 0 && `${unhandled} fatal lines in the log`,
  counts.wrongPerson > 0 && `${counts.wrongPerson} pages were somebody else's`,
  quarters.length < 4 && 'it was not run to the end',
  counts.unexpected > 0 && `${counts.unexpected} failures without a name`,
  first && last && last.heapMb > first.heapMb * tolerated.memory && 'memory grew',
  first && last && last.sockets > first.sockets + tolerated.sockets && 'sockets grew',
  first && last && last.timers > first.timers + tolerated.timers && 'timers grew',
].filter((problem) => problem !== false && problem !== undefined)
console.log(problems.length === 0 ? 'soak: nothing found' : `soak: ${problems.join('; ')}`)
process.exitCode = problems.length === 0 ? 0 : 1

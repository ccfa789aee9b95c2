import { createHmac, randomBytes } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import session, { type SessionData } from 'express-session'
import { readConfig } from '../src/config.ts'
import { createLog } from '../src/observe/log.ts'
import { SealedStore } from '../src/session/sealed-store.ts'
import { Sealer } from '../src/session/sealing.ts'
import { openSessionStore } from '../src/session/stores/index.ts'
import { heapBytesHeld } from './heap.ts'
import { answerBench } from './ipc.ts'

/**
 * Fills a session store with signed-in people, through the application's own sealing and its own store, but without
 * HTTP and upstream calls: a million sign-ins would take an hour.
 */
const config = readConfig(process.env)
const log = createLog('warn', [])
const store = await openSessionStore(config, log)
const sealer = new Sealer(config.session.secrets)
const sessions = new SealedStore(store, sealer, log)
const lifetimeMs = config.session.lifetimeSeconds * 1000

/** As large as one of Login with Amazon's. */
function personsSession(index: number): SessionData {
  const now = Date.now()
  const cookie = Object.assign(new session.Cookie(), { sameSite: 'lax', maxAge: lifetimeMs })
  return {
    cookie,
    signedIn: {
      person: {
        providerId: 'amazon',
        subject: `amzn1.account.FILL${index}`,
        name: 'Ada Example',
        email: `fill-${index}@example.com`,
      },
      access: {
        accessKeyId: 'ASIAEXAMPLEEXAMPLE00',
        secretAccessKey: 'wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY00',
        sessionToken: `session.fill-${index}.${'x'.repeat(400)}`,
        issuedAt: now,
        expiresAt: now + 3_600_000,
        roleArn: 'arn:aws:iam::123456789012:role/bench',
        assumedRoleArn: `arn:aws:sts::123456789012:assumed-role/bench/fill-${index}@example.com`,
        roleSessionName: `fill-${index}@example.com`,
      },
      providerTokens: {
        accessToken: `Atza|fill-${index}|${'x'.repeat(350)}`,
        refreshToken: `Atzr|${'x'.repeat(350)}`,
      },
      csrfToken: randomBytes(16).toString('base64url'),
      turn: `attempt:${randomBytes(32).toString('base64url')}`,
      signedInAt: now,
    },
  }
}

/** As long as the packed receipt of a sign-in with Amazon. */
const receipt = 'r'.repeat(1_983)

/** The cookies of a session, as express-session signs one and the application seals the other. */
function cookieLine(id: string): string {
  const signature = createHmac('sha256', config.session.secrets[0] ?? '')
    .update(id)
    .digest('base64')
    .replace(/=+$/, '')
  const seen = sealer.seal('seen', id, String(Date.now()))
  return `Cookie: session=${encodeURIComponent(`s:${id}.${signature}`)}; seen=${seen}\r\n`
}

const put = (id: string, data: SessionData): Promise<void> =>
  new Promise((resolve, reject) => {
    sessions.set(id, data, (error) => (error ? reject(error) : resolve()))
  })

/** A store that is reached over a network is not there at once. */
async function untilReady(): Promise<void> {
  const isReady = () =>
    store.check().then(
      () => true,
      () => false,
    )
  while (!(await isReady())) await pause(10)
}

/** Several at once, for a store that is reached over a network. */
const sideBySide = 50

answerBench({
  /** Makes sessions number `from` to `to`; returns the cookies of every `each`th. */
  async fill({ from, to, each }: { from: number; to: number; each: number }): Promise<string[]> {
    await untilReady()
    const lines: string[] = []
    let next = from
    const work = async () => {
      while (next < to) {
        const index = next++
        const id = randomBytes(32).toString('base64url')
        await put(id, personsSession(index))
        await sessions.setReceipt(id, receipt, Date.now() + lifetimeMs)
        if (index % each === 0) lines.push(cookieLine(id))
      }
    }
    await Promise.all(Array.from({ length: sideBySide }, work))
    return lines
  },
  heapBytesHeld,
})

import { randomUUID } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import { promisify } from 'node:util'
import type { Config } from '../config.ts'
import type { Log } from '../observe/log.ts'
import { SealedStore } from '../session/sealed-store.ts'
import { Sealer } from '../session/sealing.ts'
import { openSessionStore } from '../session/stores/index.ts'
import type { SessionStore } from '../session/stores/session-store.ts'
import { failureCode } from './failure.ts'
import { type Finding, fail, ok } from './finding.ts'

const subject = 'SESSION_STORE'
/** How long a connection may take to come up, and how long to wait before asking again; in milliseconds. */
const patienceMs = 3_000
const pauseMs = 100
/** The life of what is written, in milliseconds. */
const lifetimeMs = 60_000

/** Resolves when the store answers. @throws the engine's own error where it does not in time */
async function answers(store: SessionStore): Promise<void> {
  const deadline = Date.now() + patienceMs
  for (;;) {
    try {
      return await store.check()
    } catch (error) {
      if (Date.now() > deadline) throw error
      await pause(pauseMs)
    }
  }
}

/** Remembers the name under which the last record was filed. */
function observed(store: SessionStore): { store: SessionStore; filedUnder(): string } {
  let name = ''
  return {
    store: {
      ...store,
      set(id, record) {
        name = id
        return store.set(id, record)
      },
    },
    filedUnder: () => name,
  }
}

async function writeAndRead(raw: SessionStore, secrets: string[], log: Log): Promise<Finding> {
  const { store, filedUnder } = observed(raw)
  const sealed = new SealedStore(store, new Sealer(secrets), log)
  const [id, content] = [randomUUID(), randomUUID()]
  const data = { cookie: { originalMaxAge: null, expires: new Date(Date.now() + lifetimeMs) }, content }
  await promisify(sealed.set.bind(sealed))(id, data as Parameters<SealedStore['set']>[1])
  const read = (await promisify(sealed.get.bind(sealed))(id)) as { content?: string } | null
  const record = await raw.get(filedUnder())
  await promisify(sealed.destroy.bind(sealed))(id)
  if (read?.content !== content) {
    return fail(
      subject,
      'does not give back what was written',
      'Check that nothing else uses the same store.',
    )
  }
  const bytes = Buffer.from(record?.sealed ?? '', 'base64url')
  const legible = [record?.sealed, bytes.toString('latin1')].some((text) => text?.includes(content) ?? true)
  return legible
    ? fail(subject, 'has legible records', 'Do not use it: this must never be.')
    : ok(subject, 'was written and read; the record in it is sealed')
}

/** Writes one short-lived session as the application would, reads it back, and looks at what the store was given. */
export async function checkSessionStore(config: Config, log: Log): Promise<Finding> {
  let store: SessionStore | undefined
  try {
    store = await openSessionStore(config, log)
    await answers(store)
    return await writeAndRead(store, config.session.secrets, log)
  } catch (error) {
    return fail(
      subject,
      `cannot be used: ${failureCode(error)}`,
      'Nobody can sign in until it answers: check its address, its rights, and that this machine may reach it.',
    )
  } finally {
    await store?.close()
  }
}

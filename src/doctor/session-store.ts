import { randomUUID } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import { promisify } from 'node:util'
import type { Config } from '../config.ts'
import type { Log } from '../observe/log.ts'
import { SealedStore } from '../session/sealed-store.ts'
import { Sealer } from '../session/sealing.ts'
import { openSessionStore } from '../session/stores/index.ts'
import type { SessionStore } from '../session/stores/session-store.ts'
import { failureCode, rootOf } from './failure.ts'
import { type Finding, fail, ok, warn } from './finding.ts'

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

/**
 * Whether DynamoDB deletes what has expired: the store never looks. Where that may not be asked, nothing is said.
 * @throws what the AWS SDK throws
 */
async function checkTimeToLive(table: string, region: string): Promise<Finding[]> {
  const { DescribeTimeToLiveCommand, DynamoDBClient } = await import('@aws-sdk/client-dynamodb')
  const client = new DynamoDBClient({ region })
  try {
    const { TimeToLiveDescription } = await client.send(new DescribeTimeToLiveCommand({ TableName: table }))
    const { AttributeName, TimeToLiveStatus = 'DISABLED' } = TimeToLiveDescription ?? {}
    return AttributeName === 'expires' && /^ENABL/.test(TimeToLiveStatus)
      ? []
      : [
          warn(
            subject,
            'keeps what has expired for ever: the table has no TTL on expires',
            `aws dynamodb update-time-to-live --table-name ${table} --time-to-live-specification Enabled=true,AttributeName=expires`,
          ),
        ]
  } catch (error) {
    if (/AccessDenied/.test(failureCode(error))) return []
    throw error
  } finally {
    client.destroy()
  }
}

/** What failures of the engines mean, by name or words. */
const meanings: [failure: RegExp, finding: string, mend: string][] = [
  [/ResourceNotFoundException/, 'names a table that is not in AWS_REGION', 'Check the name, and AWS_REGION.'],
  [
    /AccessDenied|NOPERM/,
    'may not be used with the rights of this machine',
    'On Elastic Beanstalk: SessionTableAccess in .ebextensions/session-store.config; run this on an instance.',
  ],
  [
    /CredentialsProviderError|UnrecognizedClientException|ExpiredToken/,
    'finds no AWS credentials that are valid',
    'Run this on an instance, or with an AWS profile that may use the table.',
  ],
  [
    /ValidationException/,
    'names a table with another key',
    'The partition key must be id, a string, and there must be no sort key.',
  ],
  [/NOAUTH|WRONGPASS/, 'is refused the password', 'rediss://USER:PASSWORD@HOST, as the server has them.'],
  [
    /unable to open database/,
    'names a file that cannot be opened',
    'Its folder must be there, and this user may write in it.',
  ],
  [/not a database/, 'names a file that is no database of SQLite', 'Name another file.'],
  [
    /ENOTFOUND|EAI_AGAIN/,
    'names a host that does not exist',
    'Check its spelling, and the DNS of this machine.',
  ],
]

/** Writes one short-lived session as the application would, reads it back, and looks at what the store was given. */
export async function checkSessionStore(config: Config, log: Log): Promise<Finding[]> {
  let store: SessionStore | undefined
  try {
    store = await openSessionStore(config, log)
    await answers(store)
    const written = await writeAndRead(store, config.session.secrets, log)
    const [, table] = /^dynamodb:\/\/(.+)$/.exec(config.session.store) ?? []
    return table === undefined ? [written] : [written, ...(await checkTimeToLive(table, config.aws.region))]
  } catch (failure) {
    const error = rootOf(failure)
    const said = `${failureCode(error)} ${error instanceof Error ? `${error.name} ${error.message}` : ''}`
    const [, finding, mend] = meanings.find(([failure]) => failure.test(said)) ?? []
    if (finding && mend) return [fail(subject, finding, mend)]
    return [
      fail(
        subject,
        `cannot be used: ${failureCode(error)}`,
        'Nobody can sign in until it answers: check its address, its rights, and that this machine may reach it.',
      ),
    ]
  } finally {
    await store?.close()
  }
}

import type { RequestHandler } from 'express'
import type { Config } from '../config.ts'

/** Where sessions are kept, in words. */
const storeNames: Record<string, string> = {
  memory: 'the memory of this server',
  sqlite: 'a database file on this server',
  redis: 'a database that the servers of this site share',
  rediss: 'a database that the servers of this site share',
  dynamodb: 'a table in Amazon DynamoDB',
}

/**
 * `GET /privacy`: what is kept, where and for how long. Follows the configuration, so that it stays true. `inWords`
 * words a number of milliseconds.
 */
export const privacyPage =
  ({ session }: Config, providerNames: string[], inWords: (milliseconds: number) => string): RequestHandler =>
  (_req, res) => {
    res.set('Cache-Control', 'no-cache').render('privacy', {
      title: 'Privacy',
      providers: providerNames,
      store: storeNames[session.store.split(':', 1)[0] ?? ''],
      sessionLifetime: inWords(session.lifetimeSeconds * 1000),
      idleTime: inWords(session.idleSeconds * 1000),
      attemptLifetime: '10 minutes',
    })
  }

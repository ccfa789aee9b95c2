import type { RequestHandler } from 'express'
import type { Config } from '../config.ts'

/** Where sessions are kept, in words. */
const storeNames: Record<string, string> = {
  memory: 'the memory of this server',
  sqlite: 'a database file on this server',
}

/** `GET /privacy`: what is kept, where and for how long. Follows the configuration, so that it stays true. */
export const privacyPage =
  ({ session, aws }: Config, providerNames: string[]): RequestHandler =>
  (_req, res) => {
    const minutes = Math.round(aws.roleSessionSeconds / 60)
    res.set('Cache-Control', 'no-cache').render('privacy', {
      title: 'Privacy',
      providers: providerNames,
      store: storeNames[session.store.split(':')[0] ?? ''],
      sessionLifetime: `${minutes} minutes`,
      attemptLifetime: '10 minutes',
    })
  }

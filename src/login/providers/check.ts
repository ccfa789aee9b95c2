import type { Config, ProviderSettings } from '../../config.ts'
import { AppError } from '../../errors.ts'
import type { HttpClient } from '../../http-client.ts'
import type { Log } from '../../observe/log.ts'
import { createProvider } from './index.ts'

async function checkProvider(settings: ProviderSettings, http: HttpClient, log: Log): Promise<void> {
  const { id } = settings
  try {
    await createProvider(settings, http).configuration()
  } catch (err) {
    const { code, details } = err instanceof AppError ? err : new AppError('internal.unexpected')
    const variable = `${id.toUpperCase()}_ISSUER`
    const reason = details.problem ?? code
    log.warn(
      { err, code, provider: id, variable },
      `nobody can sign in with ${id} at the moment, see ${variable}: ${reason}`,
    )
  }
}

/**
 * Looks at every provider once, so that the log of the start names what would otherwise be found by the first person
 * who signs in: metadata that cannot be read or used. Nothing depends on the outcome; never rejects.
 */
export async function checkProviders({ providers }: Config, http: HttpClient, log: Log): Promise<void> {
  await Promise.all(providers.map((settings) => checkProvider(settings, http, log)))
}

import { AppError } from '../../errors.ts'
import type { Log } from '../../observe/log.ts'
import type { ProviderDirectory } from './index.ts'
import type { Provider } from './provider.ts'

async function checkProvider({ id, configuration }: Provider, log: Log): Promise<void> {
  try {
    await configuration()
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
 * who signs in: metadata that cannot be read or used. What is found serves that person, too. Nothing depends on the
 * outcome; never rejects.
 */
export async function checkProviders(providers: ProviderDirectory, log: Log): Promise<void> {
  await Promise.all(providers.available().map((provider) => checkProvider(provider, log)))
}

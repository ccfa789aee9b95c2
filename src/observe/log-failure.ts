import { AppError } from '../errors.ts'
import type { Log } from './log.ts'

/** The line of a failure, ours to name where it has none. Whoever is shown its code and a request id finds it by them. */
export function logFailure(log: Log, failure: unknown): void {
  const error =
    failure instanceof AppError ? failure : new AppError('internal.unexpected', { cause: failure })
  const { code, status, sentence, instruction, details } = error
  log[status >= 500 ? 'error' : 'info']({ ...details, code, status, instruction, err: error }, sentence)
}

import type { AppError } from '../errors.ts'
import type { Log } from './log.ts'

/** The line of a failure. Whoever is shown its code and a request id finds it by them. */
export function logFailure(log: Log, error: AppError): void {
  const { code, status, sentence, instruction, details } = error
  log[status >= 500 ? 'error' : 'info']({ ...details, code, status, instruction, err: error }, sentence)
}

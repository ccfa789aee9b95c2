import { type DestinationStream, type Logger, pino } from 'pino'
import { AppError } from '../errors.ts'
import { requestContext } from '../request-context.ts'
import { redactor } from './redact.ts'

export type Log = Logger

/** An error as the log shows it: no enumerable properties, since libraries keep tokens and whole answers there. */
interface LoggedError {
  type: string
  message: string
  code?: string
  stack?: string
  cause?: LoggedError
}

const deepestCause = 5

/** What JSON leaves as it is, and a terminal or a log viewer takes for an order or for the end of a line. */
const unsafeInLines = /[\x7f-\x9f\u2028\u2029\p{Bidi_Control}]/gu

const escaped = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`

function describeError(error: unknown, redact: (text: string) => string, depth = 0): LoggedError {
  if (!(error instanceof Error)) return { type: typeof error, message: redact(String(error)) }
  const { code } = error as { code?: unknown }
  return {
    type: error.name,
    message: redact(error.message),
    ...(typeof code === 'string' && { code }),
    ...(!(error instanceof AppError) && error.stack && { stack: redact(error.stack) }),
    ...(error.cause instanceof Error &&
      depth < deepestCause && { cause: describeError(error.cause, redact, depth + 1) }),
  }
}

/**
 * Standard output, written to once for all lines of one turn of the event loop: a write for each would be a tenth of
 * what a page costs. A process that ends itself writes what is left; one that is killed loses the lines of that turn.
 */
function standardOutput(): DestinationStream {
  const output = pino.destination({ sync: true })
  let lines = ''
  const flush = () => {
    if (lines !== '') output.write(lines)
    lines = ''
  }
  process.on('exit', flush)
  return {
    write(line) {
      if (lines === '') setImmediate(flush)
      lines += line
    },
  }
}

/** Where no message is given, pino takes the error's own as it stands. */
function withMessage(only: unknown, redact: (text: string) => string): [object, string] | [string] {
  const error = only instanceof Error ? only : (only as { err?: unknown } | null)?.err
  return error instanceof Error ? [only as object, redact(error.message)] : [only as string]
}

/** The time as a field of a line. A text for each millisecond, not for each line: it is a tenth of what a line costs. */
function isoTimes(): () => string {
  let latest = { at: 0, field: '' }
  return () => {
    const at = Date.now()
    if (at !== latest.at) latest = { at, field: `,"time":"${new Date(at).toISOString()}"` }
    return latest.field
  }
}

/**
 * Structured JSON lines. Every line written while a request is served carries its `requestId`; texts of errors are
 * redacted, `secrets` included.
 */
export function createLog(
  level: string,
  secrets: readonly string[],
  destination: DestinationStream = standardOutput(),
): Log {
  const redact = redactor(secrets)
  return pino(
    {
      level,
      base: null,
      timestamp: isoTimes(),
      formatters: { level: (label) => ({ level: label }) },
      serializers: { err: (error: unknown) => describeError(error, redact) },
      hooks: {
        logMethod(args, method) {
          method.apply(this, args.length === 1 ? withMessage(args[0], redact) : args)
        },
      },
      mixin: () => {
        const context = requestContext()
        return context ? { requestId: context.requestId } : {}
      },
    },
    { write: (line) => destination.write(line.replace(unsafeInLines, escaped)) },
  )
}

import { describe, expect, it } from 'vitest'
import { AppError } from '../../../src/errors.ts'
import { createLog } from '../../../src/observe/log.ts'
import { runInRequestContext } from '../../../src/request-context.ts'

const clientSecret = 'canary-client-secret'

function startLog(level = 'debug') {
  const written: string[] = []
  const log = createLog(level, [clientSecret], { write: (line) => void written.push(line) })
  return {
    log,
    text: () => written.join(''),
    lines: (): Record<string, unknown>[] => written.map((line) => JSON.parse(line)),
  }
}

const written = (error: unknown): { text: string; err: Record<string, unknown> } => {
  const { log, text, lines } = startLog()
  log.error({ err: error }, 'it failed')
  return { text: text(), err: lines()[0]?.err as Record<string, unknown> }
}

describe('a line', () => {
  it.each([
    '\r\n',
    '\n',
    '\u0085',
    '\u2028',
    '\u2029',
    '\u009b31m',
    '\u001b[2J',
    '\u007f',
    '\u202e',
    '\u2066',
  ])('stays one line of harmless characters, whatever of %j is in it, and says the same', (foreign) => {
    const { log, text, lines } = startLog()
    const words = `before${foreign}{"audit":"signed_in"}`
    log.info({ description: words, err: new Error(words) }, words)
    expect(text()).toMatch(/^[^\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]*\n$/u)
    expect(lines()[0]).toMatchObject({ description: words, msg: words, err: { message: words } })
  })
})

describe('a logged error', () => {
  it('has its type, message, code and stack', () => {
    const error = Object.assign(new TypeError('fetch failed'), { code: 'ECONNRESET' })
    expect(written(error).err).toMatchObject({
      type: 'TypeError',
      message: 'fetch failed',
      code: 'ECONNRESET',
      stack: expect.stringContaining('log.test.ts'),
    })
  })

  it('has no enumerable property: libraries keep tokens and whole answers there', () => {
    const error = Object.assign(new Error('words'), {
      response: { body: 'canary-body' },
      token: 'canary-token',
      toJSON: () => 'canary-json',
      code: { canary: 1 },
    })
    expect(written(error).text).not.toContain('canary')
    expect(Object.keys(written(error).err).sort()).toEqual(['message', 'stack', 'type'])
  })

  it('has no secret in message, stack and causes, however deep', () => {
    const deep = new Error(`POST ?client_secret=canary-1&grant_type=x with ${clientSecret}`)
    const middle = new Error('Atza|canary-2', { cause: deep })
    const error = new AppError('provider.unreachable', { cause: middle })
    const { text, err } = written(error)
    expect(text).not.toContain('canary')
    expect(err).toMatchObject({
      type: 'AppError',
      code: 'provider.unreachable',
      cause: {
        message: '[secret]',
        cause: { message: expect.stringContaining('grant_type=x with [secret]') },
      },
    })
  })

  it('names only the code of an error of ours, whose stack tells nothing', () => {
    expect(written(new AppError('s3.timeout')).err).toEqual({
      type: 'AppError',
      message: 's3.timeout',
      code: 's3.timeout',
    })
  })

  it('keeps neither the details of an AppError nor a cause that is no error', () => {
    const error = new AppError('s3.timeout', { details: { a: 'canary-a' }, cause: { body: 'canary-b' } })
    expect(written(error).text).not.toContain('canary')
    expect(written(error).err).not.toHaveProperty('cause')
  })

  it('ends where causes go in a circle', () => {
    const one = new Error('one')
    one.cause = new Error('other', { cause: one })
    const nested = JSON.stringify(written(one).err).match(/"message":/g)
    expect(nested).toHaveLength(6)
  })

  it('is written where a text was thrown, without secrets too', () => {
    expect(written(`no ${clientSecret}`).err).toEqual({ type: 'string', message: 'no [secret]' })
  })

  it('whose message is a secret is written without it, given as a field or alone', () => {
    const { log, text } = startLog()
    log.error(new Error(clientSecret))
    log.error({ err: new Error(clientSecret) })
    expect(text()).toContain('[secret]')
    expect(text()).not.toContain(clientSecret)
  })
})

describe('a log line', () => {
  it('is one line of JSON, whatever stands in message, fields and errors', () => {
    const { log, text, lines } = startLog()
    const forged = 'a\n{"level":"info","msg":"forged"}\r\n\u2028\u0000\u001b[31m'
    log.info({ path: forged, err: new Error(forged) }, forged)
    expect(text().trimEnd().split('\n')).toHaveLength(1)
    expect(text().endsWith('\n')).toBe(true)
    for (const control of ['\r', '\u0000', '\u001b']) expect(text()).not.toContain(control)
    expect(lines()[0]).toMatchObject({ path: forged, msg: forged })
  })

  it('carries level by name, time in ISO 8601 and neither process nor host', () => {
    const { log, lines } = startLog()
    log.warn({ provider: 'amazon' }, 'words')
    expect(lines()).toEqual([
      {
        level: 'warn',
        time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
        provider: 'amazon',
        msg: 'words',
      },
    ])
  })

  it('carries the id of the request that it belongs to, and none outside of one', async () => {
    const { log, lines } = startLog()
    await runInRequestContext({ requestId: 'request-1' }, async () => {
      await Promise.resolve()
      log.info('inside')
    })
    log.info('outside')
    expect(lines().map(({ msg, requestId }) => [msg, requestId])).toEqual([
      ['inside', 'request-1'],
      ['outside', undefined],
    ])
  })

  it('is left out below the level', () => {
    const { log, lines } = startLog('warn')
    log.info('quiet')
    log.warn('loud')
    expect(lines().map(({ msg }) => msg)).toEqual(['loud'])
  })
})

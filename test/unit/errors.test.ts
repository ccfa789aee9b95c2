import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { AppError, type ErrorCode } from '../../src/errors.ts'
import { toFederationError } from '../../src/federation/assume-role-with-web-identity.ts'
import { toS3Error } from '../../src/s3/s3-error.ts'

const source = readFileSync(new URL('../../src/errors.ts', import.meta.url), 'utf8')
const codes = [...source.matchAll(/^ {2}'([^']+)': \{$/gm)].map(([, code]) => code as ErrorCode)

describe('the catalogue of errors', () => {
  it('is read completely by this test', () => {
    expect(codes).toContain('request.not_found')
    expect(codes).toContain('internal.unexpected')
    expect(codes).toHaveLength(source.match(/^ {4}status: /gm)?.length ?? 0)
  })

  it.each(codes)('explains %s', (code) => {
    const { status, sentence, instruction } = new AppError(code)
    expect(code).toMatch(/^(request|login|provider|federation|session|s3|internal)\.[a-z_]+$/)
    expect(Number.isInteger(status) && status >= 400 && status <= 599).toBe(true)
    expect(sentence).toMatch(/^[A-Z][^<>{}]{10,}\.$/)
    expect(instruction).toMatch(/^[A-Zs][^<>{}]{10,}\.$/)
  })

  it('has no sentence twice: what differs for the operator differs for the person', () => {
    const sentences = codes.map((code) => new AppError(code).sentence)
    expect(new Set(sentences).size).toBe(sentences.length)
  })

  it.each(codes)('says who can mend %s, and leaves to the person nothing that a server did wrong', (code) => {
    const { mender, status } = new AppError(code)
    expect(['person', 'operator', 'provider', 'aws', 'account']).toContain(mender)
    if (status >= 500) expect(mender).not.toBe('person')
  })

  it('blames no server for what a browser brought', () => {
    const fromBrowser = codes.filter((code) => /^(request|login)\./.test(code))
    expect(fromBrowser.filter((code) => new AppError(code).status >= 500)).toEqual([])
  })
})

describe('a code that AWS documents for what this application asks', () => {
  const error = (Code: string, httpStatusCode: number, message = '') =>
    Object.assign(new Error(message), { name: Code, Code, $metadata: { httpStatusCode } })
  const ofSts = (code: string, status: number, message?: string) =>
    toFederationError(error(code, status, message), {}).code
  const ofS3 = (code: string, status: number) => toS3Error(error(code, status)).code

  it.each([
    [
      'STS',
      [
        ofSts('AccessDenied', 403),
        ofSts('ExpiredTokenException', 400),
        ofSts('IDPCommunicationError', 400),
        ofSts('IDPRejectedClaim', 403),
        ofSts('InternalFailure', 500),
        ofSts('InvalidAction', 400),
        ofSts('InvalidClientTokenId', 403),
        ofSts('InvalidIdentityToken', 400),
        ofSts('InvalidParameterValue', 400),
        ofSts('MalformedPolicyDocument', 400),
        ofSts('MissingParameter', 400),
        ofSts('OptInRequired', 403),
        ofSts('PackedPolicyTooLarge', 400),
        ofSts('RegionDisabledException', 403),
        ofSts('RequestExpired', 400),
        ofSts('ServiceUnavailable', 503),
        ofSts('Throttling', 400),
        ofSts('ValidationError', 400),
        ofSts('ValidationError', 400, 'DurationSeconds exceeds the MaxSessionDuration set for this role.'),
      ],
    ],
    [
      'S3',
      [
        ofS3('AccessDenied', 403),
        ofS3('AuthorizationHeaderMalformed', 400),
        ofS3('ExpiredToken', 400),
        ofS3('InternalError', 500),
        ofS3('InvalidAccessKeyId', 403),
        ofS3('InvalidToken', 400),
        ofS3('RequestTimeTooSkewed', 403),
        ofS3('RequestTimeout', 400),
        ofS3('ServiceUnavailable', 503),
        ofS3('SignatureDoesNotMatch', 403),
        ofS3('SlowDown', 503),
      ],
    ],
  ])('has words of its own for person and operator: %s', (_service, found) => {
    expect(new Set(found).size).toBe(found.length)
    const instructions = found.map((code) => new AppError(code).instruction)
    expect(new Set(instructions).size).toBe(found.length)
    expect(found).not.toContain('federation.answer_invalid')
  })

  it('of the same meaning has the same words', () => {
    expect(ofSts('Throttling', 400)).toBe(ofSts('ThrottlingException', 400))
    expect(ofSts('InvalidAction', 400)).toBe(ofSts('MissingAction', 400))
    expect(ofS3('PermanentRedirect', 301)).toBe(ofS3('AuthorizationHeaderMalformed', 400))
  })
})

describe('AppError', () => {
  it('keeps its cause and details, and says no more than its code', () => {
    const cause = new Error('internal words')
    const error = new AppError('s3.timeout', { cause, details: { attempts: 3 } })
    expect(error).toMatchObject({ name: 'AppError', code: 's3.timeout', message: 's3.timeout', status: 504 })
    expect(error.cause).toBe(cause)
    expect(error.details).toEqual({ attempts: 3 })
  })

  it('has no cause where none was given', () => {
    expect(Object.hasOwn(new AppError('s3.timeout'), 'cause')).toBe(false)
  })
})

import { errors as jose } from 'jose'
import * as openid from 'openid-client'
import { ClientError, ResponseBodyError } from 'openid-client'
import { describe, expect, it } from 'vitest'
import { AppError } from '../../../../src/errors.ts'
import { statusError, toProviderError } from '../../../../src/login/providers/provider-error.ts'
import { UnusableAnswer } from '../../../../src/unusable-answer.ts'

const refusal = (error: string, status: number): ResponseBodyError =>
  new ResponseBodyError('words of the library', {
    cause: { error, error_description: 'canary-description' },
    response: new Response(null, { status }),
  })

const codeOf = (cause: unknown): unknown => (toProviderError(cause, 'google') as AppError).code

describe('toProviderError', () => {
  it.each([
    ['invalid_grant', 400, 'provider.code_rejected'],
    ['invalid_client', 401, 'provider.client_rejected'],
    ['unauthorized_client', 400, 'provider.client_rejected'],
    ['slow_down', 400, 'provider.throttled'],
    ['server_error', 400, 'provider.unavailable'],
    ['temporarily_unavailable', 400, 'provider.unavailable'],
    ['invalid_request', 400, 'provider.answer_invalid'],
    ['something_new', 400, 'provider.answer_invalid'],
    ['constructor', 400, 'provider.answer_invalid'],
    ['__proto__', 400, 'provider.answer_invalid'],
    ['toString', 400, 'provider.answer_invalid'],
    ['something_new', 500, 'provider.unavailable'],
    ['something_new', 429, 'provider.throttled'],
    ['invalid_grant', 429, 'provider.throttled'],
  ])('names the OAuth error %s with status %d %3$s', (error, status, code) => {
    expect(toProviderError(refusal(error, status), 'google')).toMatchObject({
      code,
      details: { provider: 'google', oauthError: error },
    })
  })

  it.each([
    ['OAUTH_TIMEOUT', 'provider.timeout'],
    ['OAUTH_ABORT', 'provider.timeout'],
    ['OAUTH_JWT_CLAIM_COMPARISON_FAILED', 'provider.token_invalid'],
    ['OAUTH_JWT_TIMESTAMP_CHECK_FAILED', 'provider.token_invalid'],
    ['OAUTH_KEY_SELECTION_FAILED', 'provider.token_invalid'],
    ['OAUTH_INVALID_RESPONSE', 'provider.answer_invalid'],
    ['OAUTH_PARSE_ERROR', 'provider.answer_invalid'],
  ])('names the client error %s %s', (clientCode, code) => {
    expect(codeOf(Object.assign(new ClientError('words'), { code: clientCode }))).toBe(code)
  })

  it.each([
    [404, 'provider.answer_invalid'],
    [429, 'provider.throttled'],
    [503, 'provider.unavailable'],
  ])('goes by the status %d where the library hands over an answer', (status, code) => {
    const cause = new Response(null, { status })
    expect(codeOf(new ClientError('words', { cause }))).toBe(code)
  })

  it('looks below a client error without a code', () => {
    const network = new TypeError('fetch failed', { cause: new Error('ECONNREFUSED') })
    expect(codeOf(new ClientError('words', { cause: network }))).toBe('provider.unreachable')
  })

  it.each([
    ['slow keys', new jose.JWKSTimeout(), 'provider.timeout'],
    ['malformed keys', new jose.JWKSInvalid(), 'provider.answer_invalid'],
    ['no fitting key', new jose.JWKSNoMatchingKey(), 'provider.token_invalid'],
    ['a wrong signature', new jose.JWSSignatureVerificationFailed(), 'provider.token_invalid'],
    ['an expired token', new jose.JWTExpired('words', {}), 'provider.token_invalid'],
    ['a forbidden algorithm', new jose.JOSEAlgNotAllowed(), 'provider.token_invalid'],
    ['keys that were not served', new jose.JOSEError('Expected 200 OK'), 'provider.unavailable'],
    ['an unusable answer', new UnusableAnswer('too much'), 'provider.answer_invalid'],
    ['malformed JSON', new SyntaxError('Unexpected token'), 'provider.answer_invalid'],
    ['a deadline', new DOMException('words', 'TimeoutError'), 'provider.timeout'],
    ['an abort', new DOMException('words', 'AbortError'), 'provider.timeout'],
    [
      'a network failure',
      new TypeError('fetch failed', { cause: new Error('reset') }),
      'provider.unreachable',
    ],
  ])('names %s', (_circumstance, cause, code) => {
    expect(toProviderError(cause, 'google')).toMatchObject({ code, cause, details: { provider: 'google' } })
  })

  it.each([
    ['an error of ours', new AppError('provider.token_not_ours')],
    ['a defect', new TypeError('x is not a function')],
    ['a plain error', new Error('words')],
    ['a text', 'words'],
    ['nothing', undefined],
  ])('hands %s back as it came', (_circumstance, cause) => {
    expect(toProviderError(cause, 'google')).toBe(cause)
  })

  it('puts no words of the provider into the details', () => {
    const { details } = toProviderError(refusal('invalid_grant', 400), 'google') as AppError
    expect(JSON.stringify(details)).not.toContain('canary')
  })
})

describe('toProviderError of what openid-client throws at the code exchange', () => {
  const seconds = Math.floor(Date.now() / 1000)
  const claims = { iss: 'https://id.example', aud: 'client', sub: 'ada', iat: seconds, exp: seconds + 60 }
  const encode = (part: object): string => Buffer.from(JSON.stringify(part)).toString('base64url')

  const idToken = (alg: string, changes: object = {}): Response =>
    Response.json({
      access_token: 'canary-token',
      token_type: 'bearer',
      id_token: `${encode({ alg })}.${encode({ ...claims, ...changes })}.c2lnbmF0dXJl`,
    })
  const json = (body: unknown, status = 200): Response => Response.json(body, { status })

  const exchange = async (answer: Response): Promise<unknown> => {
    const metadata = { issuer: claims.iss, token_endpoint: `${claims.iss}/token` }
    const configuration = new openid.Configuration(metadata, 'client', undefined, openid.None())
    configuration[openid.customFetch] = async () => answer
    return openid
      .authorizationCodeGrant(configuration, new URL('https://app.example/?code=c'))
      .then(() => 'no error', codeOf)
  }

  it('is nothing where the answer is in order', async () => {
    expect(await exchange(idToken('RS256'))).toBe('no error')
  })

  it.each([
    ['an unsigned token', idToken('none'), 'provider.token_invalid'],
    ['a token signed with the client secret', idToken('HS256'), 'provider.token_invalid'],
    ['an expired token', idToken('RS256', { exp: seconds - 3600 }), 'provider.token_invalid'],
    ['a refused code', json({ error: 'invalid_grant' }, 400), 'provider.code_rejected'],
    ['a refused client', json({ error: 'invalid_client' }, 401), 'provider.client_rejected'],
    ['no access token', json({ token_type: 'bearer' }), 'provider.answer_invalid'],
    ['a list', json([]), 'provider.answer_invalid'],
    ['a page instead of JSON', new Response('<html>'), 'provider.answer_invalid'],
    ['a page with a server error', new Response('<html>', { status: 502 }), 'provider.unavailable'],
    ['too many requests', new Response('', { status: 429 }), 'provider.throttled'],
  ])('names %s', async (_circumstance, answer, code) => {
    expect(await exchange(answer)).toBe(code)
  })
})

describe('statusError', () => {
  it.each([
    [400, 'provider.answer_invalid'],
    [404, 'provider.answer_invalid'],
    [429, 'provider.throttled'],
    [500, 'provider.unavailable'],
    [503, 'provider.unavailable'],
    [302, 'provider.answer_invalid'],
  ])('of %d is %s', (status, code) => {
    expect(statusError(status)).toBe(code)
  })
})

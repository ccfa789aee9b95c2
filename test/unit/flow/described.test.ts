import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { AwsExchange, HttpExchange } from '../../../src/exchange.ts'
import { allowedFields } from '../../../src/flow/allowed-fields.ts'
import { Described } from '../../../src/flow/described.ts'
import type { CallKind, Field } from '../../../src/flow/receipt.ts'

const clientSecret = 'the-client-secret-of-the-operator'
const secrets = [clientSecret]
const timing = { startedAt: 0, durationMs: 1, attempts: 1 }

/** A call as it would go over the wire; the query says what kind it is. */
function httpCall(
  url: string,
  {
    headers = {},
    form = {},
    answer = {},
  }: { headers?: Record<string, string>; form?: object; answer?: unknown },
): HttpExchange {
  return {
    over: 'http',
    method: 'POST',
    url: new URL(url),
    headers,
    body: new URLSearchParams(form as Record<string, string>).toString(),
    answer: { status: 200, headers: {}, body: JSON.stringify(answer) },
    ...timing,
  }
}

const stsCall = (input: object, output: object): AwsExchange => ({
  over: 'aws',
  service: 'sts',
  operation: 'AssumeRoleWithWebIdentity',
  input,
  output,
  status: 200,
  awsRequestId: 'request-1',
  awsCode: undefined,
  ...timing,
})

const fieldNamed = (fields: Field[], name: string): Field | undefined =>
  fields.find((field) => field.name === name)

const kinds = Object.keys(allowedFields) as CallKind[]
const shownNames = [
  ...new Set(
    kinds.flatMap((kind) =>
      Object.values(allowedFields[kind]).flatMap((rules) =>
        Object.entries(rules).flatMap(([name, rule]) => (rule === 'hide' ? [] : [name])),
      ),
    ),
  ),
]
const hiddenNames = [
  ...new Set(
    kinds.flatMap((kind) =>
      Object.values(allowedFields[kind]).flatMap((rules) =>
        Object.entries(rules).flatMap(([name, rule]) => (rule === 'hide' ? [name] : [])),
      ),
    ),
  ),
]

/** Long enough to be worth something, and of the characters that tokens have. */
const secret = fc.stringMatching(/^[A-Za-z0-9_.|~+/=-]{16,60}$/)
const secretName = fc.oneof(
  fc.constantFrom(...hiddenNames),
  // Names that nobody knows, a secret itself for one.
  secret,
  fc.string({ minLength: 1, maxLength: 30 }).filter((name) => !shownNames.includes(name)),
)
const url = fc.constantFrom(
  'https://id.example/token?grant_type=x',
  'https://id.example/auth/o2/tokeninfo?x=1',
  'https://id.example/debug_token?input_token=1',
  'https://id.example/me',
  'https://id.example/keys',
  'https://id.example/.well-known/openid-configuration',
)

const jwtOf = (claims: object): string =>
  ['{"alg":"RS256"}', JSON.stringify(claims)]
    .map((part) => Buffer.from(part).toString('base64url'))
    .concat('c2lnbmF0dXJl')
    .join('.')

/** Whether a text gives a value away, however it was written down. */
const gives = (text: string, value: string): boolean =>
  [value, JSON.stringify(value).slice(1, -1), encodeURIComponent(value)].some((form) => text.includes(form))

describe('a described call', () => {
  it('has no secret of any field left in it, whatever the fields are called and whoever repeats them', () => {
    fc.assert(
      fc.property(
        url,
        fc.array(fc.tuple(secretName, secret), { minLength: 1, maxLength: 6 }),
        fc.constantFrom(...shownNames),
        secret,
        fc.boolean(),
        (address, pairs, shownName, bearer, nested) => {
          const members = Object.fromEntries(pairs)
          const echo = { [shownName]: pairs[0]?.[1] }
          const at = new URL(address)
          for (const [name, value] of pairs) at.searchParams.append(name, value)
          const call = httpCall(at.href, {
            headers: { authorization: `Bearer ${bearer}` },
            form: { ...members, ...(address.includes('token?') && { grant_type: 'authorization_code' }) },
            answer: {
              ...(nested ? { data: members, list: [members] } : members),
              ...echo,
              id_token: jwtOf(members),
            },
          })
          const text = JSON.stringify(new Described(secrets).call(call))
          const strangeNames = pairs.flatMap(([name]) =>
            /^[\x21-\x7e]{16,}$/.test(name) && !hiddenNames.includes(name) ? name : [],
          )
          for (const value of [bearer, ...strangeNames, ...pairs.map(([, value]) => value)])
            expect(gives(text, value)).toBe(false)
        },
      ),
      { numRuns: 500 },
    )
  })

  it('has no secret of an AWS call left in it', () => {
    fc.assert(
      fc.property(
        secret,
        secret,
        secret,
        fc.tuple(secretName, secret),
        (token, key, session, [name, other]) => {
          const call = stsCall(
            { [name]: other, RoleArn: 'arn:aws:iam::123456789012:role/one', WebIdentityToken: token },
            { Credentials: { [name]: other, SecretAccessKey: key, SessionToken: session }, Audience: token },
          )
          const text = JSON.stringify(new Described(secrets).call(call))
          for (const value of [token, key, session, other]) expect(gives(text, value)).toBe(false)
        },
      ),
    )
  })

  it('shows no more later of what was hidden before', () => {
    const described = new Described(secrets)
    described.call(
      httpCall('https://id.example/token', { form: { grant_type: 'x', code: 'a-code-of-some-length' } }),
    )
    const later = described.call(
      httpCall('https://id.example/me', {
        headers: { authorization: 'Bearer some-token-of-length' },
        answer: { sub: 'a-code-of-some-length', hd: 'prefix.some-token-of-length.suffix' },
      }),
    )
    expect(JSON.stringify(later)).not.toMatch(/a-code-of-some-length|some-token-of-length/)
  })

  it('shows what is allowed by name where it looks as it should, and nothing else', () => {
    const { request, answer } = new Described(secrets).call(
      httpCall('https://id.example/token', {
        form: { grant_type: 'authorization_code', redirect_uri: 'https://app.example/cb?with=query' },
        answer: { token_type: 'Bearer', expires_in: 3600, scope: 'openid <script>', cookie: 'x' },
      }),
    )
    expect(fieldNamed(request, 'grant_type')).toEqual({ name: 'grant_type', value: 'authorization_code' })
    expect(fieldNamed(request, 'redirect_uri')).toHaveProperty('fingerprint')
    expect(fieldNamed(answer, 'token_type')).toEqual({ name: 'token_type', value: 'Bearer' })
    expect(fieldNamed(answer, 'expires_in')).toEqual({ name: 'expires_in', value: '3600' })
    expect(fieldNamed(answer, 'scope')).toMatchObject({ length: 15 })
    expect(fieldNamed(answer, 'cookie')).toBeUndefined()
    expect(fieldNamed(answer, 'another field')).toMatchObject({ length: 1 })
  })

  it('has the same fingerprint for the same secret in two calls, and another in another journey', () => {
    const described = new Described(secrets)
    const told = described.call(
      httpCall('https://id.example/token', {
        form: { grant_type: 'x' },
        answer: { access_token: 'the-token-itself' },
      }),
    )
    const used = described.call(stsCall({ WebIdentityToken: 'the-token-itself' }, {}))
    const fingerprint = (field: Field | undefined) =>
      field && 'fingerprint' in field ? field.fingerprint : undefined
    const one = fingerprint(fieldNamed(told.answer, 'access_token'))
    expect(one).toMatch(/^[0-9a-f]{10}$/)
    expect(fingerprint(fieldNamed(used.request, 'WebIdentityToken'))).toBe(one)
    const elsewhere = new Described(secrets).call(stsCall({ WebIdentityToken: 'the-token-itself' }, {}))
    expect(fingerprint(fieldNamed(elsewhere.request, 'WebIdentityToken'))).toMatch(/^[0-9a-f]{10}$/)
    expect(fingerprint(fieldNamed(elsewhere.request, 'WebIdentityToken'))).not.toBe(one)
  })

  it.each([
    ['client_secret in a form', { form: { grant_type: 'x', client_secret: clientSecret } }],
    [
      'HTTP Basic',
      { form: { grant_type: 'x' }, headers: { authorization: `Basic ${btoa(`id:${clientSecret}`)}` } },
    ],
    ['a token made of it', { form: { grant_type: 'x', access_token: `id|${clientSecret}` } }],
  ])('has not even a fingerprint of the client secret, in %s', (_where, parts) => {
    const { request } = new Described(secrets).call(httpCall('https://id.example/token', parts))
    const hidden = request.filter((field) => 'length' in field)
    expect(hidden).toHaveLength(1)
    expect(hidden[0]).not.toHaveProperty('fingerprint')
  })

  it('shows of names and addresses how they begin', () => {
    const { answer } = new Described(secrets).call(
      httpCall('https://id.example/me', {
        headers: { authorization: 'Bearer x' },
        answer: { name: 'Ada Example', email: 'ada@example.com', sub: 'ada@evil@example.com' },
      }),
    )
    expect(answer).toEqual([
      { name: 'name', value: 'A…' },
      { name: 'email', value: 'a…@example.com' },
      { name: 'sub', value: 'a…@example.com' },
    ])
  })

  it('tells header and claims of an ID token, and never the token', () => {
    const token = jwtOf({
      iss: 'https://id.example',
      sub: '123',
      nonce: 'a-nonce-of-some-length',
      odd: 'an-odd-claim-of-theirs',
    })
    const { answer } = new Described(secrets).call(
      httpCall('https://id.example/token', { form: { grant_type: 'x' }, answer: { id_token: token } }),
    )
    expect(fieldNamed(answer, 'id_token header: alg')).toMatchObject({ value: 'RS256' })
    expect(fieldNamed(answer, 'id_token claim: iss')).toMatchObject({ value: 'https://id.example' })
    expect(fieldNamed(answer, 'id_token claim: nonce')).toHaveProperty('fingerprint')
    const text = JSON.stringify(answer)
    for (const part of [...token.split('.'), 'a-nonce-of-some-length', 'an-odd-claim-of-theirs']) {
      expect(text).not.toContain(part)
    }
  })

  it('stays small, whatever a provider answers', () => {
    const wide = Object.fromEntries(
      Array.from({ length: 5000 }, (_, index) => [`name${index}`, `value-${index}`]),
    )
    const deep = JSON.parse(`${'{"a":'.repeat(500)}1${'}'.repeat(500)}`)
    for (const answer of [wide, deep, [[[[[['x']]]]]], 'text', 5, null, true]) {
      const text = JSON.stringify(new Described(secrets).call(httpCall('https://id.example/me', { answer })))
      expect(text.length).toBeLessThan(10_000)
    }
  })
})

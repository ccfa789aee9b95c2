import { describe, expect, it } from 'vitest'
import { registrations } from '../../src/doctor/registration.ts'
import { situationOf } from '../../src/doctor/situation.ts'
import { lintTrustPolicy } from '../../src/doctor/trust-policy.ts'
import { okta, sound } from './planted-mistakes.ts'

const situation = situationOf({ ...sound, ...okta })
const { config } = situation

const action = 'sts:AssumeRoleWithWebIdentity'
const google = {
  Effect: 'Allow',
  Principal: { Federated: 'accounts.google.com' },
  Action: action,
  Condition: { StringEquals: { 'accounts.google.com:aud': sound.GOOGLE_APP_ID } },
}
const amazon = {
  Effect: 'Allow',
  Principal: { Federated: 'www.amazon.com' },
  Action: action,
  Condition: { StringEquals: { 'www.amazon.com:app_id': 'amzn1.application.0123456789abcdef' } },
}

const lint = (text: string): string[] =>
  lintTrustPolicy(text, config).map(({ level, finding }) => `${level} ${finding}`)
const lintStatements = (...Statement: object[]): string[] =>
  lint(JSON.stringify({ Version: '2012-10-17', Statement }))

const key = 'accounts.google.com:aud'
const under = (operator: string, value: string | string[] = sound.GOOGLE_APP_ID) => ({
  ...google,
  Condition: { [operator]: { [key]: value } },
})

const planted: [mistake: string, statement: object, ...findings: string[]][] = [
  [
    'no condition',
    { ...google, Condition: undefined },
    "FAIL has no condition on accounts.google.com:aud: anybody's application could assume the role",
  ],
  [
    'a condition on the person only',
    { ...google, Condition: { StringEquals: { 'accounts.google.com:sub': '1' } } },
    "FAIL has no condition on accounts.google.com:aud: anybody's application could assume the role (it has accounts.google.com:sub)",
  ],
  [
    'the key of another provider',
    { ...google, Condition: amazon.Condition },
    "FAIL has no condition on accounts.google.com:aud: anybody's application could assume the role (it has www.amazon.com:app_id)",
  ],
  [
    'a wildcard',
    under('StringLike', '*'),
    'FAIL has a wildcard in StringLike: other applications fit as well',
  ],
  [
    'a wildcard for any value',
    under('ForAnyValue:StringLike', '*.apps.googleusercontent.com'),
    'FAIL has a wildcard in ForAnyValue:StringLike: other applications fit as well',
  ],
  [
    'IfExists',
    under('StringEqualsIfExists'),
    'FAIL has a condition that holds where the token does not say it: StringEqualsIfExists',
  ],
  [
    'ForAllValues',
    under('ForAllValues:StringEquals'),
    'FAIL has a condition that holds where the token has no value at all: ForAllValues:StringEquals',
  ],
  [
    'a negation',
    under('StringNotEquals', 'x'),
    'FAIL has a condition that says only what a token must not be: StringNotEquals',
  ],
  [
    'the client id of somebody else',
    under('StringEquals', '1-x.apps.googleusercontent.com'),
    'FAIL names another application than GOOGLE_APP_ID: 1-x.apps.googleusercontent.com',
  ],
  [
    'a second application',
    under('StringEquals', [sound.GOOGLE_APP_ID, '1-x.apps.googleusercontent.com']),
    `WARN lets 2 applications in: ${sound.GOOGLE_APP_ID}, 1-x.apps.googleusercontent.com`,
  ],
  [
    'a needless set operator',
    under('ForAnyValue:StringEquals'),
    'WARN uses ForAnyValue:StringEquals for a single value',
  ],
  [
    'the Client ID of Amazon',
    { ...amazon, Condition: { StringEquals: { 'www.amazon.com:app_id': sound.AMAZON_APP_ID } } },
    'FAIL has the Client ID where the App ID belongs',
  ],
  [
    'a placeholder',
    { ...amazon, Condition: { StringEquals: { 'www.amazon.com:app_id': '<App ID>' } } },
    'FAIL still has a placeholder',
  ],
  [
    'a scheme before the provider',
    { ...google, Principal: { Federated: 'https://accounts.google.com' } },
    'FAIL trusts https://accounts.google.com, which is none of the providers that are on',
  ],
  [
    'an OpenID provider that is not ours',
    { ...google, Principal: { Federated: 'arn:aws:iam::111122223333:oidc-provider/other.example.com' } },
    'FAIL trusts arn:aws:iam::111122223333:oidc-provider/other.example.com, which is none of the providers that are on',
  ],
  ['everybody', { ...google, Principal: '*' }, 'FAIL trusts everybody: its principal is *'],
  ['every account', { ...google, Principal: { AWS: '*' } }, 'FAIL trusts everybody: its principal is *'],
  [
    'a service',
    { ...google, Principal: { Service: 'ec2.amazonaws.com' } },
    'FAIL names no identity provider: Principal.Federated is missing',
  ],
  [
    'NotPrincipal',
    { ...google, Principal: undefined, NotPrincipal: { Federated: 'www.amazon.com' } },
    'FAIL has NotPrincipal: it trusts everybody but those',
  ],
  [
    'two providers in one statement',
    { ...google, Principal: { Federated: ['accounts.google.com', 'www.amazon.com'] } },
    'FAIL names several providers: accounts.google.com, www.amazon.com',
  ],
  [
    'the action for other accounts',
    { ...google, Action: 'sts:AssumeRole' },
    'FAIL does not allow sts:AssumeRoleWithWebIdentity',
  ],
  [
    'all actions',
    { ...google, Action: 'sts:*' },
    'WARN allows more actions than needed',
    'OK trusts accounts.google.com, for this application only',
  ],
]

describe('lintTrustPolicy', () => {
  it('finds nothing wrong with the policies that the report gives', () => {
    const given = registrations(situation).filter(({ provider }) => provider !== 'amazon')
    expect(given).toHaveLength(3)
    for (const { trustPolicy } of given) {
      expect(lint(trustPolicy)).toEqual([expect.stringMatching(/^OK trusts .*, for this application only$/)])
    }
    expect(lintStatements(amazon)).toEqual(['OK trusts www.amazon.com, for this application only'])
  })

  it('knows that the roles of a Ceph gateway belong to no account', () => {
    const ceph = situationOf({ ...sound, ...okta, OKTA_ROLE_ARN: 'arn:aws:iam:::role/okta' })
    const given = registrations(ceph).find(({ provider }) => provider === 'okta')
    expect(lint(given?.trustPolicy ?? '')).toEqual([
      'OK trusts arn:aws:iam:::oidc-provider/example.okta.com, for this application only',
    ])
  })

  it.each(planted)('names: %s', (_mistake, statement, ...findings) => {
    expect(lintStatements(statement)).toEqual(findings)
  })

  it('names several providers in several statements', () => {
    expect(lintStatements(google, amazon)[0]).toBe('WARN has statements for several principals')
  })

  it('names a policy for a provider that is off', () => {
    const alone = situationOf({ ...sound, GOOGLE_APP_ID: undefined }).config
    const [finding] = lintTrustPolicy(JSON.stringify({ Version: '2012-10-17', Statement: google }), alone)
    expect(finding).toMatchObject({ level: 'WARN', finding: 'trusts accounts.google.com, which is off here' })
  })

  it('names a version in which variables do not work', () => {
    expect(lint(JSON.stringify({ Version: '2008-10-17', Statement: [google] }))[0]).toMatch(
      /^WARN is not of the/,
    )
  })

  it.each([
    ['not JSON', 'Trust policy:', 'FAIL is not JSON'],
    ['no policy', '{"Roles": []}', expect.stringMatching(/^FAIL is no policy: Statement /)],
    ['a whole role, as the AWS CLI prints it', '{"Role": {}}', expect.stringMatching(/^FAIL is no policy/)],
  ])('names a text that is %s', (_what, text, finding) => {
    expect(lint(text)).toEqual([finding])
  })

  it('names an OpenID provider of another account than the role', () => {
    const trust = {
      Effect: 'Allow',
      Principal: { Federated: 'arn:aws:iam::444455556666:oidc-provider/example.okta.com' },
      Action: action,
      Condition: { StringEquals: { 'example.okta.com:aud': '0oa1example' } },
    }
    expect(lintStatements(trust)).toEqual([
      'FAIL trusts a provider of the account 444455556666, and the role is in 111122223333',
    ])
  })

  it.each([
    ['whole role', (policy: object) => JSON.stringify({ Role: { AssumeRolePolicyDocument: policy } })],
    ['document, URL-encoded', (policy: object) => encodeURIComponent(JSON.stringify(policy))],
  ])('reads the %s, as other tools print it', (_form, print) => {
    expect(lint(print({ Version: '2012-10-17', Statement: [google] }))).toEqual([
      'OK trusts accounts.google.com, for this application only',
    ])
  })

  it('reads a number as IAM does', () => {
    const facebook = {
      ...google,
      Principal: { Federated: 'graph.facebook.com' },
      Condition: { StringEquals: { 'graph.facebook.com:app_id': 999 } },
    }
    expect(lintStatements(facebook)).toEqual(['FAIL names another application than FACEBOOK_APP_ID: 999'])
  })

  it('compares the names of keys as IAM does, whatever their case', () => {
    const upper = {
      ...google,
      Condition: { StringEquals: { 'accounts.google.com:AUD': sound.GOOGLE_APP_ID } },
    }
    expect(lintStatements(upper)).toEqual(['OK trusts accounts.google.com, for this application only'])
  })
})

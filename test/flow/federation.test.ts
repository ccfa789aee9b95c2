import { describe, expect, it, vi } from 'vitest'
import { answerWith, resetConnection } from '../../sandbox/faults.ts'
import { demoPeople, type Person } from '../../sandbox/identity/people.ts'
import { ada, signIn } from '../application.ts'
import { HttpBrowser } from '../http-browser.ts'
import { alsoStart, expectRefusal, expectSignedOut, useSituation } from './situation.ts'

vi.stubEnv('AWS_MAX_ATTEMPTS', '1')
// What the process of an operator may have lying about: the call must stay unsigned all the same.
vi.stubEnv('AWS_ACCESS_KEY_ID', 'AKIAOPERATOROPERATOR')
vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'operator-secret-that-must-not-sign')

const longAddress = `${'a'.repeat(70)}@example.com`
const people: Person[] = [
  ...demoPeople,
  ...[
    'a@evil@good.example',
    'ada＠example.com',
    '🦄@example.com',
    '\u202egnp@example.com',
    '名前@例え.jp',
    longAddress,
    'a b;c@x',
  ].map(
    (email, index): Person => ({
      name: `Person ${index}`,
      email,
      subjects: { amazon: `amzn1.account.P${index}`, google: `10${index}`, facebook: `20${index}` },
    }),
  ),
]
const situation = useSituation({}, { people })

const misaki = demoPeople[1] as Person
const renee = demoPeople[2] as Person

type Provider = 'amazon' | 'google' | 'facebook'

/** Signs in and returns what STS was sent. */
async function parametersFor(provider: Provider, person = ada, environment?: Record<string, string>) {
  const application = environment ? await alsoStart(situation.sandbox, environment) : situation.application
  const answer = await signIn(new HttpBrowser(), application, provider, person)
  expect(answer.status).toBe(303)
  const exchange = situation.sandbox.sts.exchanges.at(-1)
  expect(exchange?.outcome).toBe('OK')
  return exchange?.parameters ?? {}
}

describe('the call to AssumeRoleWithWebIdentity', () => {
  it.each([
    ['amazon', 'www.amazon.com', /^Atza\|/],
    ['facebook', 'graph.facebook.com', /^EAA/],
    ['google', undefined, /^eyJ[\w-]+\.[\w-]+\.[\w-]+$/],
  ] as const)('for %s names the role, the provider and its token', async (provider, providerId, token) => {
    const parameters = await parametersFor(provider)
    expect(parameters).toMatchObject({
      Action: 'AssumeRoleWithWebIdentity',
      RoleArn: situation.sandbox.roleArns[provider],
      RoleSessionName: 'ada@example.com',
      DurationSeconds: '3600',
      WebIdentityToken: expect.stringMatching(token),
    })
    expect(parameters.ProviderId).toBe(providerId)
    expect('ProviderId' in parameters).toBe(providerId !== undefined)
  })

  it('is a POST without a signature, without keys of the host, and without the token in its address', async () => {
    await parametersFor('amazon')
    for (const { method, url, headers } of situation.sandbox.sts.requests) {
      expect({ method, url }).toEqual({ method: 'POST', url: '/' })
      expect(headers.authorization).toBeUndefined()
      expect(headers['x-amz-security-token']).toBeUndefined()
      expect(headers['x-amz-date']).toBeUndefined()
    }
  })

  it('carries a session policy that only lists and reads', async () => {
    const { Policy = '' } = await parametersFor('amazon')
    const { Statement } = JSON.parse(Policy) as { Statement: { Effect: string; Action: string[] }[] }
    const actions = Statement.flatMap(({ Action }) => Action)
    expect(actions).toContain('s3:ListAllMyBuckets')
    for (const action of actions) expect(action).toMatch(/^s3:(List|Get)\w+$/)
  })

  it('carries no policy under SESSION_POLICY=none', async () => {
    expect(await parametersFor('amazon', ada, { SESSION_POLICY: 'none' })).not.toHaveProperty('Policy')
  })

  it("carries the operator's own policy", async () => {
    const policy = {
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Action: 's3:ListAllMyBuckets', Resource: '*' }],
    }
    const { Policy = '' } = await parametersFor('google', ada, { SESSION_POLICY: JSON.stringify(policy) })
    expect(JSON.parse(Policy)).toEqual(policy)
  })

  it('asks for ROLE_SESSION_SECONDS', async () => {
    expect(await parametersFor('facebook', ada, { ROLE_SESSION_SECONDS: '900' })).toMatchObject({
      DurationSeconds: '900',
    })
  })
})

describe('RoleSessionName', () => {
  it('is the e-mail address as it stands, where AWS takes it', async () => {
    expect(await parametersFor('google', renee)).toMatchObject({
      RoleSessionName: 'renee.ohara+aws@corp.example',
    })
  })

  it.each(['amazon', 'google', 'facebook'] as const)(
    'is the subject where %s gives no e-mail address',
    async (provider) => {
      expect(await parametersFor(provider, misaki)).toMatchObject({
        RoleSessionName: misaki.subjects[provider],
      })
    },
  )

  it('is the subject under ROLE_SESSION_NAME=subject', async () => {
    expect(await parametersFor('amazon', ada, { ROLE_SESSION_NAME: 'subject' })).toMatchObject({
      RoleSessionName: ada.subjects.amazon,
    })
  })

  it.each(people.slice(demoPeople.length).map((person) => [person.email, person] as const))(
    'is legal for a person whose e-mail address is %s',
    async (_email, person) => {
      const { RoleSessionName } = await parametersFor('amazon', person)
      expect(RoleSessionName).toMatch(/^[A-Za-z0-9_+=,.@-]{2,64}$/)
    },
  )
})

const refusal = (code: string, message = 'for tests') =>
  `<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type><Code>${code}</Code><Message>${message}</Message></Error><RequestId>0a1b2c3d-sts</RequestId></ErrorResponse>`

describe('an error of STS', () => {
  it.each([
    ['AccessDenied', 403, 403, 'federation.access_denied'],
    ['InvalidIdentityToken', 400, 403, 'federation.web_identity_rejected'],
    ['IDPRejectedClaim', 403, 403, 'federation.claim_rejected'],
    ['ExpiredTokenException', 400, 403, 'federation.token_expired'],
    ['IDPCommunicationError', 400, 503, 'federation.provider_unreachable'],
    ['MalformedPolicyDocument', 400, 500, 'federation.policy_rejected'],
    ['PackedPolicyTooLarge', 400, 500, 'federation.policy_too_large'],
    ['RegionDisabledException', 403, 500, 'federation.region_disabled'],
    ['ValidationError', 400, 500, 'federation.request_invalid'],
    ['MissingParameter', 400, 500, 'federation.parameter_missing'],
    ['InvalidParameterValue', 400, 500, 'federation.parameter_rejected'],
    ['InvalidAction', 400, 502, 'federation.action_unknown'],
    ['MissingAction', 400, 502, 'federation.action_unknown'],
    ['RequestExpired', 400, 500, 'federation.request_expired'],
    ['OptInRequired', 403, 500, 'federation.account_not_ready'],
    ['InvalidClientTokenId', 403, 500, 'federation.key_rejected'],
    ['Throttling', 400, 503, 'federation.throttled'],
    ['ThrottlingException', 400, 503, 'federation.throttled'],
    ['InternalFailure', 500, 502, 'federation.internal_failure'],
    ['ServiceUnavailable', 503, 502, 'federation.unavailable'],
    ['SomethingNew', 400, 502, 'federation.answer_invalid'],
    ['constructor', 400, 502, 'federation.answer_invalid'],
    ['SomethingNew', 403, 403, 'federation.access_denied'],
  ])(
    '%s with status %i is a page with status %i and the code %s',
    async (awsCode, awsStatus, status, code) => {
      const { sandbox, application } = situation
      const message = 'UPSTREAM-CANARY <script>alert(1)</script>'
      sandbox.sts.faults.plan(
        '/',
        answerWith(awsStatus, refusal(awsCode, `<![CDATA[${message}]]>`), { 'content-type': 'text/xml' }),
      )
      const browser = new HttpBrowser()
      const answer = await signIn(browser, application, 'amazon')
      expectRefusal(answer, status, code)
      expect(answer.body).not.toContain('UPSTREAM-CANARY')
      await expectSignedOut(browser, application)
      const line = application.log.find(
        (one) => one.requestId === answer.headers.get('x-request-id') && 'instruction' in one,
      )
      expect(line).toMatchObject({
        awsCode,
        httpStatus: awsStatus,
        roleArn: sandbox.roleArns.amazon,
        provider: 'amazon',
      })
      expect(String(line?.instruction)).not.toBe('')
    },
  )

  it('is not a time-out where the connection breaks', async () => {
    situation.sandbox.sts.faults.plan('/', resetConnection, 9)
    const answer = await signIn(new HttpBrowser(), situation.application, 'amazon')
    expectRefusal(answer, 502, 'federation.unreachable')
  })

  it.each(['AccessKeyId', 'SecretAccessKey', 'SessionToken', 'Expiration'])(
    'is an answer without %s',
    async (missing) => {
      const members = {
        AccessKeyId: 'ASIAEXAMPLEEXAMPLE00',
        SecretAccessKey: 'secret',
        SessionToken: 'token',
        Expiration: new Date(Date.now() + 3_600_000).toISOString(),
      }
      const xml = Object.entries(members)
        .filter(([name]) => name !== missing)
        .map(([name, value]) => `<${name}>${value}</${name}>`)
        .join('')
      const body = `<AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleWithWebIdentityResult><Credentials>${xml}</Credentials></AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>`
      situation.sandbox.sts.faults.plan('/', answerWith(200, body, { 'content-type': 'text/xml' }))
      const browser = new HttpBrowser()
      expectRefusal(await signIn(browser, situation.application, 'amazon'), 502, 'federation.answer_invalid')
      await expectSignedOut(browser, situation.application)
    },
  )

  it('is credentials for somebody else', async () => {
    const body = `<AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleWithWebIdentityResult><SubjectFromWebIdentityToken>${renee.subjects.amazon}</SubjectFromWebIdentityToken><Credentials><AccessKeyId>ASIAEXAMPLEEXAMPLE00</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>`
    situation.sandbox.sts.faults.plan('/', answerWith(200, body, { 'content-type': 'text/xml' }))
    const browser = new HttpBrowser()
    expectRefusal(await signIn(browser, situation.application, 'amazon'), 403, 'federation.subject_mismatch')
    await expectSignedOut(browser, situation.application)
  })
})

describe('a role', () => {
  it.each([
    ['that trusts another provider', 'AMAZON_ROLE_ARN', (arns: Record<Provider, string>) => arns.google],
    ['that does not exist', 'AMAZON_ROLE_ARN', () => 'arn:aws:iam::123456789012:role/nobody'],
  ] as const)('%s refuses the person, and both cases look the same', async (_title, variable, arn) => {
    const application = await alsoStart(situation.sandbox, { [variable]: arn(situation.sandbox.roleArns) })
    const browser = new HttpBrowser()
    expectRefusal(await signIn(browser, application, 'amazon'), 403, 'federation.access_denied')
    expect(situation.sandbox.sts.exchanges.at(-1)?.outcome).toBe('AccessDenied')
    await expectSignedOut(browser, application)
  })
})

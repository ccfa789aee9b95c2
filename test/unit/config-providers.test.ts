import { describe, expect, it } from 'vitest'
import { type ConfigProblem, type ProviderSettings, readConfig } from '../../src/config.ts'

type Environment = Record<string, string | undefined>

const roleArn = 'arn:aws:iam::123456789012:role/web'
const of = (prefix: string): Environment => ({
  [`${prefix}_APP_ID`]: `${prefix.toLowerCase()}-client`,
  [`${prefix}_APP_SECRET`]: 'a-client-secret',
  [`${prefix}_ROLE_ARN`]: roleArn,
})
const amazon = of('AMAZON')
const all = { ...amazon, ...of('GOOGLE'), ...of('FACEBOOK') }
const okta = { ...of('OKTA'), OKTA_ISSUER: 'https://login.example.org/tenant' }

const settingsOf = (environment: Environment, id: string): ProviderSettings | undefined =>
  readConfig(environment).providers.find((one) => one.id === id)

const problemsOf = (environment: Environment, id: string): ConfigProblem[] | undefined =>
  readConfig(environment).providersOff.find((one) => one.id === id)?.problems

const variablesOf = (environment: Environment, id: string): string[] | undefined =>
  problemsOf(environment, id)?.map(({ variable }) => variable)

describe('providers', () => {
  it('are on with the endpoints of the real ones where id, secret and role are given', () => {
    expect(readConfig(all).providers).toMatchObject([
      {
        id: 'amazon',
        kind: 'amazon',
        clientId: 'amazon-client',
        clientSecret: 'a-client-secret',
        roleArn,
        grant: 'code',
        authorizeUrl: 'https://www.amazon.com/ap/oa',
        apiUrl: 'https://api.amazon.com',
      },
      { id: 'google', kind: 'openid-connect', issuer: 'https://accounts.google.com' },
      {
        id: 'facebook',
        kind: 'facebook',
        dialogUrl: expect.stringMatching(/^https:\/\/www\.facebook\.com\/v\d+\.0\/dialog\/oauth$/),
        graphUrl: expect.stringMatching(/^https:\/\/graph\.facebook\.com\/v\d+\.0$/),
      },
    ])
    expect(readConfig(all).providersOff).toEqual([])
  })

  it('are off and untouched where nothing is set, with every missing variable named', () => {
    const { providers, providersOff } = readConfig({})
    expect(providers).toEqual([])
    expect(providersOff.map(({ id, untouched }) => [id, untouched])).toEqual([
      ['amazon', true],
      ['google', true],
      ['facebook', true],
    ])
    for (const { id, problems } of providersOff) {
      const prefix = id.toUpperCase()
      expect(problems.map(({ variable }) => variable).sort()).toEqual([
        `${prefix}_APP_ID`,
        `${prefix}_APP_SECRET`,
        `${prefix}_ROLE_ARN`,
      ])
      expect(new Set(problems.map(({ problem }) => problem))).toEqual(new Set(['is missing']))
    }
  })

  it.each(['APP_ID', 'APP_SECRET', 'ROLE_ARN'])('stay on around the one whose %s is missing', (suffix) => {
    const environment = { ...all, [`GOOGLE_${suffix}`]: undefined }
    const { providers, providersOff } = readConfig(environment)
    expect(providers.map(({ id }) => id)).toEqual(['amazon', 'facebook'])
    expect(providersOff).toEqual([
      {
        id: 'google',
        label: undefined,
        untouched: false,
        problems: [{ variable: `GOOGLE_${suffix}`, problem: 'is missing' }],
      },
    ])
  })

  it('can be labelled, scoped and pointed elsewhere', () => {
    const environment = {
      ...all,
      AMAZON_LABEL: 'Amazon, please',
      AMAZON_SCOPE: 'profile postal_code',
      AMAZON_AUTHORIZE_URL: 'https://eu.account.amazon.com/ap/oa',
      AMAZON_API_URL: 'https://api.amazon.co.uk/',
      GOOGLE_ISSUER: 'http://127.0.0.1:4000',
      FACEBOOK_GRAPH_URL: 'http://localhost:5000/v26.0//',
      FACEBOOK_DIALOG_URL: 'http://localhost:5000/dialog',
    }
    expect(readConfig(environment).providers).toMatchObject([
      {
        label: 'Amazon, please',
        scope: 'profile postal_code',
        authorizeUrl: 'https://eu.account.amazon.com/ap/oa',
        apiUrl: 'https://api.amazon.co.uk',
      },
      { issuer: 'http://127.0.0.1:4000' },
      { graphUrl: 'http://localhost:5000/v26.0', dialogUrl: 'http://localhost:5000/dialog' },
    ])
  })
})

describe('a placeholder', () => {
  const texts = [
    'Enter the Client ID of your application',
    'enter the ARN of the role',
    'Insert your secret here',
    '<client id>',
    'your-client-id',
    'YOUR_CLIENT_SECRET',
    'your client id',
    'replace-me',
    'REPLACE_WITH_CLIENT_ID',
    'changeme',
    'Change this',
  ]

  it.each(texts)('such as "%s" counts as not configured', (text) => {
    const environment = { ...all, AMAZON_APP_ID: text }
    expect(problemsOf(environment, 'amazon')).toEqual([
      { variable: 'AMAZON_APP_ID', problem: 'still has its placeholder text' },
    ])
  })

  it('in all of a provider’s variables leaves it untouched', () => {
    const [text] = texts
    const environment = { AMAZON_APP_ID: text, AMAZON_APP_SECRET: text, AMAZON_ROLE_ARN: text }
    expect(readConfig(environment).providersOff).toContainEqual(
      expect.objectContaining({ id: 'amazon', untouched: true }),
    )
  })

  it.each([
    'yourself.apps.example',
    'enterprise-client',
    'inserted',
    'unchanged',
    'replica-7',
    'replacement-7',
  ])('is not seen in the client id %s', (clientId) => {
    expect(settingsOf({ ...amazon, AMAZON_APP_ID: clientId }, 'amazon')?.clientId).toBe(clientId)
  })
})

describe('a malformed variable of a provider', () => {
  it.each([
    ['AMAZON_APP_ID', 'canary with spaces'],
    ['AMAZON_APP_ID', 'canary'.repeat(86)],
    ['AMAZON_APP_SECRET', 'canary\u00e9'],
    ['AMAZON_APP_SECRET', 'canary\nsecond line'],
    ['AMAZON_ROLE_ARN', 'canary'],
    ['AMAZON_ROLE_ARN', 'arn:aws:iam::123456789012:user/canary'],
    ['AMAZON_ROLE_ARN', 'arn:aws:iam::12345:role/canary'],
    ['AMAZON_ROLE_ARN', 'arn:aws:iam::123456789012:role/'],
    ['AMAZON_ROLE_ARN', `arn:aws:iam::123456789012:role/${'canary/'.repeat(300)}`],
    ['AMAZON_LABEL', 'canary'.repeat(11)],
    ['AMAZON_SCOPE', 'canary  two'],
    ['AMAZON_SCOPE', 'canary\tprofile'],
    ['AMAZON_ICON', '../canary'],
    ['AMAZON_GRANT', 'canary'],
    ['AMAZON_AUTHORIZE_URL', 'http://canary.example/ap/oa'],
    ['AMAZON_API_URL', 'canary'],
    ['AMAZON_API_URL', 'https://canary.example/?q=1'],
    ['GOOGLE_ISSUER', 'http://canary.example'],
    ['GOOGLE_ISSUER', 'https://canary.example/?q=1'],
    ['FACEBOOK_DIALOG_URL', '//canary.example'],
    ['FACEBOOK_GRAPH_URL', 'https://canary:canary@graph.example'],
  ])('%s of the wrong form switches off that provider alone, by name: %#', (variable, value) => {
    const id = variable.split('_')[0]?.toLowerCase() ?? ''
    const environment = { ...all, [variable]: value }
    expect(readConfig(environment).providers.map((one) => one.id)).toEqual(
      ['amazon', 'google', 'facebook'].filter((one) => one !== id),
    )
    expect(variablesOf(environment, id)).toEqual([variable])
    expect(JSON.stringify(readConfig(environment).providersOff)).not.toContain('canary')
  })

  it('is named beside the others of its provider', () => {
    const environment = { AMAZON_APP_ID: 'a b', AMAZON_ROLE_ARN: 'x', AMAZON_GRANT: 'password' }
    expect(variablesOf(environment, 'amazon')?.sort()).toEqual([
      'AMAZON_APP_ID',
      'AMAZON_APP_SECRET',
      'AMAZON_GRANT',
      'AMAZON_ROLE_ARN',
    ])
  })
})

describe('a role ARN', () => {
  it.each([
    'arn:aws:iam:::role/ceph',
    'arn:aws-cn:iam::123456789012:role/web',
    'arn:aws-us-gov:iam::123456789012:role/team/web',
    'arn:aws:iam::123456789012:role/a+b=c,d.e@f_g-h',
  ])('is taken as %s', (arn) => {
    expect(settingsOf({ ...amazon, AMAZON_ROLE_ARN: arn }, 'amazon')?.roleArn).toBe(arn)
  })
})

describe('AMAZON_GRANT', () => {
  it('needs no client secret where it is implicit', () => {
    const environment = { ...amazon, AMAZON_APP_SECRET: undefined, AMAZON_GRANT: 'implicit' }
    expect(settingsOf(environment, 'amazon')).toMatchObject({ grant: 'implicit', clientSecret: undefined })
  })
})

describe('X_ISSUER', () => {
  it('makes an OpenID provider of its own name', () => {
    expect(settingsOf(okta, 'okta')).toMatchObject({
      id: 'okta',
      kind: 'openid-connect',
      clientId: 'okta-client',
      clientSecret: 'a-client-secret',
      issuer: 'https://login.example.org/tenant',
    })
  })

  it('makes a public client where no secret is set', () => {
    const settings = settingsOf({ ...okta, OKTA_APP_SECRET: undefined }, 'okta')
    expect(settings).toBeDefined()
    expect(settings?.clientSecret).toBeUndefined()
  })

  it('does not make a public client of a secret that is still a placeholder', () => {
    expect(problemsOf({ ...okta, OKTA_APP_SECRET: '<secret>' }, 'okta')).toEqual([
      { variable: 'OKTA_APP_SECRET', problem: 'still has its placeholder text' },
    ])
  })

  it('switches its provider off where it is malformed or misses the rest', () => {
    expect(variablesOf({ ...okta, OKTA_ISSUER: 'http://login.example.org' }, 'okta')).toEqual(['OKTA_ISSUER'])
    expect(variablesOf({ OKTA_ISSUER: 'https://login.example.org' }, 'okta')).toEqual([
      'OKTA_APP_ID',
      'OKTA_ROLE_ARN',
    ])
  })

  it('lists further providers after the three, by name', () => {
    const environment = { ...of('ZITADEL'), ZITADEL_ISSUER: 'https://z.example', ...okta, ...all }
    expect(readConfig(environment).providers.map(({ id }) => id)).toEqual([
      'amazon',
      'google',
      'facebook',
      'okta',
      'zitadel',
    ])
  })

  it.each(['amazon_ISSUER', '_ISSUER', 'okta_ISSUER', '9_ISSUER'])('is not read from %s', (variable) => {
    const { providersOff } = readConfig({ [variable]: 'https://login.example.org' })
    expect(providersOff.map(({ id }) => id)).toEqual(['amazon', 'google', 'facebook'])
  })
})

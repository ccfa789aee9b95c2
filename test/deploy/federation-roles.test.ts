import { describe, expect, it } from 'vitest'
import { evaluatePolicy, evaluateTrustPolicy, type PolicyDocument } from '../../sandbox/aws/policies.ts'
import { evaluate, pseudoParameters, readYaml, type Template } from './template.ts'

const template = readYaml<Template>('infra/federation-roles.yaml')

const issuer = 'https://id.example.com/realms/staff'
const openIdProvider = 'arn:aws:iam::123456789012:oidc-provider/id.example.com/realms/staff'
const configured = {
  AmazonAppId: 'amzn1.application.0123456789abcdef',
  FacebookAppId: '1234567890',
  GoogleClientId: '1234-abcd.apps.googleusercontent.com',
  OpenIdIssuer: issuer,
  OpenIdAudience: 'sign-in',
  OpenIdName: 'KEYCLOAK',
  OpenIdPath: 'keycloak',
}
const home = { HomeBucket: 'people', HomePrefix: 'home' }

/** What CloudFormation makes of the template: roles with their policies carried out, and the outputs. */
function stack(parameters: Record<string, string | number>) {
  const defaults = Object.entries(template.Parameters ?? {}).map(([name, { Default }]) => [name, Default])
  const arns = Object.keys(template.Resources).map((id) => [
    `${id}.Arn`,
    `arn:aws:iam::123456789012:role/roles-${id}-1ABC`,
  ])
  const names = {
    ...pseudoParameters,
    ...Object.fromEntries([...defaults, ...arns]),
    BucketAccess: 'arn:aws:iam::123456789012:policy/roles-BucketAccess-1ABC',
    ...parameters,
  }
  const conditions = template.Conditions ?? {}
  const made = <T extends { Condition?: string }>(items: Record<string, T>) =>
    Object.entries(items).filter(
      ([, { Condition }]) => !Condition || evaluate(conditions[Condition], names, conditions),
    )

  const resources = Object.fromEntries(
    made(template.Resources).map(([id, { Properties }]) => [
      id,
      evaluate(Properties, names, conditions) as Record<string, never>,
    ]),
  )
  const outputs = made(template.Outputs ?? {}).map(([, { Value }]) => evaluate(Value, names, conditions))
  const role = (id: string) => {
    const { AssumeRolePolicyDocument: trust, Policies, MaxSessionDuration } = resources[id] ?? {}
    const inline = (Policies ?? []) as { PolicyDocument: PolicyDocument }[]
    return {
      MaxSessionDuration,
      trust: (typeof trust === 'string' ? JSON.parse(trust) : trust) as PolicyDocument,
      policies: [
        resources.BucketAccess?.PolicyDocument as unknown as PolicyDocument,
        ...inline.map(({ PolicyDocument }) => PolicyDocument),
      ],
    }
  }
  return {
    roles: Object.keys(resources).filter((id) => id.endsWith('Role')),
    inIam: resources.OpenIdProviderInIam,
    outputs,
    role,
  }
}

const providers = [
  {
    id: 'AmazonRole',
    path: 'amazon',
    principal: 'www.amazon.com',
    audienceKey: 'www.amazon.com:app_id',
    audience: configured.AmazonAppId,
    subjectKey: 'www.amazon.com:user_id',
  },
  {
    id: 'FacebookRole',
    path: 'facebook',
    principal: 'graph.facebook.com',
    audienceKey: 'graph.facebook.com:app_id',
    audience: configured.FacebookAppId,
    subjectKey: 'graph.facebook.com:id',
  },
  {
    id: 'GoogleRole',
    path: 'google',
    principal: 'accounts.google.com',
    audienceKey: 'accounts.google.com:aud',
    audience: configured.GoogleClientId,
    subjectKey: 'accounts.google.com:sub',
  },
  {
    id: 'OpenIdRole',
    path: 'keycloak',
    principal: openIdProvider,
    audienceKey: 'id.example.com/realms/staff:aud',
    audience: configured.OpenIdAudience,
    subjectKey: 'id.example.com/realms/staff:sub',
  },
]

describe('infra/federation-roles.yaml', () => {
  it('makes no role where nothing is configured', () => {
    expect(stack({})).toMatchObject({ roles: [], outputs: [] })
  })

  it.each([
    ['AmazonAppId', 'AmazonRole'],
    ['FacebookAppId', 'FacebookRole'],
    ['GoogleClientId', 'GoogleRole'],
  ] as const)('makes one role for %s alone', (parameter, role) => {
    expect(stack({ [parameter]: configured[parameter] }).roles).toEqual([role])
  })

  it('makes no role for an OpenID provider without an audience', () => {
    expect(stack({ OpenIdIssuer: issuer })).toMatchObject({ roles: [], inIam: undefined })
  })

  it('tells IAM of an issuer and its audience, unless IAM knows them', () => {
    expect(stack(configured).inIam).toEqual({ Url: issuer, ClientIdList: ['sign-in'] })
    const known = stack({ ...configured, OpenIdProvider: 'existing' })
    expect(known.inIam).toBeUndefined()
    expect(known.roles).toContain('OpenIdRole')
  })

  it('makes a role for one issuer alone, so that several issuers are several stacks', () => {
    const { OpenIdIssuer, OpenIdAudience, OpenIdName } = configured
    const { roles, outputs } = stack({ OpenIdIssuer, OpenIdAudience, OpenIdName })
    expect(roles).toEqual(['OpenIdRole'])
    expect(outputs).toEqual(['KEYCLOAK_ROLE_ARN=arn:aws:iam::123456789012:role/roles-OpenIdRole-1ABC'])
  })

  it('keeps the slash that ends an issuer', () => {
    const { trust } = stack({ ...configured, OpenIdIssuer: 'https://tenant.eu.auth0.com/' }).role(
      'OpenIdRole',
    )
    expect(JSON.stringify(trust)).toContain(':oidc-provider/tenant.eu.auth0.com/"')
    expect(JSON.stringify(trust)).toContain('"tenant.eu.auth0.com/:aud":"sign-in"')
  })

  it('gives out the lines to paste', () => {
    expect(stack(configured).outputs).toEqual([
      'AMAZON_ROLE_ARN=arn:aws:iam::123456789012:role/roles-AmazonRole-1ABC',
      'FACEBOOK_ROLE_ARN=arn:aws:iam::123456789012:role/roles-FacebookRole-1ABC',
      'GOOGLE_ROLE_ARN=arn:aws:iam::123456789012:role/roles-GoogleRole-1ABC',
      'KEYCLOAK_ROLE_ARN=arn:aws:iam::123456789012:role/roles-OpenIdRole-1ABC',
    ])
  })

  it('limits sessions to the hour that the application asks for, or to what is given', () => {
    expect(stack(configured).role('AmazonRole').MaxSessionDuration).toBe(3600)
    expect(stack({ ...configured, MaxSessionDuration: 7200 }).role('OpenIdRole').MaxSessionDuration).toBe(
      7200,
    )
  })

  it.each([
    ['AmazonAppId', configured.AmazonAppId, true],
    ['AmazonAppId', 'amzn1.application-oa2-client.0123456789abcdef', false],
    ['AmazonAppId', '*', false],
    ['FacebookAppId', '*', false],
    ['GoogleClientId', configured.GoogleClientId, true],
    ['GoogleClientId', '*', false],
    ['OpenIdIssuer', issuer, true],
    ['OpenIdIssuer', 'http://id.example.com', false],
    ['OpenIdIssuer', 'id.example.com', false],
    ['OpenIdIssuer', 'https://*.example.com', false],
    ['OpenIdIssuer', 'https://id.example.com"', false],
    ['OpenIdAudience', '*', false],
    ['OpenIdAudience', 'x"}}', false],
    ['HomePrefix', 'home/staff', true],
    ['HomePrefix', 'home/', false],
    ['HomePrefix', '*', false],
  ])('takes %s %s: %s', (parameter, value, taken) => {
    expect(new RegExp(template.Parameters?.[parameter]?.AllowedPattern ?? '').test(value)).toBe(taken)
  })
})

describe.each(providers)(
  'the trust policy of $id',
  ({ id, principal, audienceKey, audience, subjectKey }) => {
    const { trust } = stack(configured).role(id)
    const verdict = (context: Record<string, string>, from = principal) =>
      evaluateTrustPolicy(trust, {
        principal: from,
        accountId: '123456789012',
        action: 'sts:AssumeRoleWithWebIdentity',
        resource: `arn:aws:iam::123456789012:role/${id}`,
        context: { [subjectKey]: 'ada', ...context },
      })

    it('lets people in who signed in to this application', () => {
      expect(verdict({ [audienceKey]: audience })).toBe('Allowed')
    })

    it.each([
      ['another application of the same provider', { [audienceKey]: `${audience}0` }],
      ['a token that names no application', {}],
      ['a wildcard in the place of the application', { [audienceKey]: '*' }],
    ])('keeps out %s', (_, context) => {
      expect(verdict(context)).toBe('ImplicitlyDenied')
    })

    it('keeps out another provider that claims the same application', () => {
      expect(verdict({ [audienceKey]: audience }, 'cognito-identity.amazonaws.com')).toBe('ImplicitlyDenied')
    })
  },
)

describe.each(providers)('the permissions of $id', ({ id, path, subjectKey }) => {
  const allows =
    (parameters: Record<string, string>) =>
    (action: string, resource: string, context: Record<string, string> = {}): boolean =>
      stack({ ...configured, ...parameters })
        .role(id)
        .policies.map((policy) =>
          evaluatePolicy(policy, {
            principal: `arn:aws:sts::123456789012:assumed-role/${id}/ada@example.com`,
            accountId: '123456789012',
            action,
            resource,
            context,
          }),
        )
        .includes('Allowed')

  it('are to list the names of the buckets, and nothing else, unless more is asked for', () => {
    const may = allows({})
    expect(may('s3:ListAllMyBuckets', '*')).toBe(true)
    expect(
      may('s3:ListBucket', 'arn:aws:s3:::people', { [subjectKey]: 'ada', 's3:prefix': 'home/ada/' }),
    ).toBe(false)
    expect(may('s3:GetObject', 'arn:aws:s3:::people/home/ada/x', { [subjectKey]: 'ada' })).toBe(false)
  })

  it('are to list and read the bucket that is named, and no other', () => {
    const may = allows({ ReadableBucket: 'reports' })
    expect(may('s3:ListBucket', 'arn:aws:s3:::reports')).toBe(true)
    expect(may('s3:GetObject', 'arn:aws:s3:::reports/2026/july.pdf')).toBe(true)
    expect(may('s3:PutObject', 'arn:aws:s3:::reports/2026/july.pdf')).toBe(false)
    expect(may('s3:DeleteObject', 'arn:aws:s3:::reports/2026/july.pdf')).toBe(false)
    expect(may('s3:GetObject', 'arn:aws:s3:::reports2/july.pdf')).toBe(false)
  })

  describe('with a home for each person', () => {
    const may = allows(home)
    const as = (person: string, prefix?: string) => ({
      [subjectKey]: person,
      ...(prefix === undefined ? {} : { 's3:prefix': prefix }),
    })

    it.each(['ada', 'bob'])('are to list and read the own one (%s)', (person) => {
      expect(may('s3:ListBucket', 'arn:aws:s3:::people', as(person, `home/${path}/${person}/`))).toBe(true)
      expect(may('s3:ListBucket', 'arn:aws:s3:::people', as(person, `home/${path}/${person}/photos/`))).toBe(
        true,
      )
      expect(may('s3:GetObject', `arn:aws:s3:::people/home/${path}/${person}/photos/1.jpg`, as(person))).toBe(
        true,
      )
    })

    it.each([
      ['s3:ListBucket', 'arn:aws:s3:::people', as('ada', `home/${path}/bob/`)],
      ['s3:ListBucket', 'arn:aws:s3:::people', as('ada', 'home/')],
      ['s3:ListBucket', 'arn:aws:s3:::people', as('ada', `home/${path}/`)],
      ['s3:ListBucket', 'arn:aws:s3:::people', as('ada', 'home/another/ada/')],
      ['s3:GetObject', 'arn:aws:s3:::people/home/another/ada/1.jpg', as('ada')],
      ['s3:ListBucket', 'arn:aws:s3:::people', as('ada', '')],
      ['s3:ListBucket', 'arn:aws:s3:::people', as('ada')],
      ['s3:ListBucket', 'arn:aws:s3:::people', as('ad', `home/${path}/ada/`)],
      ['s3:GetObject', `arn:aws:s3:::people/home/${path}/bob/1.jpg`, as('ada')],
      ['s3:GetObject', `arn:aws:s3:::people/home/${path}/ada2/1.jpg`, as('ada')],
      ['s3:GetObject', `arn:aws:s3:::people/home/${path}/ada/1.jpg`, {}],
      ['s3:PutObject', `arn:aws:s3:::people/home/${path}/ada/1.jpg`, as('ada')],
    ])('are not to do %s on %s as %j', (action, resource, context) => {
      expect(may(action, resource, context)).toBe(false)
    })
  })
})

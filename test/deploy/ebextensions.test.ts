import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { evaluatePolicy, type PolicyDocument } from '../../sandbox/aws/policies.ts'
import { readConfig } from '../../src/config.ts'
import { documentedOptions, variableNamespaces } from './elastic-beanstalk-options.ts'
import { evaluate, pseudoParameters, type Resource, readYaml, type Template } from './template.ts'

const root = join(import.meta.dirname, '../..')

interface ConfigFile {
  option_settings: Record<string, Record<string, unknown>>
  Resources?: Record<string, Resource>
}

// An operator's own https.config is the example once more, with a certificate.
const fileNames = readdirSync(join(root, '.ebextensions')).filter((name) => name !== 'https.config')
const files = new Map(fileNames.map((name) => [name, readYaml<ConfigFile>(`.ebextensions/${name}`)]))
const resources: Record<string, Resource> = Object.assign(
  {},
  ...[...files.values()].map((file) => file.Resources),
)
/** What the environment finds when it starts. */
const before = readYaml<Template>('infra/environment.yaml')
const options = [...files].flatMap(([file, { option_settings }]) =>
  Object.entries(option_settings).flatMap(([namespace, settings]) =>
    Object.entries(settings).map(([name, value]) => ({ file, namespace, name, value })),
  ),
)
const option = (namespace: string, name: string) =>
  options.find((one) => one.namespace === namespace && one.name === name)?.value

const table = 'awseb-e-abc-stack-SessionTable-1ABC'
const names = {
  ...pseudoParameters,
  AWSEBEnvironmentName: 'signin',
  AWSEBV2LoadBalancer: 'arn:aws:elasticloadbalancing:eu-west-1:123456789012:loadbalancer/app/awseb/1',
  SessionTable: table,
  'SessionTable.Arn': `arn:aws:dynamodb:eu-west-1:123456789012:table/${table}`,
  EnvironmentName: 'signin',
}
/** An option value as the instance gets it: `` `{"Ref": "X"}` `` is a CloudFormation function. */
const delivered = (value: unknown): unknown => {
  const [, json] = /^`(.*)`$/.exec(String(value)) ?? []
  return json ? evaluate(JSON.parse(json), names) : value
}

describe('the options in .ebextensions', () => {
  it.each(options.filter(({ namespace }) => !variableNamespaces.includes(namespace)))(
    '$namespace $name is documented',
    ({ namespace, name }) => {
      expect(documentedOptions[namespace]).toContain(name)
    },
  )

  it('are all strings: a YAML number or boolean is not what Elastic Beanstalk asks for', () => {
    expect(options.filter(({ value }) => typeof value !== 'string')).toEqual([])
  })

  it('are each set once', () => {
    const keys = options.map(({ namespace, name }) => `${namespace} ${name}`)
    expect(keys.filter((key, index) => keys.indexOf(key) !== index)).toEqual([])
  })

  it('take an IMDSv2-only, load-balanced environment of at least two instances that is checked at /healthz', () => {
    expect(option('aws:autoscaling:launchconfiguration', 'DisableIMDSv1')).toBe('true')
    expect(option('aws:elasticbeanstalk:environment', 'LoadBalancerType')).toBe('application')
    expect(Number(option('aws:autoscaling:asg', 'MinSize'))).toBeGreaterThanOrEqual(2)
    expect(option('aws:elasticbeanstalk:environment:process:default', 'HealthCheckPath')).toBe('/healthz')
  })
})

describe('the environment variables in .ebextensions', () => {
  const variables = options.filter(({ namespace }) => namespace === variableNamespaces[0])
  const environment = Object.fromEntries(variables.map(({ name, value }) => [name, String(delivered(value))]))

  it('are those of the providers and of the process, and no secret', () => {
    expect(Object.keys(environment).sort()).toEqual([
      'AMAZON_APP_ID',
      'AMAZON_ROLE_ARN',
      'AWS_REGION',
      'FACEBOOK_APP_ID',
      'FACEBOOK_ROLE_ARN',
      'GOOGLE_APP_ID',
      'GOOGLE_ROLE_ARN',
      'NODE_ENV',
      'PORT',
      'PUBLIC_URL',
      'SESSION_STORE',
    ])
    expect(options.filter(({ namespace }) => namespace === variableNamespaces[1])).toEqual([])
  })

  it.each([
    ['the secret that infra/environment.yaml makes', { SESSION_SECRET: 'a1B2'.repeat(16) }],
    ['no secret yet', {}],
  ])('start the application with %s and every provider off, by choice and not by mistake', (_, secret) => {
    const config = readConfig({ ...environment, ...secret })
    expect(config.providers).toEqual([])
    expect(config.providersOff.map(({ id, untouched }) => [id, untouched])).toEqual([
      ['amazon', true],
      ['google', true],
      ['facebook', true],
    ])
    expect(config).toMatchObject({
      publicUrl: undefined,
      port: 8080,
      session: { store: `dynamodb://${table}` },
      aws: { region: 'eu-west-1' },
    })
  })

  it('fit into the 4096 bytes that all variables of an environment may have', () => {
    expect(Buffer.byteLength(variables.map(({ name, value }) => `${name}=${value}`).join())).toBeLessThan(
      2048,
    )
  })
})

describe('the resources in .ebextensions', () => {
  it('have a session table with the key, expiry, billing and encryption that the store counts on', () => {
    expect(resources.SessionTable?.Properties).toMatchObject({
      KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
      AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
      TimeToLiveSpecification: { AttributeName: 'expires', Enabled: true },
      BillingMode: 'PAY_PER_REQUEST',
      SSESpecification: { SSEEnabled: true },
    })
  })

  it('name policies after the environment, so that two environments can share a role', () => {
    const policies = Object.values(resources).filter(({ Type }) => Type === 'AWS::IAM::Policy')
    expect(policies.map(({ Properties }) => evaluate(Properties.PolicyName, names))).toEqual([
      'signin-session-table',
    ])
  })

  const tableArn = names['SessionTable.Arn']
  const secretArn = 'arn:aws:secretsmanager:eu-west-1:123456789012:secret'
  it.each([
    ['dynamodb:GetItem', tableArn, true],
    ['dynamodb:PutItem', tableArn, true],
    ['dynamodb:UpdateItem', tableArn, true],
    ['dynamodb:DeleteItem', tableArn, true],
    ['dynamodb:DescribeTable', tableArn, true],
    ['dynamodb:DescribeTimeToLive', tableArn, true],
    ['dynamodb:UpdateTimeToLive', tableArn, false],
    ['dynamodb:Scan', tableArn, false],
    ['dynamodb:Query', tableArn, false],
    ['dynamodb:DeleteTable', tableArn, false],
    ['dynamodb:GetItem', `${tableArn}2`, false],
    ['secretsmanager:GetSecretValue', `${secretArn}:signin/SESSION_SECRET-AbCd12`, true],
    ['secretsmanager:GetSecretValue', `${secretArn}:signin/AMAZON_APP_SECRET-AbCd12`, true],
    ['secretsmanager:GetSecretValue', `${secretArn}:signin2/AMAZON_APP_SECRET-AbCd12`, false],
    ['secretsmanager:GetSecretValue', `${secretArn}:another-AbCd12`, false],
    ['secretsmanager:PutSecretValue', `${secretArn}:signin/SESSION_SECRET-AbCd12`, false],
    ['secretsmanager:DeleteSecret', `${secretArn}:signin/AMAZON_APP_SECRET-AbCd12`, false],
    ['sts:AssumeRole', 'arn:aws:iam::123456789012:role/any', false],
  ])('let an instance do %s on %s: %s', (action, resource, allowed) => {
    const ofRole = (before.Resources.InstanceRole?.Properties.Policies ?? []) as { PolicyDocument: unknown }[]
    const documents = [...ofRole, resources.SessionTableAccess?.Properties as { PolicyDocument: unknown }]
    expect(documents).toHaveLength(2)
    const verdicts = documents.map(({ PolicyDocument }) =>
      evaluatePolicy(evaluate(PolicyDocument, names) as PolicyDocument, {
        principal: 'arn:aws:sts::123456789012:assumed-role/aws-elasticbeanstalk-ec2-role/i-0abc',
        accountId: '123456789012',
        action,
        resource,
        context: {},
      }),
    )
    expect(verdicts.includes('Allowed')).toBe(allowed)
  })
})

describe('infra/environment.yaml', () => {
  const made = before.Resources

  it('draws a session secret that the application takes as it is', () => {
    const { Name, GenerateSecretString } = evaluate(made.SessionSecret?.Properties, names) as {
      Name: string
      GenerateSecretString: { PasswordLength: number; ExcludePunctuation: boolean }
    }
    expect(Name).toBe('signin/SESSION_SECRET')
    expect(GenerateSecretString).toEqual({ PasswordLength: 64, ExcludePunctuation: true })
  })

  it('gives the role the name of its profile, by which .ebextensions finds it', () => {
    expect(evaluate(made.InstanceRole?.Properties.RoleName, names)).toBe('signin-ec2')
    expect(evaluate(made.InstanceProfile?.Properties.InstanceProfileName, names)).toBe('signin-ec2')
  })
})

describe('.ebextensions/https.config.example', () => {
  it('is not read before it is renamed, since a listener without a certificate cannot be made', () => {
    expect(fileNames.filter((name) => name.startsWith('https'))).toEqual(['https.config.example'])
    expect(option('aws:elbv2:listener:443', 'SSLCertificateArns')).toMatch(/^Enter /)
  })

  it('has TLS 1.2 as the least, and sends port 80 to the same address at 443', () => {
    expect(option('aws:elbv2:listener:443', 'SSLPolicy')).toMatch(/^ELBSecurityPolicy-TLS13-1-[23]-/)
    expect(evaluate(resources.AWSEBV2LoadBalancerListener?.Properties, names)).toMatchObject({
      Port: 80,
      DefaultActions: [
        {
          Type: 'redirect',
          RedirectConfig: {
            Protocol: 'HTTPS',
            Port: '443',
            Host: '#{host}',
            Path: '/#{path}',
            Query: '#{query}',
          },
        },
      ],
    })
  })
})

describe('Procfile', () => {
  it('starts Node.js itself, so that signals reach the application', () => {
    const text = readFileSync(join(root, 'Procfile'), 'utf8')
    expect(text).toBe('web: node src/main.ts\n')
    // The form that the platform asks for.
    expect(text.trimEnd()).toMatch(/^[A-Za-z0-9_-]+:\s*[^\s].*$/)
  })
})

describe('.platform/nginx', () => {
  it('sends callbacks to the port that the application is told', () => {
    const location = readFileSync(
      join(root, '.platform/nginx/conf.d/elasticbeanstalk/callback-log.conf'),
      'utf8',
    )
    expect(location).toContain(`proxy_pass http://127.0.0.1:${option(variableNamespaces[0] ?? '', 'PORT')};`)
  })

  it('logs neither request lines nor referrers of callbacks', () => {
    const formats = readFileSync(join(root, '.platform/nginx/conf.d/callback-log.conf'), 'utf8')
    expect(formats.replaceAll('$request_method', '').replaceAll('$request_time', '')).not.toMatch(
      /\$(request|request_uri|args|query_string|http_referer|arg_\w+)\b/,
    )
  })
})

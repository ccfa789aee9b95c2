import { type Environment, providerPrefixes, valueIn } from '../config.ts'
import { type Finding, fail, warn } from './finding.ts'
import type { Situation } from './situation.ts'

/** What client ids and secrets of one provider look like. */
interface Forms {
  clientId: RegExp
  example: string
  secret: RegExp
}

/** @see "Client Identifier", Login with Amazon; "Using OAuth 2.0", Google Identity; "App Dashboard", Meta for Developers */
const forms: Record<string, Forms> = {
  AMAZON: {
    clientId: /^amzn1\.application-oa2-client\.[\w-]+$/,
    example: 'amzn1.application-oa2-client.…',
    secret: /^(amzn1\.oa2-cs\.\S{12,}|[0-9a-f]{64})$/,
  },
  GOOGLE: {
    clientId: /^[\w-]+\.apps\.googleusercontent\.com$/,
    example: '….apps.googleusercontent.com',
    secret: /^(GOCSPX-[\w-]{20,}|[\w-]{24})$/,
  },
  FACEBOOK: { clientId: /^\d{5,20}$/, example: 'digits only', secret: /^[0-9a-f]{32}$/ },
}

/** Whether a client id may be shown: not where it may be a secret that somebody put in the wrong place. */
export const isShowable = (id: string, clientId: string): boolean =>
  forms[id.toUpperCase()]?.clientId.test(clientId) ?? true

const copyBoth = 'Copy both again from the console of the provider.'

function checkClientId(prefix: string, clientId: string, secret: string): Finding[] {
  const [variable, secretVariable] = [`${prefix}_APP_ID`, `${prefix}_APP_SECRET`]
  const form = forms[prefix]
  if (clientId === secret) return [fail(variable, `and ${secretVariable} have the same value`, copyBoth)]
  if (!form || form.clientId.test(clientId)) return []
  if (form.secret.test(clientId)) {
    return form.clientId.test(secret)
      ? [
          fail(
            variable,
            `and ${secretVariable} are swapped`,
            'Swap them, and have the provider draw a new secret: a client id is shown to everybody.',
          ),
        ]
      : [
          fail(
            variable,
            'holds a client secret',
            'Put the client id there, and have the provider draw a new secret: a client id is shown to everybody.',
          ),
        ]
  }
  if (prefix === 'AMAZON' && clientId.startsWith('amzn1.application.')) {
    return [
      fail(
        variable,
        'is the App ID of the security profile, not its Client ID',
        'Put the Client ID there (amzn1.application-oa2-client.…). The App ID belongs in the trust policy of the role.',
      ),
    ]
  }
  const other = Object.entries(forms).find(([name, { clientId: id }]) => name !== prefix && id.test(clientId))
  const finding = other ? `holds a client id of ${other[0]}` : `does not look like a client id of ${prefix}`
  return [fail(variable, finding, `It is of the form: ${form.example}`)]
}

function checkSecret(prefix: string, secret: string, clientId: string): Finding[] {
  const variable = `${prefix}_APP_SECRET`
  if (/^arn:aws[a-z-]*:(secretsmanager|ssm):/.test(secret)) {
    return [
      fail(
        variable,
        'holds the ARN of a secret, not the secret',
        'On Elastic Beanstalk, set it in aws:elasticbeanstalk:application:environmentsecrets (README.md, step 5).',
      ),
    ]
  }
  if (/^\{.*\}$/.test(secret)) {
    return [fail(variable, 'holds JSON', 'Store the value alone, as plain text, not as key and value.')]
  }
  const form = forms[prefix]
  if (!form || form.secret.test(secret) || form.secret.test(clientId) || secret === clientId) return []
  return form.clientId.test(secret)
    ? [fail(variable, 'holds a client id', 'Put the client secret there.')]
    : [
        warn(
          variable,
          `does not look like a client secret of ${prefix}`,
          'Copy it again: all of it, and nothing before or after it.',
        ),
      ]
}

function checkSharing(env: Environment, prefixes: readonly string[]): Finding[] {
  const secrets = prefixes.map((prefix) => `${prefix}_APP_SECRET`)
  return secrets.flatMap((variable, at) => {
    const first = secrets.slice(0, at).find((other) => valueIn(env, other) === valueIn(env, variable))
    return first && valueIn(env, variable)
      ? [
          warn(
            variable,
            `has the same value as ${first}`,
            'Every provider issues secrets of its own: copy it again.',
          ),
        ]
      : []
  })
}

/** What has blanks or quotation marks in it is named for that already. */
const usable = (value = ''): string => (/^(["']).*\1$|[^\x21-\x7e]/.test(value) ? '' : value)

/** Client ids and secrets, as far as their form betrays a slip; also of providers that are off. */
export function checkClientCredentials({ env }: Situation): Finding[] {
  const prefixes = providerPrefixes(env)
  return [
    ...prefixes.flatMap((prefix) => {
      const clientId = usable(valueIn(env, `${prefix}_APP_ID`))
      const secret = usable(valueIn(env, `${prefix}_APP_SECRET`))
      return [
        ...(clientId ? checkClientId(prefix, clientId, secret) : []),
        ...(secret ? checkSecret(prefix, secret, clientId) : []),
      ]
    }),
    ...checkSharing(env, prefixes),
  ]
}

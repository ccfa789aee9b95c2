import { isLoopback, type ProviderSettings } from '../config.ts'
import { hasIcon } from '../login/providers/face.ts'
import { type Finding, fail, warn } from './finding.ts'
import type { Situation } from './situation.ts'

/** The last Graph API version that no longer answers. @see "Graph API changelog", Meta for Developers */
const endedGraphVersion = 20

const isLocal = (url: string | undefined): boolean => isLoopback(URL.parse(url ?? '')?.hostname ?? '')

/** Amazon's consent pages, and the API that redeems their codes. @see "Authorization Code Grant", Login with Amazon */
const apiOf: Record<string, string> = {
  'www.amazon.com': 'api.amazon.com',
  'eu.account.amazon.com': 'api.amazon.co.uk',
  'apac.account.amazon.com': 'api.amazon.co.jp',
}

const hostOf = (url: string): string => URL.parse(url)?.hostname ?? ''

function checkAmazon({ grant, apiUrl = '', authorizeUrl = '' }: ProviderSettings): Finding[] {
  const findings: Finding[] = []
  if (grant === 'implicit' && !isLocal(apiUrl)) {
    findings.push(
      fail(
        'AMAZON_GRANT',
        'is the implicit grant, which Amazon ended in 2021',
        'Take AMAZON_GRANT away, and set AMAZON_APP_SECRET.',
      ),
    )
  }
  const isAmazons = Object.values(apiOf).includes(hostOf(apiUrl))
  const expected = apiOf[hostOf(authorizeUrl)]
  if (isAmazons && URL.parse(apiUrl)?.pathname !== '/') {
    findings.push(
      fail(
        'AMAZON_API_URL',
        'has a path: those of Amazon are added to it',
        `Set it to https://${hostOf(apiUrl)}.`,
      ),
    )
  } else if (isAmazons && expected !== undefined && expected !== hostOf(apiUrl)) {
    findings.push(
      fail(
        'AMAZON_API_URL',
        'is of another region than AMAZON_AUTHORIZE_URL, and knows none of its codes',
        `Set it to https://${expected}.`,
      ),
    )
  }
  return findings
}

function checkFacebook({ dialogUrl = '', graphUrl = '' }: ProviderSettings): Finding[] {
  const both = 'Take FACEBOOK_GRAPH_URL and FACEBOOK_DIALOG_URL away.'
  const isFacebooks = (url: string) => /(^|\.)facebook\.com$/.test(hostOf(url))
  const isForm = (url: string, form: RegExp) => !isFacebooks(url) || form.test(url)
  if (!isForm(graphUrl, /^https:\/\/graph\.facebook\.com\/v\d+\.\d+$/)) {
    return [fail('FACEBOOK_GRAPH_URL', 'is not the base of a version of the Graph API', both)]
  }
  if (!isForm(dialogUrl, /^https:\/\/www\.facebook\.com\/v\d+\.\d+\/dialog\/oauth$/)) {
    return [fail('FACEBOOK_DIALOG_URL', 'is not the login dialog of a version of the Graph API', both)]
  }
  const versionIn = (url: string) => /\/v(\d+)\.\d+(\/|$)/.exec(url)?.[1]
  const [dialog, graph] = [versionIn(dialogUrl), versionIn(graphUrl)]
  if (dialog !== graph) {
    return [
      warn(
        'FACEBOOK_GRAPH_URL',
        'and FACEBOOK_DIALOG_URL name different versions of the Graph API',
        'Set both to the same, such as v26.0.',
      ),
    ]
  }
  return graph !== undefined && Number(graph) <= endedGraphVersion
    ? [fail('FACEBOOK_GRAPH_URL', `names version ${graph} of the Graph API, which has ended`, both)]
    : []
}

/** What the issuers of well-known providers look like: another address there is none. */
const issuerForms: { host: RegExp; form: RegExp; of: string; example: string }[] = [
  {
    host: /^accounts\.google\.com$/,
    form: /^https:\/\/accounts\.google\.com$/,
    of: 'Google',
    example: 'https://accounts.google.com',
  },
  {
    host: /^(login\.microsoftonline\.com|sts\.windows\.net)$/,
    form: /^https:\/\/login\.microsoftonline\.com\/[0-9a-f-]{36}\/v2\.0$/,
    of: 'a tenant of Entra ID',
    example: 'https://login.microsoftonline.com/TENANT-ID/v2.0, with the id of the tenant',
  },
  {
    host: /\.auth0\.com$/,
    form: /^https:\/\/[^/]+\/$/,
    of: 'Auth0',
    example: 'https://TENANT.REGION.auth0.com/, with the slash',
  },
  {
    host: /\.okta(preview)?\.com$/,
    form: /^https:\/\/[^/]+(?<!-admin)\.okta(preview)?\.com(\/oauth2\/[^/]+)?$/,
    of: 'Okta',
    example: 'https://ORG.okta.com or https://ORG.okta.com/oauth2/default',
  },
  {
    host: /\.amazoncognito\.com$|^cognito-idp\./,
    form: /^https:\/\/cognito-idp\.[^/]+\/[\w-]+$/,
    of: 'a user pool of Cognito',
    example: 'https://cognito-idp.REGION.amazonaws.com/POOL-ID, not the domain of the sign-in pages',
  },
]

function checkOpenIdConnect({ id, issuer = '', scope }: ProviderSettings, awsIsLocal: boolean): Finding[] {
  const variable = `${id.toUpperCase()}_ISSUER`
  const findings: Finding[] = []
  const host = hostOf(issuer)
  const known = issuerForms.find((one) => one.host.test(host))
  if (known && !known.form.test(issuer)) {
    findings.push(fail(variable, `is not the issuer of ${known.of}`, `It is: ${known.example}`))
  } else if (/\/(authorize|authorization|auth|token|userinfo|certs|keys)$/.test(issuer)) {
    findings.push(
      fail(variable, 'is the address of an endpoint, not the issuer', 'Copy "issuer" from the metadata.'),
    )
  }
  if (isLoopback(host) && !awsIsLocal) {
    findings.push(
      fail(
        variable,
        'is on this machine, where AWS STS cannot fetch its keys',
        'Use an issuer on the internet, or set AWS_ENDPOINT_URL_STS to a local STS.',
      ),
    )
  }
  if (scope !== undefined && !scope.split(' ').includes('openid')) {
    findings.push(
      fail(
        `${id.toUpperCase()}_SCOPE`,
        'lacks openid: the provider sends no ID token',
        'Begin it with openid, and put spaces between the words.',
      ),
    )
  }
  return findings
}

function checkIcon({ id, icon }: ProviderSettings): Finding[] {
  return icon === undefined || hasIcon(icon)
    ? []
    : [
        warn(
          `${id.toUpperCase()}_ICON`,
          'names no file in public/icons: the neutral icon is shown',
          'The name of one that is there, without .svg, or take it away.',
        ),
      ]
}

/** Two buttons for one and the same client. */
function checkSameClient(providers: readonly ProviderSettings[]): Finding[] {
  const key = ({ kind, issuer, clientId }: ProviderSettings) => [kind, issuer, clientId].join(' ')
  return providers.flatMap((one, at) => {
    const first = providers.slice(0, at).find((other) => key(other) === key(one))
    return first
      ? [warn(one.id, `is the same client of the same provider as ${first.id}`, 'Take one of the two away.')]
      : []
  })
}

/** With people of several providers side by side, a number may be somebody else's at another one. */
function checkHome({ providers, s3 }: Situation['config']): Finding[] {
  const own = providers.filter(({ id }) => !['amazon', 'google', 'facebook'].includes(id))
  // biome-ignore lint/suspicious/noTemplateCurlyInString: so it is written in the variable
  return s3.home && !s3.home.prefix.includes('${provider}') && own.length > 0 && providers.length > 1
    ? [
        warn(
          'S3_HOME',
          `has no provider in it: whoever has the same number at ${own[0]?.id} as somebody at another provider shares a folder`,
          // biome-ignore lint/suspicious/noTemplateCurlyInString: so it is written in the variable
          'Put ${provider} before ${subject}, here and in the policies of the roles.',
        ),
      ]
    : []
}

/** What is particular to each provider that is on. */
export function checkProviderSettings({ config }: Situation): Finding[] {
  const awsIsLocal = isLocal(config.aws.stsEndpoint)
  return [
    ...config.providers.flatMap((settings) => {
      if (settings.kind === 'amazon') return checkAmazon(settings)
      if (settings.kind === 'facebook') return checkFacebook(settings)
      return checkOpenIdConnect(settings, awsIsLocal)
    }),
    ...config.providers.flatMap(checkIcon),
    ...checkSameClient(config.providers),
    ...checkHome(config),
  ]
}

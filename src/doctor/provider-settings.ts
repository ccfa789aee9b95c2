import { isLoopback, type ProviderSettings } from '../config.ts'
import { type Finding, fail, warn } from './finding.ts'
import type { Situation } from './situation.ts'

/** The last Graph API version that no longer answers. @see "Graph API changelog", Meta for Developers */
const endedGraphVersion = 20

const isLocal = (url: string | undefined): boolean => isLoopback(URL.parse(url ?? '')?.hostname ?? '')

function checkAmazon({ grant, apiUrl }: ProviderSettings): Finding[] {
  return grant === 'implicit' && !isLocal(apiUrl)
    ? [
        fail(
          'AMAZON_GRANT',
          'is the implicit grant, which Amazon ended in 2021',
          'Take AMAZON_GRANT away, and set AMAZON_APP_SECRET.',
        ),
      ]
    : []
}

function checkFacebook({ dialogUrl = '', graphUrl = '' }: ProviderSettings): Finding[] {
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
    ? [
        fail(
          'FACEBOOK_GRAPH_URL',
          `names version ${graph} of the Graph API, which has ended`,
          'Take FACEBOOK_GRAPH_URL and FACEBOOK_DIALOG_URL away.',
        ),
      ]
    : []
}

function checkOpenIdConnect({ id, issuer = '', scope }: ProviderSettings, awsIsLocal: boolean): Finding[] {
  const prefix = id.toUpperCase()
  const findings: Finding[] = []
  const { hostname = '', pathname = '' } = URL.parse(issuer) ?? {}
  if (hostname === 'login.microsoftonline.com' && /^\/(common|organizations|consumers)\b/.test(pathname)) {
    findings.push(
      fail(
        `${prefix}_ISSUER`,
        'is the address of all tenants of Entra ID, whose metadata name another issuer',
        'Put the id of your tenant in its place: https://login.microsoftonline.com/TENANT-ID/v2.0',
      ),
    )
  }
  if (hostname.endsWith('.auth0.com') && !issuer.endsWith('/')) {
    findings.push(fail(`${prefix}_ISSUER`, 'lacks the slash that ends the issuers of Auth0', 'Add it.'))
  }
  if (isLoopback(hostname) && !awsIsLocal) {
    findings.push(
      fail(
        `${prefix}_ISSUER`,
        'is on this machine, where AWS STS cannot fetch its keys',
        'Use an issuer on the internet, or set AWS_ENDPOINT_URL_STS to a local STS.',
      ),
    )
  }
  if (scope !== undefined && !scope.split(' ').includes('openid')) {
    findings.push(
      fail(`${prefix}_SCOPE`, 'lacks openid: the provider sends no ID token', 'Begin it with openid.'),
    )
  }
  return findings
}

/** What is particular to each provider that is on. */
export function checkProviderSettings({ config }: Situation): Finding[] {
  const awsIsLocal = isLocal(config.aws.stsEndpoint)
  return config.providers.flatMap((settings) => {
    if (settings.kind === 'amazon') return checkAmazon(settings)
    if (settings.kind === 'facebook') return checkFacebook(settings)
    return checkOpenIdConnect(settings, awsIsLocal)
  })
}

import { describe, expect, it, vi } from 'vitest'
import { signIn } from '../application.ts'
import { HttpBrowser } from '../http-browser.ts'
import { alsoStart, expectRefusal, useSituation } from './situation.ts'

vi.stubEnv('AWS_MAX_ATTEMPTS', '1')
const situation = useSituation()

/** Signs in where the role trusts another provider than the one that the token is from. */
async function refusedSignIn(
  provider: 'amazon' | 'google' | 'facebook',
  environment: Record<string, string> = {},
) {
  const { roleArns } = situation.sandbox
  const wrongRole = provider === 'amazon' ? roleArns.google : roleArns.amazon
  const application = await alsoStart(situation.sandbox, {
    [`${provider.toUpperCase()}_ROLE_ARN`]: wrongRole,
    ...environment,
  })
  const answer = await signIn(new HttpBrowser(), application, provider)
  expectRefusal(answer, 403, 'federation.access_denied')
  const logged = application.log.find((line) => line.code === 'federation.access_denied' && line.trustPolicy)
  return { answer, logged: logged as Record<string, string> | undefined, logText: application.logText() }
}

describe('a role that does not trust the provider', () => {
  it('is met by the policy that would, with the app id of Amazon rather than the client id', async () => {
    const { answer, logged } = await refusedSignIn('amazon')
    const { AMAZON_APP_ID: clientId = '' } = situation.sandbox.environment
    const [statement] = JSON.parse(logged?.trustPolicy ?? '').Statement
    expect(statement.Principal).toEqual({ Federated: 'www.amazon.com' })
    const appId = statement.Condition.StringEquals['www.amazon.com:app_id']
    expect(appId).toMatch(/^amzn1\.application\.[0-9a-f]+$/)
    expect(logged).toMatchObject({ 'token aud': clientId, 'token app_id': appId })
    expect(answer.body).toContain('For the operator')
    expect(answer.body).toContain(appId)
    // The usual mistake, by the very values that are mixed up in it.
    expect(logged?.pitfall).toContain(`the client id (${clientId})`)
    expect(logged?.pitfall).toContain(`the app id (${appId})`)
    expect(answer.body).toContain('refuses everybody')
  })

  it.each([
    ['google', 'accounts.google.com', 'oidc-provider/'],
    ['facebook', 'graph.facebook.com', 'graph.facebook.com'],
  ] as const)('is met by the policy that names %s and its audience', async (provider, _name, federated) => {
    const { logged } = await refusedSignIn(provider)
    const [statement] = JSON.parse(logged?.trustPolicy ?? '').Statement
    expect(statement.Principal.Federated).toContain(federated)
    const clientId = situation.sandbox.environment[`${provider.toUpperCase()}_APP_ID`]
    expect(logged).not.toHaveProperty('pitfall')
    expect(Object.values(statement.Condition.StringEquals)).toEqual([clientId])
  })

  it.each(['summary', 'off'])(
    'is not explained on the page with FLOW_DETAILS=%s, but in the log',
    async (value) => {
      const { answer, logged } = await refusedSignIn('amazon', { FLOW_DETAILS: value })
      expect(answer.body).not.toContain('For the operator')
      expect(logged?.trustPolicy).toContain('www.amazon.com:app_id')
    },
  )

  it('is explained without the token and without the person’s address', async () => {
    const { answer, logText } = await refusedSignIn('amazon')
    expect(answer.body + logText).not.toMatch(/Atz[ar]\|/)
    expect(answer.body).not.toContain('ada@example.com')
  })
})

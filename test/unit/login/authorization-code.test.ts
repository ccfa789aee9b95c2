import { expect, it } from 'vitest'
import { readConfig } from '../../../src/config.ts'
import { createHttpClient } from '../../../src/http-client.ts'
import { beginAuthorization } from '../../../src/login/authorization-code.ts'
import { amazon } from '../../../src/login/providers/amazon.ts'

const environment = {
  AMAZON_APP_ID: 'client',
  AMAZON_APP_SECRET: 'client-secret',
  AMAZON_ROLE_ARN: 'arn:aws:iam::123456789012:role/web',
}

it('beginAuthorization draws state, secret and PKCE verifier anew, each of 256 bits', async () => {
  const [settings] = readConfig(environment).providers
  if (!settings) throw new Error('no provider is on')
  const provider = amazon(
    settings,
    createHttpClient(() => {}),
  )
  const asked = { redirectUri: 'https://app.example/oauth2callback/amazon', returnPath: '/s3/' }
  const begun = await Promise.all(
    [1, 2].map(() => beginAuthorization(provider, { ...asked, chooseAccount: false })),
  )
  const drawn = begun.flatMap(({ state, secret, codeVerifier }) => [state, secret, codeVerifier])
  expect(new Set(drawn).size).toBe(6)
  for (const text of drawn) expect(text).toMatch(/^[\w-]{43,}$/)
})

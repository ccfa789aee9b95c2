import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  type MisbehavingOpenIdProvider,
  startMisbehavingOpenIdProvider,
} from '../../sandbox/identity/misbehaving-openid-provider.ts'
import { readConfig } from '../../src/config.ts'
import { createHttpClient } from '../../src/http-client.ts'
import { checkProviders } from '../../src/login/providers/check.ts'
import { ProviderDirectory } from '../../src/login/providers/index.ts'
import { createLog } from '../../src/observe/log.ts'
import { startApplication } from '../application.ts'
import { client, mainKey } from './cases.ts'

const http = createHttpClient(() => {})
let provider: MisbehavingOpenIdProvider

beforeAll(async () => {
  provider = await startMisbehavingOpenIdProvider(client, mainKey)
})
afterAll(() => Promise.all([provider.close(), http.close()]))

/** The four variables of a provider called `MY_IDP`. */
const myIdp = (issuer: string): Record<string, string> => ({
  MY_IDP_ISSUER: issuer,
  MY_IDP_APP_ID: client.clientId,
  MY_IDP_APP_SECRET: client.clientSecret,
  MY_IDP_ROLE_ARN: 'arn:aws:iam::123456789012:role/web',
})

/** What the log of a start says of the providers. */
async function said(environment: Record<string, string>): Promise<Record<string, unknown>[]> {
  const lines: string[] = []
  const log = createLog('info', [], { write: (line) => void lines.push(line) })
  await checkProviders(new ProviderDirectory(readConfig(environment), http), log)
  return lines.map((line) => JSON.parse(line))
}

describe('the look at every provider after the start', () => {
  it('has nothing to say of one that can be used', async () => {
    expect(await said(myIdp(provider.issuer('good', {})))).toEqual([])
  })

  it('names the provider that offers no signature algorithm of AWS STS, and what it offers', async () => {
    const metadata = () => ({ id_token_signing_alg_values_supported: ['PS256', 'EdDSA'] })
    expect(await said(myIdp(provider.issuer('ps256', { metadata })))).toMatchObject([
      {
        level: 'warn',
        provider: 'my_idp',
        variable: 'MY_IDP_ISSUER',
        code: 'provider.misconfigured',
        msg: expect.stringMatching(/my_idp .* MY_IDP_ISSUER: .*AWS STS.* only PS256, EdDSA$/),
      },
    ])
  })

  it('names the provider that does not answer, and rejects nothing', async () => {
    const [line, ...others] = await said(myIdp('http://127.0.0.1:1'))
    expect(line).toMatchObject({ level: 'warn', provider: 'my_idp', code: 'provider.unreachable' })
    expect(others).toEqual([])
  })
})

describe('the button of a provider', () => {
  const buttonOf = async (environment: Record<string, string>) => {
    const application = await startApplication({ ...myIdp('https://id.example.com'), ...environment })
    const page = await (await fetch(application.url)).text()
    await application.close()
    return /<a class="provider-button" data-provider="my_idp".*?<\/a>/s.exec(page)?.[0]
  }

  it('carries its label and its icon, and leads to its path', async () => {
    const button = await buttonOf({ MY_IDP_LABEL: 'Sign in with My Company', MY_IDP_ICON: 'google' })
    expect(button).toContain('Sign in with My Company')
    expect(button).toContain('/icons/google.svg')
    expect(button).toContain('href="/initiateLogin/my_idp"')
  })

  it('is named after the provider, with the neutral icon, where nothing or no such icon is given', async () => {
    const button = await buttonOf({ MY_IDP_ICON: 'no-such-icon' })
    expect(button).toContain('Sign in with my idp')
    expect(button).toContain('/icons/openid.svg')
  })
})

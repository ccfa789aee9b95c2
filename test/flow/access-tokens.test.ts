import { describe, expect, it } from 'vitest'
import { type Fault, rewriteJson } from '../../sandbox/faults.ts'
import { demoPeople, type Person } from '../../sandbox/identity/people.ts'
import { ada, signIn } from '../application.ts'
import { HttpBrowser } from '../http-browser.ts'
import { expectRefusal, expectSignedOut, pathsAsked, useSituation } from './situation.ts'

const situation = useSituation()
const renee = demoPeople[2] as Person

/** Lets the provider lie at `path`, and expects that the sign-in is refused before STS hears of it. */
async function expectRefusedBeforeSts(
  provider: 'amazon' | 'facebook',
  path: string,
  lie: Fault,
  [status, code]: readonly [number, string],
) {
  const { sandbox, application } = situation
  const before = sandbox.sts.exchanges.length
  sandbox[provider].faults.plan(path, lie)
  const browser = new HttpBrowser()
  expectRefusal(await signIn(browser, application, provider), status, code)
  expect(pathsAsked(sandbox[provider])).toContain(path)
  expect(sandbox.sts.exchanges.length).toBe(before)
  await expectSignedOut(browser, application)
}

const notOurs = [403, 'provider.token_not_ours'] as const
const mismatch = [403, 'provider.profile_mismatch'] as const
const invalid = [403, 'provider.token_invalid'] as const
const senseless = [502, 'provider.answer_invalid'] as const

describe("Amazon's access token", () => {
  const token = '/auth/o2/token'
  const tokenInfo = '/auth/o2/tokeninfo'
  const profile = '/user/profile'

  it('that was issued to another application is refused', async () => {
    const foreign = situation.sandbox.amazon.issueAccessToken(ada, {
      clientId: 'amzn1.application-oa2-client.0000000000000000',
      appId: 'amzn1.application.0000000000000000',
    })
    const lie = rewriteJson((body) => ({ ...body, access_token: foreign }))
    await expectRefusedBeforeSts('amazon', token, lie, notOurs)
  })

  const lies: [title: string, path: string, change: (body: object) => unknown, readonly [number, string]][] =
    [
      ['names another audience', tokenInfo, (body) => ({ ...body, aud: 'somebody else' }), notOurs],
      [
        'names our app id as its audience',
        tokenInfo,
        (body) => ({ ...body, aud: 'app_id' in body && body.app_id }),
        notOurs,
      ],
      ['names no audience', tokenInfo, (body) => ({ ...body, aud: undefined }), senseless],
      [
        'names a list of audiences',
        tokenInfo,
        (body) => ({ ...body, aud: ['aud' in body && body.aud] }),
        senseless,
      ],
      [
        'names another issuer',
        tokenInfo,
        (body) => ({ ...body, iss: 'https://www.amazon.com.evil.example' }),
        notOurs,
      ],
      ['names no issuer', tokenInfo, (body) => ({ ...body, iss: undefined }), senseless],
      ['names nobody', tokenInfo, (body) => ({ ...body, user_id: '' }), senseless],
      ['is an error with status 200', tokenInfo, () => ({ error: 'invalid_token' }), senseless],
      [
        'names another person than the profile',
        tokenInfo,
        (body) => ({ ...body, user_id: renee.subjects.amazon }),
        mismatch,
      ],
      [
        'has a profile of somebody else',
        profile,
        (body) => ({ ...body, user_id: renee.subjects.amazon }),
        mismatch,
      ],
      ['has a profile of nobody', profile, (body) => ({ ...body, user_id: undefined }), senseless],
      ['has a profile whose person is a number', profile, (body) => ({ ...body, user_id: 7 }), senseless],
      ['has a profile that is null', profile, () => null, senseless],
      ['is missing', token, (body) => ({ ...body, access_token: undefined }), senseless],
      ['is empty', token, (body) => ({ ...body, access_token: '' }), senseless],
      ['is no text', token, (body) => ({ ...body, access_token: { a: 1 } }), senseless],
      [
        'is no text that a header can carry',
        token,
        () => ({ access_token: 'Atza|ü🦄', token_type: 'bearer' }),
        senseless,
      ],
      [
        'has a line break in it',
        token,
        () => ({ access_token: 'Atza|a\r\nb', token_type: 'bearer' }),
        senseless,
      ],
      [
        'stands beside an error',
        token,
        (body) => ({ ...body, error: 'invalid_grant', error_description: 'x' }),
        senseless,
      ],
      ['is of another type', token, (body) => ({ ...body, token_type: 'mac' }), senseless],
      ['comes in an array', token, (body) => [body], senseless],
    ]
  it.each(lies)('whose answer %s is refused', async (_title, path, change, expected) => {
    await expectRefusedBeforeSts('amazon', path, rewriteJson(change), expected)
  })

  it.each(['x'.repeat(256), 'amzn1.account.ü', 'a\u2028b', ' ', '\ud800'])(
    'for somebody whose id is %j is refused: nobody has such an id',
    async (id) => {
      const someone = rewriteJson((body) => ({ ...body, user_id: id }))
      situation.sandbox.amazon.faults.plan(tokenInfo, someone)
      await expectRefusedBeforeSts('amazon', profile, someone, invalid)
    },
  )

  it('for somebody with a name and an address without end is good, without the rest of the name', async () => {
    const { amazon } = situation.sandbox
    const vast = { name: '🦄'.repeat(100_000), email: `${'a'.repeat(100_000)}@example.com` }
    amazon.faults.plan(
      profile,
      rewriteJson((body) => ({ ...body, ...vast })),
    )
    const browser = new HttpBrowser()
    expect((await signIn(browser, situation.application, 'amazon')).status).toBe(303)
    const { body } = await browser.get(`${situation.application.url}/s3/`)
    expect(body).toContain(`Hello, <bdi>${'🦄'.repeat(200)}</bdi>`)
    expect(body.length).toBeLessThan(20_000)
    expect(situation.application.logText()).not.toContain('a'.repeat(400))
  })

  it('with the names of inherited properties in every answer is judged by its own', async () => {
    const { amazon } = situation.sandbox
    const polluted = rewriteJson((body) =>
      JSON.parse(`{"__proto__":{"aud":"x","user_id":"y"},${JSON.stringify(body).slice(1)}`),
    )
    for (const path of [token, tokenInfo, profile]) amazon.faults.plan(path, polluted)
    expect((await signIn(new HttpBrowser(), situation.application, 'amazon')).status).toBe(303)
    expect(({} as Record<string, unknown>).aud).toBeUndefined()
  })
})

describe("Facebook's access token", () => {
  const token = '/v26.0/oauth/access_token'
  const inspection = '/v26.0/debug_token'
  const profile = '/v26.0/me'

  const inspected = (change: object) => (body: { data: object }) => ({ data: { ...body.data, ...change } })

  const lies: [title: string, change: object, readonly [number, string]][] = [
    ['names another application', { app_id: '999' }, notOurs],
    ['names no application', { app_id: undefined }, notOurs],
    ['is no longer valid', { is_valid: false }, invalid],
    ['says valid in other words', { is_valid: 'true' }, senseless],
    ['does not say whether it is valid', { is_valid: undefined }, senseless],
    ['names a list of applications', { app_id: ['1234567890123456'] }, senseless],
    ["is a page's", { type: 'PAGE' }, invalid],
    ["is the application's own", { type: 'APP' }, invalid],
    ['names another person', { user_id: renee.subjects.facebook }, mismatch],
    ['names nobody', { user_id: undefined }, mismatch],
  ]
  it.each(lies)('whose inspection %s is refused', async (_title, change, expected) => {
    await expectRefusedBeforeSts('facebook', inspection, rewriteJson(inspected(change)), expected)
  })

  it.each([
    ['of somebody else', { id: renee.subjects.facebook, name: 'Renée' }, mismatch],
    ['without an id', { name: 'Ada Example' }, senseless],
    ['that is the word false', false, senseless],
  ] as const)('with a profile %s is refused', async (_title, body, expected) => {
    await expectRefusedBeforeSts(
      'facebook',
      profile,
      rewriteJson(() => body),
      expected,
    )
  })

  it('that is missing is refused', async () => {
    const lie = rewriteJson((body) => ({ ...body, access_token: undefined }))
    await expectRefusedBeforeSts('facebook', token, lie, senseless)
  })

  it('is only used with an appsecret_proof, and never stands in the address of the profile', async () => {
    const { facebook } = situation.sandbox
    const before = facebook.requests.length
    await signIn(new HttpBrowser(), situation.application, 'facebook')
    const mine = facebook.requests.slice(before).filter(({ url }) => url.includes('/me?'))
    const ours = mine.filter(({ url }) => url.includes('email'))
    expect(ours.length).toBe(1)
    expect(ours[0]?.url).toMatch(/appsecret_proof=[0-9a-f]{64}/)
    expect(ours[0]?.url).not.toContain('access_token')
  })

  it('that was issued to another application is refused', async () => {
    const foreign = situation.sandbox.facebook.issueAccessToken(ada, { appId: '999' })
    const lie = rewriteJson((body) => ({ ...body, access_token: foreign }))
    await expectRefusedBeforeSts('facebook', token, lie, invalid)
  })
})

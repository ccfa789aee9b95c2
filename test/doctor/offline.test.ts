import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { examineOffline } from '../../src/doctor/offline.ts'
import { registrations } from '../../src/doctor/registration.ts'
import { situationOf } from '../../src/doctor/situation.ts'
import { type Changes, mistakes, okta, secretArn, secrets, sound } from './planted-mistakes.ts'

const examine = (changes: Changes) => examineOffline(situationOf({ ...sound, ...changes }))

/** All that is not OK, as `LEVEL subject finding`. */
const named = (changes: Changes): string[] =>
  examine(changes).flatMap(({ level, subject, finding }) =>
    level === 'OK' ? [] : [`${level} ${subject} ${finding}`],
  )

describe('examineOffline', () => {
  it('finds nothing wrong with an environment that is sound', () => {
    expect(named({})).toEqual([])
    expect(named(okta)).toEqual([])
  })

  it.each(Object.entries(mistakes))('names: %s', (_mistake, [changes, ...findings]) => {
    expect(named(changes)).toEqual(findings)
  })

  it('says what to do about each', () => {
    const all = Object.values(mistakes).flatMap(([changes]) => examine(changes))
    expect(all.filter(({ level, mend = '' }) => (level === 'OK') !== (mend === ''))).toEqual([])
  })

  it('finds several mistakes at once, also where the process would not start', () => {
    const changes = {
      PORT: 'eighty',
      AMAZON_GRANT: 'implicit',
      GOOGLE_CLIENT_ID: 'x',
      SESSION_SECRET: undefined,
    }
    expect(named(changes).sort()).toEqual([
      'FAIL AMAZON_GRANT is the implicit grant, which Amazon ended in 2021',
      'FAIL PORT must be a whole number from 0 to 65535',
      'FAIL SESSION_SECRET is missing: every instance must be given the same secret',
      'WARN GOOGLE_CLIENT_ID is read by nobody; GOOGLE_APP_ID is',
    ])
  })

  it('leaves alone what an environment has besides', () => {
    const others =
      'PATH HOME LANG POSIXLY_CORRECT NODE_OPTIONS AWS_PROFILE AWS_SECRET_ACCESS_KEY GOOGLE_APPLICATION_CREDENTIALS'
    expect(named(Object.fromEntries(others.split(' ').map((name) => [name, 'x'])))).toEqual([])
  })

  it('repeats no secret, wherever it was put', () => {
    for (const [changes] of [[{}], ...Object.values(mistakes)] as [Changes][]) {
      const said = JSON.stringify([examine(changes), registrations(situationOf({ ...sound, ...changes }))])
      expect(said).not.toContain('canary')
      for (const secret of [...Object.values(secrets), secretArn]) expect(said).not.toContain(secret)
    }
  })

  it('knows every variable that the configuration reads', () => {
    const source = readFileSync(join(import.meta.dirname, '../../src/config.ts'), 'utf8')
    const read = [...new Set(source.match(/(?<=')[A-Z][A-Z0-9]*(_[A-Z0-9]+)+(?=')/g))]
    expect(read.length).toBeGreaterThan(20)
    const isKnown = (name: string) => named({ [`${name}X`]: 'x' }).some((one) => one.endsWith(`; ${name} is`))
    expect(read.filter((name) => !isKnown(name))).toEqual([])
  })
})

describe('what is to be registered', () => {
  it('is redirect URI, origin, privacy notice and trust policy of each provider', () => {
    const [amazon, google, facebook, other] = registrations(situationOf({ ...sound, ...okta }))
    expect(google).toEqual({
      provider: 'google',
      redirectUri: 'https://signin.example.com/oauth2callback/google',
      javascriptOrigin: undefined,
      privacyUrl: 'https://signin.example.com/privacy',
      roleArn: sound.GOOGLE_ROLE_ARN,
      trustPolicy: expect.stringContaining(`"accounts.google.com:aud":"${sound.GOOGLE_APP_ID}"`),
    })
    const implicit = registrations(situationOf({ ...sound, AMAZON_GRANT: 'implicit' }))
    expect(implicit[0]?.javascriptOrigin).toBe('https://signin.example.com')
    expect(amazon?.trustPolicy).toContain('"www.amazon.com:app_id":"<App ID')
    expect(facebook?.trustPolicy).toContain(`"graph.facebook.com:app_id":"${sound.FACEBOOK_APP_ID}"`)
    expect(other?.trustPolicy).toContain('"arn:aws:iam::111122223333:oidc-provider/example.okta.com"')
    expect(other?.trustPolicy).toContain('"example.okta.com:aud":"0oa1example"')
  })

  it('is told under no other address where PUBLIC_URL is refused', () => {
    const [amazon] = registrations(situationOf({ ...sound, PUBLIC_URL: 'signin.example.com' }))
    expect(amazon?.redirectUri).toBe('<PUBLIC_URL>/oauth2callback/amazon')
  })

  it('is told before there is a client or a role, since those come after', () => {
    const { PUBLIC_URL } = sound
    const nothing = registrations(situationOf({ PUBLIC_URL }))
    expect(nothing.map(({ provider, redirectUri }) => [provider, redirectUri])).toEqual(
      ['amazon', 'google', 'facebook'].map((id) => [id, `${PUBLIC_URL}/oauth2callback/${id}`]),
    )
    const { GOOGLE_APP_ID, GOOGLE_APP_SECRET } = sound
    const [, google] = registrations(situationOf({ PUBLIC_URL, GOOGLE_APP_ID, GOOGLE_APP_SECRET }))
    expect(google?.trustPolicy).toContain(`"accounts.google.com:aud":"${GOOGLE_APP_ID}"`)
  })
})

import { expect, it } from 'vitest'
import { readConfig } from '../../../../src/config.ts'
import { createHttpClient } from '../../../../src/http-client.ts'
import { ProviderDirectory } from '../../../../src/login/providers/index.ts'

it('a provider has one proper name, on the login page and in sentences, whether it is on or off', () => {
  const config = readConfig({ ACME_ISSUER: 'https://acme.example', ACME_LABEL: 'Sign in with Acme Inc.' })
  const directory = new ProviderDirectory(
    config,
    createHttpClient(() => {}),
  )
  expect(directory.list().find(({ id }) => id === 'acme')).toMatchObject({
    available: false,
    face: { displayName: 'Acme Inc.' },
  })
  expect(directory.displayName('acme')).toBe('Acme Inc.')
  expect(directory.displayName('never_heard')).toBe('never heard')
})

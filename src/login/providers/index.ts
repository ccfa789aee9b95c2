import type { Config, ProviderSettings } from '../../config.ts'
import { AppError } from '../../errors.ts'
import type { Identity } from '../../federation/identity.ts'
import type { HttpClient } from '../../http-client.ts'
import { amazon } from './amazon.ts'
import { type Face, faceOf } from './face.ts'
import { facebook } from './facebook.ts'
import { openIdConnect } from './openid-connect.ts'
import { isSubject, type Provider } from './provider.ts'
import { toProviderError } from './provider-error.ts'

const kinds = { amazon, facebook, 'openid-connect': openIdConnect } as const

/** Longer than any name or address that is one; in characters. (RFC 5321, section 4.5.3.1) */
const longest = { name: 200, email: 320 }

/**
 * What every provider's word about a person must keep to, before it is stored, logged and shown.
 * @throws AppError `provider.token_invalid`
 */
function withinBounds(identity: Identity): Identity {
  const { subject, name, email } = identity.person
  if (!isSubject(subject)) throw new AppError('provider.token_invalid', { details: { claim: 'sub' } })
  const person = {
    ...identity.person,
    name: name && Array.from(name).slice(0, longest.name).join(''),
    email: email && email.length > longest.email ? undefined : email,
  }
  return { ...identity, person }
}

/** Makes a provider of what the operator configured. Whatever fails inside it comes out as an AppError. */
export function createProvider(settings: ProviderSettings, http: HttpClient): Provider {
  const provider = kinds[settings.kind](settings, http)
  const named = (cause: unknown): never => {
    throw toProviderError(cause, provider.id)
  }
  return {
    ...provider,
    configuration: () => provider.configuration().catch(named),
    signOutUrl: () => provider.signOutUrl().catch(named),
    revoke: (tokens) => provider.revoke(tokens).catch(named),
    identify: (tokens) => provider.identify(tokens).then(withinBounds).catch(named),
  }
}

/** Every provider of the configuration, on or off. */
export class ProviderDirectory {
  readonly #providers: Map<string, Provider>
  readonly #off: Map<string, Face>

  constructor({ providers, providersOff }: Config, http: HttpClient) {
    this.#providers = new Map(providers.map((settings) => [settings.id, createProvider(settings, http)]))
    this.#off = new Map(providersOff.map((settings) => [settings.id, faceOf(settings)]))
  }

  /** `undefined` where the provider is off or unknown. */
  get(id: string): Provider | undefined {
    return this.#providers.get(id)
  }

  /** Those that are on. */
  available(): Provider[] {
    return [...this.#providers.values()]
  }

  /** @throws AppError `login.provider_unknown`, `login.provider_off` */
  find(id: string): Provider {
    const provider = this.#providers.get(id)
    if (provider) return provider
    throw new AppError(this.#off.has(id) ? 'login.provider_off' : 'login.provider_unknown')
  }

  /** Those that can be used first; among them Amazon, Google and Facebook, then the others by name. */
  list(): { id: string; face: Face; available: boolean }[] {
    const on = [...this.#providers].map(([id, { face }]) => ({ id, face, available: true }))
    const off = [...this.#off].map(([id, face]) => ({ id, face, available: false }))
    const rank = (id: string) => (['amazon', 'google', 'facebook'].indexOf(id) + 4) % 4
    return [...on, ...off].sort(
      (one, other) =>
        Number(other.available) - Number(one.available) ||
        rank(one.id) - rank(other.id) ||
        one.face.displayName.localeCompare(other.face.displayName),
    )
  }

  /** The proper name of a provider, known or not. */
  displayName(id: string): string {
    const face = this.#providers.get(id)?.face ?? this.#off.get(id) ?? faceOf({ id })
    return face.displayName
  }
}

import type { Adapter, AdapterPayload, ClientMetadata } from 'oidc-provider'

/**
 * What an OpenID provider remembers: codes, tokens, sign-ins under way. It is kept apart from the Provider object, so
 * that it outlives one. oidc-provider itself checks when things expire.
 * @param client the one client, as it is registered at the time of the call
 */
export function openIdStorage(client: () => ClientMetadata): (model: string) => Adapter {
  const payloads = new Map<string, AdapterPayload>()

  return (model) => {
    const key = (id: string) => `${model}:${id}`
    const findBy = (property: 'uid' | 'userCode', value: string) =>
      [...payloads].find(([name, payload]) => name.startsWith(key('')) && payload[property] === value)?.[1]

    return {
      async find(id) {
        if (model !== 'Client') return payloads.get(key(id))
        const metadata = client()
        return metadata.client_id === id ? metadata : undefined
      },
      async findByUid(uid) {
        return findBy('uid', uid)
      },
      async findByUserCode(userCode) {
        return findBy('userCode', userCode)
      },
      async upsert(id, payload) {
        payloads.set(key(id), payload)
      },
      async consume(id) {
        const payload = payloads.get(key(id))
        if (payload) payload.consumed = Math.floor(Date.now() / 1000)
      },
      async destroy(id) {
        payloads.delete(key(id))
      },
      async revokeByGrantId(grantId) {
        for (const [name, payload] of payloads) {
          if (payload.grantId === grantId) payloads.delete(name)
        }
      },
    }
  }
}

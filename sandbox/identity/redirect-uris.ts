const loopbackHosts = ['localhost', '127.0.0.1', '[::1]']

/** The redirect URIs that an application has registered. They are compared letter by letter (RFC 9700 section 2.1). */
export class RedirectUris {
  readonly #registered = new Set<string>()

  /**
   * Adds one.
   * @throws TypeError for what no provider lets one register: a relative URI, one with a fragment, or plain `http:`
   *   for anything but a loopback host.
   */
  register(uri: string): void {
    const { protocol, hostname, hash } = new URL(uri)
    const secure = protocol === 'https:' || (protocol === 'http:' && loopbackHosts.includes(hostname))
    if (!secure || hash) throw new TypeError(`not a redirect URI that a provider accepts: ${uri}`)
    this.#registered.add(uri)
  }

  has(uri: string | undefined): uri is string {
    return uri !== undefined && this.#registered.has(uri)
  }

  list(): string[] {
    return [...this.#registered]
  }
}

/** `uri` with these parameters added to its query; those that are undefined are left out. */
export function withQuery(uri: string, parameters: Record<string, string | undefined>): string {
  const url = new URL(uri)
  for (const [name, value] of Object.entries(parameters)) {
    if (value !== undefined) url.searchParams.append(name, value)
  }
  return url.href
}

/** `uri` with these parameters as its fragment, the form of an implicit grant's answer (RFC 6749 section 4.2.2). */
export function withFragment(uri: string, parameters: Record<string, string | undefined>): string {
  const { search } = new URL(withQuery('http://localhost', parameters))
  return `${uri}#${search.slice(1)}`
}

/** What came back for one request; redirects are not followed. */
export interface Answer {
  status: number
  headers: Headers
  body: string
  /** Where a redirect leads, absolute; `undefined` for any other answer. */
  location: string | undefined
}

interface Cookie {
  origin: string
  name: string
  value: string
  path: string
}

/** A browser in miniature: keeps cookies by origin and path, and presses buttons of the sandbox's sign-in pages. */
export class HttpBrowser {
  cookies: Cookie[] = []
  readonly #fetch: typeof fetch

  /** `fetchBy` may trust certificates that others do not. */
  constructor(fetchBy: typeof fetch = fetch) {
    this.#fetch = fetchBy
  }

  /** One GET. */
  get(url: string | URL, headers: Record<string, string> = {}): Promise<Answer> {
    return this.#request(new URL(url), { headers })
  }

  /** One POST of a form. */
  post(
    url: string | URL,
    form: Record<string, string>,
    headers: Record<string, string> = {},
  ): Promise<Answer> {
    return this.#request(new URL(url), { method: 'POST', body: new URLSearchParams(form), headers })
  }

  /** Opens `url` and follows redirects within its origin; the first one that leaves it is where it stops, unopened. */
  async open(url: string): Promise<Answer & { url: string }> {
    return this.#finish(new URL(url), await this.get(url))
  }

  /** Opens the sign-in page at `url`, presses the button of `person`, returns where that leads outside the provider. */
  continueAs(person: string, url: string): Promise<URL> {
    return this.#press(url, { person })
  }

  /** The same with *Cancel*. */
  cancel(url: string): Promise<URL> {
    return this.#press(url, { cancel: '1' })
  }

  async #press(url: string, form: Record<string, string>): Promise<URL> {
    const page = await this.open(url)
    return new URL((await this.#finish(new URL(page.url), await this.post(page.url, form))).url)
  }

  async #finish(url: URL, first: Answer): Promise<Answer & { url: string }> {
    let at = url
    let answer = first
    while (answer.location !== undefined) {
      const next = new URL(answer.location)
      if (next.origin !== at.origin) return { ...answer, url: next.href }
      at = next
      answer = await this.get(at)
    }
    return { ...answer, url: at.href }
  }

  async #request(url: URL, { headers, ...init }: RequestInit): Promise<Answer> {
    const cookie = this.cookies
      .filter((one) => one.origin === url.origin && url.pathname.startsWith(one.path))
      .map((one) => `${one.name}=${one.value}`)
      .join('; ')
    const response = await this.#fetch(url, {
      ...init,
      redirect: 'manual',
      headers: { accept: 'text/html', ...(cookie && { cookie }), ...headers },
    })
    for (const header of response.headers.getSetCookie()) this.#keep(url.origin, header)
    const location = response.headers.get('location')
    return {
      status: response.status,
      headers: response.headers,
      body: await response.text(),
      location: location === null ? undefined : new URL(location, url).href,
    }
  }

  #keep(origin: string, header: string): void {
    const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(header) ?? []
    const path = /;\s*path=([^;]+)/i.exec(header)?.[1] ?? '/'
    this.cookies = this.cookies.filter(
      (one) => one.origin !== origin || one.name !== name || one.path !== path,
    )
    if (value) this.cookies.push({ origin, name, value, path })
  }
}

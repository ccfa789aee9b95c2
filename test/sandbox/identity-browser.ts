/** A browser in miniature: follows redirects, keeps cookies by path, presses a button of the sandbox's sign-in pages. */
export class Browser {
  #cookies: { origin: string; name: string; value: string; path: string }[] = []

  /** Opens `url` and stays on the page that it ends at. */
  async open(url: string): Promise<{ url: string; status: number; body: string; headers: Headers }> {
    return this.#finish(url, await this.#request(url, {}))
  }

  /** Opens the sign-in page at `url`, presses the button of `person`, returns where that leads outside the provider. */
  async continueAs(person: string, url: string): Promise<URL> {
    return this.#press(url, { person })
  }

  /** The same with *Cancel*. */
  async cancel(url: string): Promise<URL> {
    return this.#press(url, { cancel: '1' })
  }

  async #press(url: string, form: Record<string, string>): Promise<URL> {
    const page = await this.open(url)
    const answer = await this.#request(page.url, { method: 'POST', body: new URLSearchParams(form) })
    return new URL((await this.#finish(page.url, answer)).url)
  }

  /** Follows redirects; the first one that leaves the origin is where it stops, unopened. */
  async #finish(url: string, response: Response) {
    let at = new URL(url)
    let answer = response
    while (answer.headers.has('location')) {
      const next = new URL(answer.headers.get('location') ?? '', at)
      if (next.origin !== at.origin)
        return { url: next.href, status: answer.status, body: '', headers: answer.headers }
      at = next
      answer = await this.#request(at.href, {})
    }
    return { url: at.href, status: answer.status, body: await answer.text(), headers: answer.headers }
  }

  async #request(url: string, init: RequestInit): Promise<Response> {
    const { origin, pathname } = new URL(url)
    const cookie = this.#cookies
      .filter((one) => one.origin === origin && pathname.startsWith(one.path))
      .map((one) => `${one.name}=${one.value}`)
      .join('; ')
    const response = await fetch(url, {
      ...init,
      redirect: 'manual',
      headers: { cookie, accept: 'text/html' },
    })
    for (const header of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(header) ?? []
      const path = /;\s*path=([^;]+)/i.exec(header)?.[1] ?? '/'
      this.#cookies = this.#cookies.filter((one) => one.name !== name || one.path !== path)
      if (value) this.#cookies.push({ origin, name, value, path })
    }
    return response
  }
}

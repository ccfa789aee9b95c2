import { type Answer, Connection } from './connection.ts'

/** Somebody with a browser: one connection, and cookies while a visit lasts. */
export class Visitor {
  readonly #connection: Connection
  readonly #cookies = new Map<string, string>()

  constructor(origin: string) {
    this.#connection = new Connection(origin)
  }

  /** The Cookie header of whoever is signed in now, with its CRLF; empty without cookies. */
  get cookieLine(): string {
    const pairs = [...this.#cookies].map(([name, value]) => `${name}=${value}`)
    return pairs.length === 0 ? '' : `Cookie: ${pairs.join('; ')}\r\n`
  }

  /** GETs `path`, and keeps the cookies that come with the answer. @throws Error for any other status than `expected` */
  async get(path: string, expected: number): Promise<Answer> {
    const answer = await this.#connection.get(path, this.cookieLine)
    if (answer.status !== expected) throw new Error(`GET ${path} answered\n${answer.head}`)
    for (const [, name = '', value = ''] of answer.head.matchAll(/^set-cookie: *([^=]+)=([^;\r]*)/gim)) {
      if (value === '') this.#cookies.delete(name)
      else this.#cookies.set(name, value)
    }
    return answer
  }

  /** Signs in as a newcomer. `code` is the authorization code that the provider would have sent along. */
  async signIn(code: string): Promise<void> {
    this.#cookies.clear()
    const start = await this.get('/initiateLogin/amazon', 302)
    const [, state = ''] = /^location: .*[?&]state=([^&\s]+)/im.exec(start.head) ?? []
    await this.get(`/oauth2callback/amazon?code=${code}&state=${state}`, 303)
  }

  close(): void {
    this.#connection.close()
  }
}

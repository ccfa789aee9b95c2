import { createHmac, createSecretKey } from 'node:crypto'
import type { AwsExchange, Exchange, HeaderFields, HttpExchange } from '../exchange.ts'
import { randomBytes } from '../random.ts'
import { allowedFields, type Rule, type Rules } from './allowed-fields.ts'
import type { Call, CallKind, Field } from './receipt.ts'

type Pair = [name: string, value: string]

/** More than any honest party sends of what there are rules for. */
const mostFields = 60
const deepestMember = 4
/** Nothing shorter counts as found where it turns up inside of something else. */
const shortestSecret = 12
const shortestOfOperator = 8
/** More than an e-mail address or a name may have, in characters. */
const longestPersonal = 320

const address = /[^\s/:"']+@[^\s/:"']+/g

/** `a…@example.com` for an e-mail address, wherever it stands. */
const withoutAddresses = (text: string): string =>
  !text.includes('@')
    ? text
    : text.replace(address, (one) => `${Array.from(one)[0]}…@${one.slice(one.lastIndexOf('@') + 1)}`)

const masked = (text: string): string =>
  text.includes('@') ? withoutAddresses(text) : `${Array.from(text)[0] ?? ''}…`

/** The members of a JSON document by their paths; entries of a list share the path of the list. */
function* membersOf(value: unknown, path = '', depth = 0): Generator<Pair> {
  if (value === null || value === undefined || typeof value === 'function') return
  if (value instanceof Date) yield [path, Number.isNaN(value.getTime()) ? '' : value.toISOString()]
  else if (typeof value !== 'object') yield [path, String(value)]
  else if (depth === deepestMember) yield [path, 'too deep to be told']
  else if (Array.isArray(value)) for (const one of value) yield* membersOf(one, path, depth + 1)
  else
    for (const [name, one] of Object.entries(value)) {
      if (!name.startsWith('$')) yield* membersOf(one, path ? `${path}.${name}` : name, depth + 1)
    }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Header and claims of a token that is a JWT. They are no secret; its signature makes it one. */
function* jwtMembers(name: string, token: string): Generator<Pair> {
  const [header, claims] = token.split('.').map((part) => parsed(Buffer.from(part, 'base64url').toString()))
  for (const [path, value] of membersOf(header)) yield [`${name} header: ${path}`, value]
  for (const [path, value] of membersOf(claims)) yield [`${name} claim: ${path}`, value]
}

function* bodyMembers(text: string): Generator<Pair> {
  if (text === '') return
  const json = parsed(text)
  if (typeof json !== 'object') yield ['body', text]
  for (const [name, value] of typeof json === 'object' ? membersOf(json) : []) {
    yield [name, value]
    if (name === 'id_token') yield* jwtMembers(name, value)
  }
}

function* headersOf(headers: HeaderFields): Generator<Pair> {
  const [, scheme, credential] = /^(Basic|Bearer) (.*)$/.exec(String(headers.authorization ?? '')) ?? []
  if (credential !== undefined) yield [`Authorization: ${scheme}`, credential]
  yield* named(headers, ['Accept', 'Content-Type'])
}

function* named(headers: HeaderFields, names: string[]): Generator<Pair> {
  for (const name of names) {
    const value = headers[name.toLowerCase()]
    if (value !== undefined) yield [name, String(value)]
  }
}

function* toldBy({ headers, body }: { headers: HeaderFields; body: string }): Generator<Pair> {
  yield* named(headers, ['content-type', 'x-amzn-requestid', 'x-fb-trace-id'])
  yield* bodyMembers(body)
}

function* askedBy({ url, headers }: HttpExchange, form: URLSearchParams): Generator<Pair> {
  yield* headersOf(headers)
  yield* url.searchParams
  yield* form
}

/** What a request carries says what it is for, whoever the provider is. */
function kindOf({ url, headers }: HttpExchange, form: URLSearchParams): CallKind {
  const query = url.searchParams
  if (form.has('grant_type') || query.has('code')) return 'token'
  if (url.pathname.includes('/.well-known/openid-')) return 'discovery'
  if (query.has('input_token') || url.pathname.endsWith('/tokeninfo')) return 'inspection'
  return headers.authorization !== undefined ? 'profile' : 'keys'
}

/**
 * Describes the calls of one request, each as soon as it is over. A value is shown only where a rule for its name lets
 * it through; and what was hidden once is shown nowhere after, whatever another party repeats of it.
 */
export class Described {
  /** Of this journey alone: whoever could have fingerprints made of what they guess would find out what is short. */
  readonly #fingerprintKey = createSecretKey(randomBytes(32))
  /** By secret: most of them pass by more than once. */
  readonly #fingerprints = new Map<string, string>()
  readonly #ofOperator: readonly string[]
  /** Each as it is, and as it stands in an address. */
  readonly #hidden: string[] = []

  /** @param secrets the operator's own: of what contains one, not even a fingerprint is shown */
  constructor(secrets: readonly string[]) {
    this.#ofOperator = secrets.filter(({ length }) => length >= shortestOfOperator)
    for (const secret of this.#ofOperator) this.#remember(secret)
  }

  call(exchange: Exchange): Omit<Call, 'startMs'> {
    return exchange.over === 'http' ? this.#http(exchange) : this.#aws(exchange)
  }

  /** Something that went by way of the browser. */
  redirect(
    kind: 'authorization' | 'return',
    call: string,
    parameters: URLSearchParams,
  ): Omit<Call, 'startMs'> {
    const request = this.#fields(parameters, allowedFields[kind].request)
    return { kind, call, durationMs: 0, request, answer: [] }
  }

  #http(exchange: HttpExchange): Omit<Call, 'startMs'> {
    const { method, url, answer, durationMs, attempts } = exchange
    const form = new URLSearchParams(exchange.body)
    const kind = kindOf(exchange, form)
    const rules = allowedFields[kind]
    return {
      kind,
      call: `${method} ${url.host}${url.pathname}`,
      durationMs,
      attempts,
      status: answer?.status,
      request: this.#fields(askedBy(exchange, form), rules.request),
      answer: answer ? this.#fields(toldBy(answer), rules.answer) : [],
    }
  }

  #aws(exchange: AwsExchange): Omit<Call, 'startMs'> {
    const { service, operation, input, output, awsCode, durationMs, attempts, status, awsRequestId } =
      exchange
    const kind = service === 'sts' ? 'sts' : 's3'
    const rules = allowedFields[kind]
    const told = awsCode === undefined ? membersOf(output) : membersOf({ Code: awsCode })
    return {
      kind,
      call: `${service} ${operation}`,
      durationMs,
      attempts,
      status,
      awsRequestId,
      request: this.#fields(membersOf(input), rules.request),
      answer: this.#fields(told, rules.answer),
    }
  }

  #fields(pairs: Iterable<Pair>, rules: Rules): Field[] {
    const few: { name: string; value: string; rule: Rule | undefined }[] = []
    for (const [name, value] of pairs) {
      if (few.length === mostFields) break
      const rule = Object.hasOwn(rules, name) ? rules[name] : undefined
      few.push({ name: rule === undefined ? 'another field' : name, value, rule })
    }
    const looksRight = ({ value, rule }: (typeof few)[number]): boolean =>
      rule instanceof RegExp ? rule.test(value) : rule === 'mask' && value.length <= longestPersonal
    const shown = few.map(looksRight)
    few.forEach(({ value }, index) => {
      if (!shown[index] && value.length >= shortestSecret && !value.includes('://')) this.#remember(value)
    })
    return few.map(({ name, value, rule }, index) => {
      if (!shown[index] || this.#isHidden(value)) return { name, ...this.#hide(name, value) }
      return { name, value: rule === 'mask' ? masked(value) : withoutAddresses(value) }
    })
  }

  #remember(secret: string): void {
    const encoded = encodeURIComponent(secret.toWellFormed())
    this.#hidden.push(...(encoded === secret ? [secret] : [secret, encoded]))
  }

  #isHidden(value: string): boolean {
    return this.#hidden.some((secret) => value.includes(secret))
  }

  #hide(name: string, value: string): { length: number; fingerprint?: string } {
    const isOfOperator =
      name === 'client_secret' ||
      name === 'Authorization: Basic' ||
      this.#ofOperator.some((secret) => value.includes(secret))
    return { length: value.length, ...(!isOfOperator && { fingerprint: this.#fingerprintOf(value) }) }
  }

  #fingerprintOf(value: string): string {
    const known = this.#fingerprints.get(value)
    if (known !== undefined) return known
    const fingerprint = createHmac('sha256', this.#fingerprintKey).update(value).digest('hex').slice(0, 10)
    this.#fingerprints.set(value, fingerprint)
    return fingerprint
  }
}

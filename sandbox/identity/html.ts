/** A piece of HTML that is safe to put into a page as it is. */
export class Html {
  readonly #markup: string

  constructor(markup: string) {
    this.#markup = markup
  }

  toString(): string {
    return this.#markup
  }
}

const entities: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

type Value = string | number | Html | readonly Html[]

const render = (value: Value): string => {
  if (value instanceof Html) return value.toString()
  if (typeof value === 'number') return String(value)
  if (typeof value === 'string') return value.replace(/[&<>"']/g, (character) => entities[character] ?? '')
  return value.map(render).join('')
}

/** Template tag for HTML: strings put in are escaped, pieces made by this tag are not. */
export const html = (literals: TemplateStringsArray, ...values: Value[]): Html =>
  new Html(String.raw({ raw: literals }, ...values.map(render)))

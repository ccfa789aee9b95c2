/** Content of an element: text, child elements by name, or a list, which repeats the element. `undefined` leaves it out. */
export type XmlContent = string | number | undefined | XmlContent[] | { [element: string]: XmlContent }

const ENTITIES: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
}
const CHARACTERS = Object.fromEntries(
  Object.entries(ENTITIES).map(([character, entity]) => [entity, character]),
)

/** Writes a document with one root element, in `namespace` when there is one. */
export function xmlDocument(root: string, content: XmlContent, namespace?: string): string {
  const xmlns = namespace ? ` xmlns="${namespace}"` : ''
  return `<?xml version="1.0" encoding="UTF-8"?>\n<${root}${xmlns}>${inner(content)}</${root}>`
}

/** Text of the first element `name` in `xml`; `undefined` when there is none. Enough for flat answers such as errors. */
export function elementText(xml: string, name: string): string | undefined {
  const text = new RegExp(`<${name}>([^<]*)</${name}>`).exec(xml)?.[1]
  return text?.replace(/&\w+;/g, (entity) => CHARACTERS[entity] ?? entity)
}

function element(name: string, content: XmlContent): string {
  if (content === undefined) return ''
  if (Array.isArray(content)) return content.map((one) => element(name, one)).join('')
  return `<${name}>${inner(content)}</${name}>`
}

function inner(content: XmlContent): string {
  if (typeof content === 'object' && !Array.isArray(content)) {
    return Object.entries(content)
      .map(([name, child]) => element(name, child))
      .join('')
  }
  return String(content ?? '').replace(/[&<>"']/g, (character) => ENTITIES[character] as string)
}

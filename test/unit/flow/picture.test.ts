import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import ejs from 'ejs'
import { describe, expect, it } from 'vitest'
import { flowPicture, type LegState } from '../../../src/flow/picture.ts'
import { type LegKind, legKinds } from '../../../src/flow/receipt.ts'

const root = join(import.meta.dirname, '../../..')
const text = (path: string): string => readFileSync(join(root, path), 'utf8')

const drawn = (stateOf: (leg: LegKind) => LegState, format: 'wide' | 'narrow'): Promise<string> =>
  ejs.renderFile(join(root, 'views/partials/flow-drawing.ejs'), {
    drawing: flowPicture(stateOf)[format],
    format,
  })

const plain = (): LegState => 'plain'

/** Those of our colours that the picture uses, for light and dark. */
function coloursFor(css: string): string {
  const used = new Set(css.match(/--[\w-]+/g))
  return text('public/css/tokens.css')
    .replace(/^ *(--[\w-]+):.*\n/gm, (line, name: string) => (used.has(name) ? line : ''))
    .replace(/\n{2,}/g, '\n')
}

/** The picture as a file of its own. */
async function standalone(): Promise<string> {
  const css = `${text('public/css/flow-picture.css')}.ground { fill: var(--surface); }\n`
  const svg = await drawn(plain, 'wide')
  const [, width, height] = /viewBox="0 0 ([\d.]+) ([\d.]+)"/.exec(svg) ?? []
  const head = `<title>Sign-in with an identity provider, AWS STS and Amazon S3</title>
<style>
${coloursFor(css)}${css}</style>
<rect class="ground" width="${width}" height="${height}" rx="16"/>
`
  return svg.replace(/(<svg[^>]*>\n)/, `$1${head}`).replace(/\n\s*\n/g, '\n')
}

describe('the picture of the flow', () => {
  it('is docs/flow.svg, too (npx vitest run test/unit/flow/picture.test.ts -u writes it)', async () => {
    await expect(await standalone()).toMatchFileSnapshot(join(root, 'docs/flow.svg'))
  })

  it.each(['wide', 'narrow'] as const)(
    'has six parties and a number for each leg, when it is %s',
    async (format) => {
      const svg = await drawn(plain, format)
      expect(svg.match(/class="flow-lifeline"/g)).toHaveLength(6)
      const numbers = [...svg.matchAll(/class="flow-number"[^>]*>(\d)</g)].map(([, number]) => Number(number))
      expect(numbers).toEqual(legKinds.map((_, index) => index + 1))
      expect(svg).not.toMatch(/style=|NaN|undefined/)
    },
  )

  it('stays inside of its frame', () => {
    for (const { width, height, messages } of Object.values(flowPicture(plain))) {
      for (const { line, head } of messages) {
        const [x = 0, y = 0, end = 0] = line.match(/[\d.]+/g)?.map(Number) ?? []
        for (const one of [x, end]) expect(one > 0 && one < width).toBe(true)
        expect(y < height && head.includes(` ${y}l`)).toBe(true)
      }
    }
  })

  it('shows of a leg that failed its first message with a cross, and nothing that came after as done', () => {
    const { messages } = flowPicture((leg) =>
      leg === 'access' ? 'failed' : leg === 'use' ? 'not-reached' : 'done',
    ).wide
    expect(messages.filter(({ cross }) => cross)).toHaveLength(1)
    const at = messages.findIndex(({ state }) => state === 'failed')
    expect(messages.slice(0, at).every(({ state }) => state === 'done')).toBe(true)
    expect(messages.slice(at + 1).every(({ state }) => state === 'not-reached')).toBe(true)
  })
})

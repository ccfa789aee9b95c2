/** A line of points, from left to right. */
interface Series {
  name: string
  points: [x: number, y: number][]
}

/** Both axes are logarithmic: what grows in proportion is a straight line. */
interface Plot {
  title: string
  xLabel: string
  yLabel: string
  /** At most four: more lines could not be told apart. */
  series: Series[]
}

// Narrow, so that the letters can be read on a phone too, where the picture shrinks to the width of the screen.
const width = 480
const titleTop = 26
const legendLine = 20
const inner = { left: 52, width: width - 52 - 20, height: 260 }

/** Lines differ in dashes and dots as well: not everybody sees colours. */
const style = `
  svg { color-scheme: light dark; font: 14px system-ui, sans-serif }
  .paper { fill: #ffffff } text { fill: #1b1f24 } .soft { fill: #57606a } .grid { stroke: #d8dee4 }
  .line { fill: none; stroke-width: 2 } .dot { stroke: none }
  .s0 { stroke: #0b62c4; fill: #0b62c4 } .s1 { stroke: #b3400c; fill: #b3400c; stroke-dasharray: 8 4 }
  .s2 { stroke: #1a7431; fill: #1a7431; stroke-dasharray: 2 3 } .s3 { stroke: #7a3fb5; fill: #7a3fb5; stroke-dasharray: 10 3 2 3 }
  @media (prefers-color-scheme: dark) {
    .paper { fill: #0d1117 } text { fill: #e6edf3 } .soft { fill: #9198a1 } .grid { stroke: #30363d }
    .s0 { stroke: #6cb0ff; fill: #6cb0ff } .s1 { stroke: #ff9b6a; fill: #ff9b6a }
    .s2 { stroke: #63d283; fill: #63d283 } .s3 { stroke: #c89bff; fill: #c89bff }
  }`

const escapeXml = (text: string): string =>
  text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`)

const round = (value: number): number => Math.round(value * 10) / 10

/** `0.5`, `20`, `3k`, `1M`. */
function short(value: number): string {
  if (value >= 1e6) return `${Number((value / 1e6).toPrecision(3))}M`
  if (value >= 1e3) return `${Number((value / 1e3).toPrecision(3))}k`
  return String(Number(value.toPrecision(3)))
}

interface Scale {
  /** Where a value stands, from 0 to 1. */
  at: (value: number) => number
  ticks: number[]
}

/** From the last tick below all `values` to the first above: whole powers of ten, and 2 and 5 between where these are few. */
function scaleOf(values: readonly number[]): Scale {
  const [least, most] = [Math.min(...values), Math.max(...values)]
  const steps = most / least > 2_000 ? [1] : [1, 2, 5]
  const from = Math.floor(Math.log10(least))
  const to = Math.ceil(Math.log10(most)) + 1
  const all = Array.from({ length: to - from + 1 }, (_, index) => 10 ** (from + index)).flatMap((decade) =>
    steps.map((step) => step * decade),
  )
  const first = all.findLastIndex((tick) => tick <= least * (1 + 1e-9))
  const last = all.findIndex((tick, index) => index > first && tick >= most * (1 - 1e-9))
  const ticks = all.slice(first, last + 1)
  const [low, high] = [Math.log10(ticks[0] ?? 1), Math.log10(ticks.at(-1) ?? 10)]
  return { at: (value) => (Math.log10(value) - low) / (high - low), ticks }
}

/** A dot of its own shape for each line, around the origin. */
const dots = [
  '<circle r="4"/>',
  '<rect x="-3.5" y="-3.5" width="7" height="7"/>',
  '<path d="M0-5 5 4-5 4z"/>',
  '<path d="M0-5.5 5.5 0 0 5.5-5.5 0z"/>',
]
const dotAt = (index: number, x: number, y: number): string =>
  `<g class="dot" transform="translate(${x} ${y})">${dots[index]}</g>`

/** An SVG that follows the reader's light or dark mode. Values must be above 0. */
export function plot({ title, xLabel, yLabel, series }: Plot): string {
  const points = series.flatMap((one) => one.points)
  const [x, y] = [scaleOf(points.map(([x]) => x)), scaleOf(points.map(([, y]) => y))]
  const legendTop = titleTop + 24
  const top = legendTop + series.length * legendLine + 22
  const [right, bottom] = [inner.left + inner.width, top + inner.height]
  const xOf = (value: number) => round(inner.left + x.at(value) * inner.width)
  const yOf = (value: number) => round(bottom - y.at(value) * inner.height)

  const columns = x.ticks.map(
    (tick) =>
      `<line class="grid" x1="${xOf(tick)}" y1="${top}" x2="${xOf(tick)}" y2="${bottom}"/>` +
      `<text class="soft" x="${xOf(tick)}" y="${bottom + 20}" text-anchor="middle">${short(tick)}</text>`,
  )
  const lines = y.ticks.map(
    (tick) =>
      `<line class="grid" x1="${inner.left}" y1="${yOf(tick)}" x2="${right}" y2="${yOf(tick)}"/>` +
      `<text class="soft" x="${inner.left - 8}" y="${yOf(tick) + 5}" text-anchor="end">${short(tick)}</text>`,
  )
  const drawn = series.map(({ points }, index) => {
    const path = points.map(([x, y]) => `${xOf(x)},${yOf(y)}`).join(' ')
    const dots = points.map(([x, y]) => dotAt(index, xOf(x), yOf(y))).join('')
    return `<g class="s${index}"><polyline class="line" points="${path}"/>${dots}</g>`
  })
  const legend = series.map(({ name }, index) => {
    const middle = legendTop + index * legendLine - 5
    return `<g class="s${index}"><line class="line" x1="16" y1="${middle}" x2="52" y2="${middle}"/>${dotAt(index, 34, middle)}</g><text x="62" y="${middle + 5}">${escapeXml(name)}</text>`
  })

  const height = bottom + 52
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${escapeXml(title)}">
<style>${style}
</style>
<rect class="paper" width="${width}" height="${height}"/>
<text x="16" y="${titleTop}" font-size="16" font-weight="600">${escapeXml(title)}</text>
<text class="soft" x="16" y="${top - 12}">${escapeXml(yLabel)}</text>
<text class="soft" x="16" y="${bottom + 42}">both axes logarithmic</text>
<text class="soft" x="${right}" y="${bottom + 42}" text-anchor="end">${escapeXml(xLabel)}</text>
${[...legend, ...columns, ...lines, ...drawn].join('\n')}
</svg>
`
}

/** A line of points, from left to right. */
export interface Series {
  name: string
  points: [x: number, y: number][]
}

/** Both axes are logarithmic: what grows in proportion is a straight line that rises as steeply as the grid's diagonal. */
interface Plot {
  title: string
  xLabel: string
  yLabel: string
  series: Series[]
}

const size = { width: 760, height: 440 }
/** Around the drawing, for title, labels and the names of the lines. */
const margin = { top: 56, right: 200, bottom: 56, left: 76 }
const inner = {
  width: size.width - margin.left - margin.right,
  height: size.height - margin.top - margin.bottom,
}

const style = `
  svg { color-scheme: light dark; font: 13px system-ui, sans-serif }
  .paper { fill: #ffffff } text { fill: #1b1f24 } .soft { fill: #57606a } .grid { stroke: #d8dee4 }
  .line { fill: none; stroke-width: 2 }
  .s0 { stroke: #0b62c4; --dot: #0b62c4 } .s1 { stroke: #b3400c; --dot: #b3400c } .s2 { stroke: #1a7431; --dot: #1a7431 }
  .s3 { stroke: #7a3fb5; --dot: #7a3fb5 }
  circle { fill: var(--dot) }
  @media (prefers-color-scheme: dark) {
    .paper { fill: #0d1117 } text { fill: #e6edf3 } .soft { fill: #9198a1 } .grid { stroke: #30363d }
    .s0 { stroke: #6cb0ff; --dot: #6cb0ff } .s1 { stroke: #ff9b6a; --dot: #ff9b6a } .s2 { stroke: #63d283; --dot: #63d283 }
    .s3 { stroke: #c89bff; --dot: #c89bff }
  }`

const escapeXml = (text: string): string =>
  text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`)

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

/** Whole powers of ten, with 2 and 5 between them where there are few. */
function scaleOf(values: readonly number[]): Scale {
  const from = Math.floor(Math.log10(Math.min(...values)))
  const to = Math.max(from + 1, Math.ceil(Math.log10(Math.max(...values)) - 1e-9))
  const steps = to - from > 3 ? [1] : [1, 2, 5]
  const decades = Array.from({ length: to - from }, (_, index) => 10 ** (from + index))
  return {
    at: (value) => (Math.log10(value) - from) / (to - from),
    ticks: [...decades.flatMap((decade) => steps.map((step) => step * decade)), 10 ** to],
  }
}

/** An SVG that follows the reader's light or dark mode. Values must be above 0. */
export function plot({ title, xLabel, yLabel, series }: Plot): string {
  const points = series.flatMap((one) => one.points)
  const [x, y] = [scaleOf(points.map(([x]) => x)), scaleOf(points.map(([, y]) => y))]
  const left = (value: number) => round(margin.left + x.at(value) * inner.width)
  const top = (value: number) => round(margin.top + (1 - y.at(value)) * inner.height)
  const [right, bottom] = [margin.left + inner.width, margin.top + inner.height]

  const columns = x.ticks.map(
    (tick) =>
      `<line class="grid" x1="${left(tick)}" y1="${margin.top}" x2="${left(tick)}" y2="${bottom}"/>` +
      `<text class="soft" x="${left(tick)}" y="${bottom + 18}" text-anchor="middle">${short(tick)}</text>`,
  )
  const lines = y.ticks.map(
    (tick) =>
      `<line class="grid" x1="${margin.left}" y1="${top(tick)}" x2="${right}" y2="${top(tick)}"/>` +
      `<text class="soft" x="${margin.left - 8}" y="${top(tick) + 4}" text-anchor="end">${short(tick)}</text>`,
  )
  const names = namePositions(series.map(({ points }) => top(points.at(-1)?.[1] ?? 1)))
  const drawn = series.map(({ name, points }, index) => {
    const path = points.map(([x, y]) => `${left(x)},${top(y)}`).join(' ')
    const dots = points.map(([x, y]) => `<circle cx="${left(x)}" cy="${top(y)}" r="3.5"/>`).join('')
    return `<g class="s${index}"><polyline class="line" points="${path}"/>${dots}</g><text x="${right + 10}" y="${(names[index] ?? 0) + 4}">${escapeXml(name)}</text>`
  })

  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${size.width} ${size.height}" width="${size.width}" height="${size.height}" role="img" aria-label="${escapeXml(title)}">
<style>${style}
</style>
<rect class="paper" width="${size.width}" height="${size.height}"/>
<text x="${margin.left}" y="28" font-size="16" font-weight="600">${escapeXml(title)}</text>
<text class="soft" x="${margin.left}" y="47">${escapeXml(yLabel)}</text>
<text class="soft" x="${right}" y="${bottom + 42}" text-anchor="end">${escapeXml(xLabel)}</text>
${[...columns, ...lines, ...drawn].join('\n')}
</svg>
`
}

const round = (value: number): number => Math.round(value * 10) / 10

/** Moves names apart that would stand on top of each other. */
function namePositions(wanted: readonly number[]): number[] {
  const lineHeight = 18
  const order = wanted
    .map((_, index) => index)
    .sort((one, other) => (wanted[one] ?? 0) - (wanted[other] ?? 0))
  const positions: number[] = []
  let last = Number.NEGATIVE_INFINITY
  for (const index of order) {
    last = Math.max(wanted[index] ?? 0, last + lineHeight)
    positions[index] = last
  }
  return positions
}

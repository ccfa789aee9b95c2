import type { LegKind, Receipt } from './receipt.ts'

/** How a leg went: `plain` where nobody took it, in the general picture. */
export type LegState = 'plain' | 'done' | 'failed' | 'not-reached'

const [you, browser, app, provider, sts, s3] = [0, 1, 2, 3, 4, 5]

/** The six parties, from left to right, in lines that fit a narrow column. */
const parties = [
  ['You'],
  ['Browser'],
  ['This app'],
  ['Identity', 'provider'],
  ['AWS', 'STS'],
  ['Amazon', 'S3'],
]

interface Message {
  /** Only where this is what comes back; default: always. */
  grant?: Receipt['grant']
  leg: LegKind
  from: number
  to: number
  label: string
  /** The one that carries the number of its leg. */
  isFirst?: true
  isAnswer?: true
}

/** From top to bottom. */
const messages: Message[] = [
  { leg: 'authorization', from: browser, to: app, label: 'Sign in', isFirst: true },
  { leg: 'authorization', from: app, to: browser, label: 'redirect', isAnswer: true },
  { leg: 'authorization', from: browser, to: provider, label: 'client id, redirect URI, state' },
  { leg: 'authorization', from: you, to: provider, label: 'password and consent, at the provider alone' },
  { leg: 'return', from: provider, to: browser, label: 'redirect', isAnswer: true },
  { leg: 'return', from: browser, to: app, label: 'code, state', isFirst: true, grant: 'code' },
  { leg: 'return', from: browser, to: app, label: 'token, state', isFirst: true, grant: 'implicit' },
  { leg: 'tokens', from: app, to: provider, label: 'code, client secret', isFirst: true, grant: 'code' },
  { leg: 'tokens', from: provider, to: app, label: 'tokens', isAnswer: true, grant: 'code' },
  { leg: 'identity', from: app, to: provider, label: 'whose token is it?', isFirst: true },
  { leg: 'identity', from: provider, to: app, label: 'subject, audience', isAnswer: true },
  { leg: 'access', from: app, to: sts, label: 'token, role, session policy', isFirst: true },
  { leg: 'access', from: sts, to: provider, label: 'genuine?', isAnswer: true },
  { leg: 'access', from: sts, to: app, label: 'temporary credentials', isAnswer: true },
  { leg: 'use', from: app, to: s3, label: 'ListBuckets, signed with them', isFirst: true },
  { leg: 'use', from: s3, to: app, label: 'buckets', isAnswer: true },
  { leg: 'use', from: app, to: browser, label: 'page, cookie', isAnswer: true },
]

/** Measures of the picture in its own units. */
interface Format {
  width: number
  rowHeight: number
  headHeight: number
  isLabelled: boolean
}

/** Beside text, and on a phone. */
const formats = {
  wide: { width: 900, rowHeight: 36, headHeight: 64, isLabelled: true },
  narrow: { width: 320, rowHeight: 30, headHeight: 46, isLabelled: false },
} as const satisfies Record<string, Format>

const headSize = 5

/** A leg that failed went as far as its first message; what comes before that one had come, what comes after never did. */
function stateIn(leg: LegState, message: Message): LegState {
  if (leg !== 'failed' || message.isFirst) return leg
  const first = messages.findIndex((one) => one.leg === message.leg && one.isFirst)
  return messages.indexOf(message) < first ? 'done' : 'not-reached'
}

const numbers: Record<LegKind, number> = {
  authorization: 1,
  return: 2,
  tokens: 3,
  identity: 4,
  access: 5,
  use: 6,
}

function drawMessage(message: Message, row: number, stateOf: (leg: LegKind) => LegState, format: Format) {
  const { leg, from, to, label, isFirst, isAnswer } = message
  const x = (party: number) => ((party + 0.5) * format.width) / parties.length
  const y = format.headHeight + (row + 0.75) * format.rowHeight
  const sign = Math.sign(to - from)
  const state = stateIn(stateOf(leg), message)
  const tip = x(to) - sign * 2
  return {
    state,
    isAnswer: isAnswer ?? false,
    line: `M${x(from)} ${y}H${tip - sign * headSize}`,
    head: `M${tip} ${y}l${-sign * headSize * 1.8} ${-headSize}v${headSize * 2}z`,
    label: format.isLabelled ? { text: label, x: (x(from) + x(to)) / 2, y: y - 7 } : undefined,
    number: isFirst ? { text: numbers[leg], x: x(from), y } : undefined,
    cross: state === 'failed' ? { x: tip - sign * 24, y } : undefined,
  }
}

/** The picture in one format: lifelines and arrows, all as numbers for a template to write down. */
function draw(format: Format, sent: readonly Message[], stateOf: (leg: LegKind) => LegState) {
  const { width, rowHeight, headHeight } = format
  const height = headHeight + (sent.length + 0.5) * rowHeight
  return {
    width,
    height,
    lifelines: parties.map((lines, index) => ({ lines, x: ((index + 0.5) * width) / parties.length, index })),
    headHeight,
    messages: sent.map((message, row) => drawMessage(message, row, stateOf, format)),
  }
}

/** The six parties and what passes between them, wide and narrow. */
export function flowPicture(stateOf: (leg: LegKind) => LegState, grant: Receipt['grant'] = 'code') {
  const sent = messages.filter((message) => (message.grant ?? grant) === grant)
  return { wide: draw(formats.wide, sent, stateOf), narrow: draw(formats.narrow, sent, stateOf) }
}

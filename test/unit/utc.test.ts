import { describe, expect, it } from 'vitest'
import { isoDay, utcDay, utcMinute, utcSecond } from '../../src/utc.ts'

const inWords = (options: Intl.DateTimeFormatOptions) =>
  new Intl.DateTimeFormat('en-GB', { ...options, timeZone: 'UTC' })

const moments = Array.from({ length: 12 }, (_, month) => new Date(Date.UTC(2026, month, 3, 4, 5, 6))).concat(
  new Date('1999-12-31T23:59:59.999Z'),
)

describe('moments in words', () => {
  it('are written as British English writes them', () => {
    const date = inWords({ dateStyle: 'medium' })
    const minute = inWords({ dateStyle: 'medium', timeStyle: 'short' })
    const second = inWords({ dateStyle: 'medium', timeStyle: 'medium' })
    expect(moments.map(utcDay)).toEqual(moments.map((at) => date.format(at)))
    expect(moments.map(utcMinute)).toEqual(moments.map((at) => minute.format(at)))
    expect(moments.map(utcSecond)).toEqual(moments.map((at) => second.format(at)))
  })

  it('are written for programs as ISO 8601 has it', () => {
    expect(moments.map(isoDay)).toEqual(moments.map((at) => at.toISOString().slice(0, 10)))
  })
})

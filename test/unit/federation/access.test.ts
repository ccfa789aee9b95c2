import { describe, expect, it } from 'vitest'
import { inWords } from '../../../src/federation/access.ts'

const second = 1000
const minute = 60 * second
const hour = 60 * minute

describe('inWords', () => {
  it.each([
    [-hour, 'less than a minute'],
    [0, 'less than a minute'],
    [59_999, 'less than a minute'],
    [minute, '1 minute'],
    [2 * minute - 1, '1 minute'],
    [2 * minute, '2 minutes'],
    [hour - 1, '59 minutes'],
    [hour, '1 hour'],
    [hour + minute, '1 hour 1 minute'],
    [hour + 5 * minute + 59 * second, '1 hour 5 minutes'],
    [2 * hour, '2 hours'],
    [12 * hour, '12 hours'],
    [12 * hour - 1, '11 hours 59 minutes'],
  ])('of %d ms is "%s", never more than there is', (milliseconds, words) => {
    expect(inWords(milliseconds)).toBe(words)
  })
})

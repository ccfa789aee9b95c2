import { describe, expect, it } from 'vitest'
import { type Place, placeAfter, placeBefore, placeParameters, readPlace } from '../../../src/s3/place.ts'

/** A place, written into an address and read again as Express reads it. */
function travel(place: Place): Place {
  const query: Record<string, unknown> = {}
  for (const [name, value] of placeParameters(place)) {
    query[name] = query[name] === undefined ? value : [query[name], value].flat()
  }
  return readPlace(query)
}

const start = readPlace({})

describe('a place in a listing', () => {
  it('is the first page where the address says nothing', () => {
    expect(start).toEqual({ token: '', first: 1, back: [] })
    expect(placeParameters(start)).toEqual([])
    expect(placeBefore(start)).toBeUndefined()
  })

  it('is the first page where the address has an empty token, whatever else it says', () => {
    expect(readPlace({ token: '', first: '77', back: '1:x' })).toEqual(start)
  })

  it('leads forward and back over addresses', () => {
    const second = travel(placeAfter(start, 200, 'T:2&x'))
    const third = travel(placeAfter(second, 150, 'T3'))
    expect(third).toMatchObject({ token: 'T3', first: 351 })
    expect(placeBefore(third)).toEqual(second)
    expect(travel(placeBefore(second) as Place)).toEqual(start)
  })

  it('always knows one page back, and forgets the oldest before the address gets long', () => {
    let place = start
    for (let page = 2; page < 100; page += 1)
      place = travel(placeAfter(place, 200, `${page}`.padEnd(90, 'x')))
    expect(place.back.at(-1)?.first).toBe(place.first - 200)
    expect(new URLSearchParams(placeParameters(place)).toString().length).toBeLessThan(450)
    const long = placeAfter(placeAfter(start, 1, 'x'.repeat(1024)), 1, 'y'.repeat(1024))
    expect(travel(long).back).toHaveLength(1)
  })

  it.each([
    { token: 'x', back: 'x' },
    { token: 'x', back: '0:x' },
    { token: 'x', back: ['1:', '1'] },
    { token: 'x', back: `1:${'x'.repeat(1025)}` },
    { token: ['x', 'y'] },
    { token: 'x', first: '1e3' },
  ])('is refused as %j', (query) => {
    expect(() => readPlace(query)).toThrow('s3.request_invalid')
  })
})

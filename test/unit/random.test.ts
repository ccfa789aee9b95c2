import { describe, expect, it } from 'vitest'
import { randomBytes, randomText } from '../../src/random.ts'

describe('random texts', () => {
  it('are 256 bits as base64url, and never the same, over many draws', () => {
    const texts = Array.from({ length: 2_000 }, randomText)
    expect(texts.filter((text) => !/^[\w-]{43}$/.test(text))).toEqual([])
    expect(new Set(texts).size).toBe(texts.length)
  })
})

describe('random bytes', () => {
  it('come as many as asked for, all of them new, wherever a draw ends', () => {
    const nonces = Array.from({ length: 3_000 }, () => randomBytes(12))
    expect(new Set(nonces.map(({ length }) => length))).toEqual(new Set([12]))
    expect(new Set(nonces.map((nonce) => nonce.toString('hex'))).size).toBe(nonces.length)
  })

  it('stay what they are while others are drawn', () => {
    const first = randomBytes(16)
    const before = first.toString('hex')
    for (let draws = 0; draws < 1_000; draws += 1) randomBytes(32)
    expect(first.toString('hex')).toBe(before)
  })
})

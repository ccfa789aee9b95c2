import express from 'express'
import { describe, expect, it } from 'vitest'
import { trustProxies } from '../../../src/web/trusted-proxies.ts'

function trusting(proxies: string[] | number | false): (address: string, hop: number) => boolean {
  const app = express()
  trustProxies(app, proxies)
  return app.get('trust proxy fn')
}

describe('trustProxies', () => {
  it('answers the same for an address however often and among however many others it is asked', () => {
    const isTrusted = trusting(['10.0.0.0/8', '2001:db8::/32'])
    for (let round = 0; round < 3; round += 1) {
      for (let index = 0; index < 1_500; index += 1) {
        const tail = `${index >> 8}.${index & 255}`
        expect(isTrusted(`10.9.${tail}`, 0), tail).toBe(true)
        expect(isTrusted(`::ffff:10.9.${tail}`, 1), tail).toBe(true)
        expect(isTrusted(`11.9.${tail}`, 0), tail).toBe(false)
      }
    }
    expect(isTrusted('2001:db8::7', 0)).toBe(true)
    expect(isTrusted('2001:db9::7', 0)).toBe(false)
  })

  it('counts hops where a number is given, whatever the address', () => {
    const isTrusted = trusting(1)
    expect([isTrusted('192.0.2.1', 0), isTrusted('192.0.2.1', 1), isTrusted('192.0.2.1', 0)]).toEqual([
      true,
      false,
      true,
    ])
  })

  it('trusts nobody where it is told so', () => {
    expect(trusting(false)('127.0.0.1', 0)).toBe(false)
  })
})

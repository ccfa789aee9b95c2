import { createDecipheriv, hkdfSync } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Sealer } from '../../../src/session/sealing.ts'
import { anyText } from '../any-text.ts'

const newest = 'newest-secret-0123456789'
const older = 'older-secret-0123456789'
const sealer = new Sealer([newest])

describe('Sealer', () => {
  it('opens what it sealed, for the same purpose and context', () => {
    const text = anyText()
    fc.assert(
      fc.property(text, text, text, (purpose, context, message) => {
        expect(sealer.open(purpose, context, sealer.seal(purpose, context, message))).toBe(message)
      }),
    )
  })

  it('opens nothing for another purpose, in another context or under another secret', () => {
    const sealed = sealer.seal('attempt', 'state-1', 'a text')
    expect(sealer.open('attempt', 'state-1', sealed)).toBe('a text')
    expect(sealer.open('session', 'state-1', sealed)).toBeUndefined()
    expect(sealer.open('attempt', 'state-2', sealed)).toBeUndefined()
    expect(sealer.open('attempt', '', sealed)).toBeUndefined()
    expect(new Sealer([older]).open('attempt', 'state-1', sealed)).toBeUndefined()
    expect(new Sealer([]).open('attempt', 'state-1', sealed)).toBeUndefined()
  })

  it('keeps one key for each purpose in mind, and mistakes none for another', () => {
    const contexts = ['1', '2', '1', '1', '3', '2']
    const sealed = contexts.map((context) => [
      sealer.seal('attempt', context, `attempt ${context}`),
      sealer.seal('session', context, `session ${context}`),
    ])
    const opened = contexts.map((context, index) => {
      const [attempt = '', session = ''] = sealed[index] ?? []
      return [
        new Sealer([newest]).open('attempt', context, attempt),
        sealer.open('session', context, session),
      ]
    })
    expect(opened).toEqual(contexts.map((context) => [`attempt ${context}`, `session ${context}`]))
  })

  it('seals under the key that HKDF makes of secret, purpose and context', () => {
    const bytes = Buffer.from(sealer.seal('attempt', 'state-1', 'a text'), 'base64url')
    const key = Buffer.from(hkdfSync('sha256', newest, '', 'attempt:state-1', 32))
    const decryption = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, 12))
    decryption.setAuthTag(bytes.subarray(12, 28))
    const text = Buffer.concat([decryption.update(bytes.subarray(28)), decryption.final()])
    expect(text.toString()).toBe('a text')
  })

  it('opens nothing of which any single bit was changed', () => {
    const bytes = Buffer.from(sealer.seal('session', 'id', 'a text of some length'), 'base64url')
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const changed = Buffer.from(bytes)
      changed.writeUInt8(changed.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3)
      expect(sealer.open('session', 'id', changed.toString('base64url')), `bit ${bit}`).toBeUndefined()
    }
  })

  it.each(['a text', ''])('opens nothing that was cut short or made longer: %j', (text) => {
    const sealed = sealer.seal('session', 'id', text)
    const bytes = Buffer.from(sealed, 'base64url')
    for (let length = 0; length < bytes.length; length++) {
      const cut = bytes.subarray(0, length).toString('base64url')
      expect(sealer.open('session', 'id', cut), `${length} bytes`).toBeUndefined()
    }
    const longer = Buffer.concat([bytes, Buffer.from([0])]).toString('base64url')
    expect(sealer.open('session', 'id', longer)).toBeUndefined()
  })

  it('opens nothing that it did not seal, and never throws', () => {
    fc.assert(
      fc.property(fc.oneof(anyText(), fc.base64String()), fc.string(), (text, context) => {
        expect(sealer.open('session', context, text)).toBeUndefined()
      }),
    )
    expect(sealer.open('session', 'x'.repeat(100_000), sealer.seal('session', 'x', 'a'))).toBeUndefined()
  })

  it('seals the same text differently each time, and as plain characters of a cookie', () => {
    const [one, other] = [sealer.seal('session', 'id', 'a text'), sealer.seal('session', 'id', 'a text')]
    expect(one).not.toBe(other)
    expect(one).toMatch(/^[\w-]+$/)
    expect(Buffer.from(one, 'base64url').toString('latin1')).not.toContain('a text')
  })
})

describe('Sealer with rotated secrets', () => {
  it('opens what any of them sealed, and seals under the newest', () => {
    const both = new Sealer([newest, older])
    expect(both.open('session', 'id', new Sealer([older]).seal('session', 'id', 'old'))).toBe('old')
    expect(both.open('session', 'id', sealer.seal('session', 'id', 'new'))).toBe('new')
    const sealed = both.seal('session', 'id', 'a text')
    expect(sealer.open('session', 'id', sealed)).toBe('a text')
    expect(new Sealer([older]).open('session', 'id', sealed)).toBeUndefined()
  })

  it('opens nothing any more that a withdrawn secret sealed', () => {
    const sealed = new Sealer([older]).seal('session', 'id', 'a text')
    expect(new Sealer([newest]).open('session', 'id', sealed)).toBeUndefined()
  })
})

import { crc32, deflateSync, inflateSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { smallPng } from './small-png.ts'

const signature = '\x89PNG\r\n\x1a\n'

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type), data])
  const [length, check] = [Buffer.alloc(4), Buffer.alloc(4)]
  length.writeUInt32BE(data.length)
  check.writeUInt32BE(crc32(body))
  return Buffer.concat([length, body, check])
}

const red = [255, 0, 0]
const teal = [10, 99, 80]
const white = [255, 255, 255]
const row = [red, teal, white].flat()

/** The same row five times, each under another filter. (PNG, section 9.2) */
const filteredRows = [
  [0, ...row],
  [1, ...row.map((byte, at) => (byte - (row[at - 3] ?? 0)) & 255)],
  [2, ...row.map(() => 0)],
  [3, ...row.map((byte, at) => (byte - (((row[at - 3] ?? 0) + byte) >> 1)) & 255)],
  [4, ...row.map(() => 0)],
]

const size = Buffer.alloc(8)
size.writeUInt32BE(3)
size.writeUInt32BE(filteredRows.length, 4)
const screenshot = Buffer.concat([
  Buffer.from(signature, 'latin1'),
  chunk('IHDR', Buffer.concat([size, Buffer.from([8, 2, 0, 0, 0])])),
  chunk('IDAT', deflateSync(Buffer.from(filteredRows.flat()))),
  chunk('IEND', Buffer.alloc(0)),
])

/** Chunks by type. */
function read(png: Buffer): Record<string, Buffer> {
  const chunks: Record<string, Buffer> = {}
  for (let at = 8; at < png.length; at += 12 + png.readUInt32BE(at)) {
    const [type, data] = [
      png.toString('latin1', at + 4, at + 8),
      png.subarray(at + 8, at + 8 + png.readUInt32BE(at)),
    ]
    expect(png.readUInt32BE(at + 8 + data.length)).toBe(crc32(png.subarray(at + 4, at + 8 + data.length)))
    chunks[type] = data
  }
  return chunks
}

describe('smallPng', () => {
  it('keeps every pixel of a picture of few colours, whatever its rows are filtered by', () => {
    const small = smallPng(screenshot)
    expect(small.toString('latin1', 0, 8)).toBe(signature)
    const { IHDR, PLTE = Buffer.alloc(0), IDAT = Buffer.alloc(0) } = read(small)
    expect(IHDR).toEqual(Buffer.concat([size, Buffer.from([4, 3, 0, 0, 0])]))
    const colours = Array.from({ length: PLTE.length / 3 }, (_, index) => [
      ...PLTE.subarray(index * 3, index * 3 + 3),
    ])
    const bytes = [...inflateSync(IDAT)]
    const rows = filteredRows.map((_, y) => bytes.slice(y * 3, y * 3 + 3))
    const pixels = rows.map(([filter, pair = 0, last = 0]) => {
      expect(filter).toBe(0)
      return [pair >> 4, pair & 15, last >> 4].map((index) => colours[index])
    })
    expect(pixels).toEqual(filteredRows.map(() => [red, teal, white]))
  })

  it('takes no other kind of picture', () => {
    expect(() => smallPng(smallPng(screenshot))).toThrow('not a PNG of 8-bit RGB')
  })
})

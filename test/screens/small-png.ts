import { crc32, deflateSync, inflateSync } from 'node:zlib'

/** A colour as one number, 0xRRGGBB. */
type Colour = number

interface Picture {
  width: number
  height: number
  /** Row by row. */
  pixels: Colour[]
}

const signature = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1')

/** Two pixels then fit into a byte, and a picture of a page into some 20 kB. */
const mostColours = 16

/**
 * Writes a screenshot again with a palette of a few colours, in a fraction of its size.
 * @param png with 8 bits each of red, green and blue: Chromium's
 * @see Portable Network Graphics (PNG) Specification (W3C), sections 7.2, 9 and 11
 */
export function smallPng(png: Buffer): Buffer {
  const { width, height, pixels } = read(png)
  const palette = choosePalette(pixels)
  const header = Buffer.alloc(13)
  header.writeUInt32BE(width, 0)
  header.writeUInt32BE(height, 4)
  header.set([4, 3], 8)
  return Buffer.concat([
    signature,
    chunk('IHDR', header),
    chunk('PLTE', Buffer.from(palette.flatMap(channels))),
    chunk('IDAT', deflateSync(rows({ width, height, pixels }, palette), { level: 9 })),
    chunk('IEND', Buffer.alloc(0)),
  ])
}

const channels = (colour: Colour): [number, number, number] => [
  colour >> 16,
  (colour >> 8) & 255,
  colour & 255,
]

/** Square of the distance between two colours. */
function distance(one: Colour, other: Colour): number {
  const [red, green, blue] = channels(one)
  const [otherRed, otherGreen, otherBlue] = channels(other)
  return (red - otherRed) ** 2 + (green - otherGreen) ** 2 + (blue - otherBlue) ** 2
}

/** One after the other, the colour that those chosen so far serve worst. */
function choosePalette(pixels: Colour[]): Colour[] {
  const counts = new Map<Colour, number>()
  for (const colour of pixels) counts.set(colour, (counts.get(colour) ?? 0) + 1)
  const left = [...counts].map(([colour, count]) => ({ colour, count, off: 1 }))
  const palette: Colour[] = []
  while (palette.length < mostColours) {
    const worst = left.reduce((one, other) => (other.count * other.off > one.count * one.off ? other : one))
    if (worst.off === 0) break
    palette.push(worst.colour)
    for (const one of left) {
      const off = distance(one.colour, worst.colour)
      if (palette.length === 1 || off < one.off) one.off = off
    }
  }
  return palette
}

/** The picture in four bits a pixel, each row after a byte that says that it is not filtered. */
function rows({ width, height, pixels }: Picture, palette: Colour[]): Buffer {
  const nearest = new Map<Colour, number>()
  const indexOf = (colour: Colour): number => {
    const known = nearest.get(colour)
    if (known !== undefined) return known
    const distances = palette.map((one) => distance(one, colour))
    const index = distances.indexOf(Math.min(...distances))
    nearest.set(colour, index)
    return index
  }
  const rowBytes = 1 + Math.ceil(width / 2)
  const bytes = Buffer.alloc(height * rowBytes)
  pixels.forEach((colour, at) => {
    const x = at % width
    const byte = Math.floor(at / width) * rowBytes + 1 + (x >> 1)
    bytes[byte] = (bytes[byte] ?? 0) | (indexOf(colour) << (x % 2 === 0 ? 4 : 0))
  })
  return bytes
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data])
  const [length, check] = [Buffer.alloc(4), Buffer.alloc(4)]
  length.writeUInt32BE(data.length)
  check.writeUInt32BE(crc32(body))
  return Buffer.concat([length, body, check])
}

function read(png: Buffer): Picture {
  const [width, height] = [png.readUInt32BE(16), png.readUInt32BE(20)]
  if (png.readUInt32BE(24) !== 0x08020000) throw new Error('not a PNG of 8-bit RGB')
  const packed: Buffer[] = []
  for (let at = 8; at < png.length; at += 12 + png.readUInt32BE(at)) {
    if (png.toString('latin1', at + 4, at + 8) === 'IDAT')
      packed.push(png.subarray(at + 8, at + 8 + png.readUInt32BE(at)))
  }
  const bytes = unfiltered(inflateSync(Buffer.concat(packed)), width * 3, height)
  const pixels = Array.from({ length: width * height }, (_, index) => bytes.readUIntBE(index * 3, 3))
  return { width, height, pixels }
}

/** Undoes what each row was filtered by, as its first byte says. */
function unfiltered(filtered: Buffer, rowBytes: number, height: number): Buffer {
  const bytes = Buffer.alloc(rowBytes * height)
  for (let y = 0; y < height; y += 1) {
    const filter = filtered[y * (rowBytes + 1)]
    for (let x = 0; x < rowBytes; x += 1) {
      const at = y * rowBytes + x
      const left = x < 3 ? 0 : (bytes[at - 3] ?? 0)
      const above = bytes[at - rowBytes] ?? 0
      const corner = x < 3 ? 0 : (bytes[at - rowBytes - 3] ?? 0)
      bytes[at] = (filtered[at + y + 1] ?? 0) + prediction(filter, left, above, corner)
    }
  }
  return bytes
}

function prediction(filter = 0, left: number, above: number, corner: number): number {
  if (filter < 4) return [0, left, above, (left + above) >> 1][filter] ?? 0
  const guess = left + above - corner
  const off = [left, above, corner].map((one) => Math.abs(guess - one))
  return [left, above, corner][off.indexOf(Math.min(...off))] ?? 0
}

import { crc32 } from 'node:zlib'

interface ZippedFile {
  name: string
  content: Buffer
  /** Unix file mode. */
  mode: number
  /** Local time, as the format has it. */
  modified: string
}

/**
 * Reads the central directory and the files of a zip that stores without compressing.
 * @see "4.3 General Format of a .ZIP file", APPNOTE.TXT, PKWARE
 */
export function readZip(zip: Buffer): ZippedFile[] {
  const end = zip.lastIndexOf('PK\x05\x06', undefined, 'latin1')
  const files: ZippedFile[] = []
  let at = zip.readUInt32LE(end + 16)
  for (let rest = zip.readUInt16LE(end + 10); rest > 0; rest--) {
    if (zip.readUInt32LE(at) !== 0x02014b50 || zip.readUInt16LE(at + 10) !== 0) {
      throw new Error('not a directory entry of a stored file')
    }
    const [nameLength, extraLength, commentLength] = [28, 30, 32].map((field) => zip.readUInt16LE(at + field))
    const name = zip.toString('utf8', at + 46, at + 46 + (nameLength ?? 0))
    const local = zip.readUInt32LE(at + 42)
    const start = local + 30 + zip.readUInt16LE(local + 26) + zip.readUInt16LE(local + 28)
    const content = zip.subarray(start, start + zip.readUInt32LE(at + 20))
    if (crc32(content) !== zip.readUInt32LE(at + 16)) throw new Error(`${name} is damaged`)
    files.push({
      name,
      content,
      mode: zip.readUInt32LE(at + 38) >>> 16,
      modified: dosTime(zip.readUInt16LE(at + 14), zip.readUInt16LE(at + 12)),
    })
    at += 46 + (nameLength ?? 0) + (extraLength ?? 0) + (commentLength ?? 0)
  }
  return files
}

function dosTime(date: number, time: number): string {
  const two = (value: number) => String(value).padStart(2, '0')
  const day = [1980 + (date >> 9), two((date >> 5) & 15), two(date & 31)].join('-')
  return `${day} ${[time >> 11, (time >> 5) & 63, (time & 31) * 2].map(two).join(':')}`
}

import { describe, expect, it } from 'vitest'
import { exactSize, fileSize } from '../../../src/s3/file-size.ts'
import { secondsGood } from '../../../src/s3/open-object.ts'

describe('fileSize', () => {
  it.each([
    [0, '0 bytes'],
    [1, '1 byte'],
    [1023, '1,023 bytes'],
    [1024, '1.0 KiB'],
    [1536, '1.5 KiB'],
    [10_240, '10 KiB'],
    [1_048_575, '1.0 MiB'],
    [5 * 1024 ** 4, '5.0 TiB'],
  ])('of %d is %s', (bytes, shown) => {
    expect(fileSize(bytes)).toBe(shown)
  })

  it('is given to the byte, too', () => {
    expect(exactSize(2_500_000)).toBe('2,500,000 bytes')
  })
})

describe('an address for a download', () => {
  it.each([
    ['a minute', 3_600_000, 60],
    ['the rest of the credentials’ life', 12_999, 12],
    ['a second, the least that can be signed', 10, 1],
  ])('is good for %s', (_title, left, seconds) => {
    expect(secondsGood(1_000_000 + left, 1_000_000)).toBe(seconds)
  })
})

const units = ['KiB', 'MiB', 'GiB', 'TiB', 'PiB']

const wholeBytes = new Intl.NumberFormat('en-GB')

/** Bytes with thousands separated: `1,536 bytes`. */
export const exactSize = (bytes: number): string =>
  `${wholeBytes.format(bytes)} ${bytes === 1 ? 'byte' : 'bytes'}`

/** A size at a glance, in powers of 1,024 and with at most three digits of meaning: `1.5 KiB`. */
export function fileSize(bytes: number): string {
  if (bytes < 1024) return exactSize(bytes)
  let value = bytes
  let unit = ''
  for (const next of units) {
    if (value < 1023.5) break
    value /= 1024
    unit = next
  }
  return `${value < 9.95 ? value.toFixed(1) : Math.round(value)} ${unit}`
}

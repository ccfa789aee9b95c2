import fc from 'fast-check'

const characters = [
  { min: 0x20, max: 0x7e },
  { min: 0, max: 0xd7ff },
  { min: 0xe000, max: 0x10ffff },
]

/** Texts of printable ASCII, control characters and every script. (`unit: 'binary'` takes a second to prepare.) */
export const anyText = (maxLength = 40): fc.Arbitrary<string> =>
  fc.string({
    unit: fc.oneof(...characters.map((range) => fc.integer(range))).map((code) => String.fromCodePoint(code)),
    maxLength,
  })

import { describe, expect, it } from 'vitest'
import { visible } from '../../src/visible.ts'

describe('visible', () => {
  it.each([
    ['plain name.txt', 'plain name.txt'],
    ['', ''],
    ['a  b ', 'a  b '],
    ['naïve 数 заметки עברית عربي', 'naïve 数 заметки עברית عربي'],
    ['🙂 👩‍💻 👍🏽 ❤️', '🙂 👩‍💻 👍🏽 ❤️'],
    ['photo\u202Egpj.exe', 'photo[U+202E]gpj.exe'],
    ['a\u0000b\u001b[31m\u007f\n', 'a[U+0000]b[U+001B][31m[U+007F][U+000A]'],
    ['pay\u200Bpal', 'pay[U+200B]pal'],
    ['pay\u200Dpal', 'pay[U+200D]pal'],
    ['\uFEFFname\u2066x\u2069', '[U+FEFF]name[U+2066]x[U+2069]'],
    ['no\u00A0break\u3000wide', 'no[U+00A0]break[U+3000]wide'],
    ['line\u2028paragraph\u2029', 'line[U+2028]paragraph[U+2029]'],
    ['tag\u{E0041}', 'tag[U+E0041]'],
    ['filler\u3164\u115F', 'filler[U+3164][U+115F]'],
    ['private\uE000', 'private[U+E000]'],
    ['half\uD800', 'half[U+D800]'],
  ])('writes %j as %j', (name, shown) => {
    expect(visible(name)).toBe(shown)
  })
})

/** What a page does not show, or by which it shows the rest in another order: escaped already, and misleading still. */
const unseen = /[\p{C}\p{Z}\p{Default_Ignorable_Code_Point}]/gu

/** What most names are made of, and nothing unseen among it. */
const plain = /^[\x20-\x7e]*$/

/** Joins two pictures into one, or chooses the coloured form: at home in names. */
const partOfPicture =
  /(?<=\p{Extended_Pictographic}(?:\p{Emoji_Modifier}|\uFE0F)*)(\u200D(?=\p{Extended_Pictographic})|\uFE0F)/gu

const codePoint = (character: string): string =>
  `[U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}]`

/**
 * Writes out every character of a foreign name that nobody could see: control and zero-width characters, changes of
 * direction, spaces other than U+0020. Two names that differ then look different.
 * @see Unicode Technical Report 36, section 2.1; CVE-2023-33955
 */
export function visible(name: string): string {
  if (plain.test(name)) return name
  const pictures = new Set(Array.from(name.matchAll(partOfPicture), ({ index }) => index))
  return name.replace(unseen, (character, index: number) =>
    character === ' ' || pictures.has(index) ? character : codePoint(character),
  )
}

/** What must never be seen, by what it is. */
export const canaries: { what: string; value: string }[] = []
/** Remembers secrets, but for those so short that they would be found by chance. */
export const plant = (what: string, ...values: (string | null | undefined)[]) => {
  for (const value of values) if (value && value.length >= 8) canaries.push({ what, value })
}

/** Every way in which a text may have been written down. */
const spellings = (value: string): string[] => [
  ...new Set([
    value,
    encodeURIComponent(value),
    encodeURI(value),
    Buffer.from(value).toString('base64').replace(/=+$/, ''),
  ]),
]

/** What kinds of secrets a text gives away. */
export const found = (text: string) =>
  canaries.flatMap(({ what, value }) => (spellings(value).some((one) => text.includes(one)) ? [what] : []))

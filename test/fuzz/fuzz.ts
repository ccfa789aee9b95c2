import fc from 'fast-check'

/** Inputs per target; the nightly run takes more (`npm run fuzz`). */
const runs = Number(process.env.FUZZ_RUNS ?? 60)
/** `FUZZ_SEED` repeats a run. */
const seed = Number(process.env.FUZZ_SEED ?? Math.floor(Math.random() * 2 ** 31))

/**
 * Tries `property` with inputs that differ from run to run, and prints how many, and the seed that brings them back.
 * `known` are inputs that once did harm, or would: they are tried every time.
 */
export async function fuzz<T>(
  target: string,
  property: fc.IAsyncProperty<T>,
  known: T[] = [],
): Promise<void> {
  const details = await fc.check(property, { numRuns: runs, seed, verbose: 1, examples: known })
  console.info(`fuzz: ${target}: ${details.numRuns} inputs, FUZZ_SEED=${seed}`)
  if (details.failed) throw new Error(fc.defaultReportMessage(details), { cause: details.errorInstance })
}

/** A text with pieces of it left out, doubled, swapped or replaced by what parsers stumble over. */
export const mutated = (text: string): fc.Arbitrary<string> => {
  const at = fc.nat(text.length)
  const intruder = fc.oneof(
    fc.constantFrom(
      '\0',
      '\r\n',
      '\n',
      ' ',
      '%',
      '"',
      '<',
      '>',
      '&',
      '&#0;',
      '&lol;',
      ']]>',
      '<!--',
      '{',
      '}',
    ),
    fc.constantFrom('__proto__', 'null', '-1', '1e999', 'true', '[]', '\u202e', '\ud800', '\ufeff'),
    fc.string({ unit: 'binary', maxLength: 20 }),
  )
  const change = fc.oneof(
    fc.tuple(at, intruder).map(
      ([i, piece]) =>
        (from: string) =>
          from.slice(0, i) + piece + from.slice(i),
    ),
    fc.tuple(at, fc.nat(40)).map(
      ([i, n]) =>
        (from: string) =>
          from.slice(0, i) + from.slice(i + n),
    ),
    fc.tuple(at, fc.nat(40)).map(
      ([i, n]) =>
        (from: string) =>
          from.slice(0, i + n) + from.slice(i),
    ),
    at.map((i) => (from: string) => from.slice(0, i)),
  )
  return fc
    .array(change, { minLength: 1, maxLength: 5 })
    .map((all) => all.reduce((one, next) => next(one), text))
}

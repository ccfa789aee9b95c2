import { type Place, placeAfter, placeBefore, placeParameters } from './place.ts'

/** Links from one page of a listing to others; one that leads nowhere is `undefined`. */
export interface Pager {
  firstHref: string | undefined
  previousHref: string | undefined
  nextHref: string | undefined
}

type Parameters = [name: string, value: string][]

/** Links around `place`, which shows `count` entries. `href` writes the address of another place. */
export function pagerFor(
  place: Place,
  { count, nextToken }: { count: number; nextToken: string | undefined },
  href: (parameters: Parameters) => string,
): Pager {
  const before = placeBefore(place)
  return {
    firstHref: place.first > 1 ? href([]) : undefined,
    previousHref: before && href(placeParameters(before)),
    nextHref:
      nextToken === undefined ? undefined : href(placeParameters(placeAfter(place, count, nextToken))),
  }
}

/** `1 bucket`, `17 buckets`, `Buckets 201 to 400`. @param noun singular, in lower case */
export function countOf(
  noun: string,
  { first }: Place,
  count: number,
  nextToken: string | undefined,
): string {
  const capital = `${noun[0]?.toUpperCase()}${noun.slice(1)}s`
  if (first === 1 && nextToken === undefined) return `${count} ${noun}${count === 1 ? '' : 's'}`
  return count === 0 ? `No more ${noun}s` : `${capital} ${first} to ${first + count - 1}`
}

import { AppError } from '../errors.ts'

/** A page of a listing: where it begins. */
interface Beginning {
  /** S3's continuation token; `''` for the first page. */
  token: string
  /** Number of its first entry, from 1. */
  first: number
}

/** Where somebody is in a listing that S3 can only continue, and the way back. */
export interface Place extends Beginning {
  /** The pages before this one, nearest last, as far back as a short address can hold. */
  back: Beginning[]
}

/** Characters of an address that the way back may take: what is much longer does not survive a sign-in. */
const longestWayBack = 250
const longestToken = 1024

const invalid = () => new AppError('s3.request_invalid')

const readToken = (token: unknown): string => {
  if (typeof token !== 'string' || token.length > longestToken) throw invalid()
  return token
}

const readFirst = (first: unknown): number => {
  if (typeof first !== 'string' || !/^[1-9]\d{0,6}$/.test(first)) throw invalid()
  return Number(first)
}

function readBeginning(text: unknown): Beginning {
  const [, first, token] = /^(\d+):(.*)$/s.exec(typeof text === 'string' ? text : '') ?? []
  return { first: readFirst(first), token: readToken(token) }
}

const write = ({ first, token }: Beginning): string => `${first}:${token}`

/** Reads the place from the query of an address. @throws AppError `s3.request_invalid` */
export function readPlace({ token, first = '1', back = [] }: Record<string, unknown>): Place {
  if (!token) return { token: '', first: 1, back: [] }
  return { token: readToken(token), first: readFirst(first), back: [back].flat().map(readBeginning) }
}

/** The place as parameters of an address; none for the first page. */
export const placeParameters = ({ token, first, back }: Place): [name: string, value: string][] =>
  token === ''
    ? []
    : [
        ['token', token],
        ['first', String(first)],
        ...back.map((one) => ['back', write(one)] as [string, string]),
      ]

/** The page after one with `count` entries. */
export function placeAfter({ token, first, back }: Place, count: number, nextToken: string): Place {
  const way = [...back, { token, first }]
  while (way.length > 1 && way.map(write).join('&back=').length > longestWayBack) way.shift()
  return { token: nextToken, first: first + count, back: way }
}

/** The page before; `undefined` where this is the first, or the way back is not known. */
export function placeBefore({ back }: Place): Place | undefined {
  const last = back.at(-1)
  return last && { ...last, back: back.slice(0, -1) }
}

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { homePath, returnPath } from '../../../src/login/return-path.ts'
import { anyText } from '../any-text.ts'

const origin = 'https://app.example.org'

/** What a browser makes of a Location header with this path. */
const opened = (path: string): URL => new URL(path, `${origin}/oauth2callback/amazon`)

/** Whether neither a header nor a browser can read more in it than a path of ours. */
const isOurs = (path: string): boolean => {
  if (path === '/flow') return true
  const url = opened(path)
  return (
    url.origin === origin && url.pathname.startsWith('/s3/') && /^\/s3\/[\x21-\x5b\x5d-\x7e]*$/.test(path)
  )
}

const hostilePart = fc.constantFrom(
  '/s3/',
  '/s3',
  '/',
  '//',
  '\\',
  '..',
  '.',
  '%2e%2e',
  '%2F',
  '%5c',
  '%00',
  '%0d%0a',
  '\t',
  '\n',
  '\r',
  ' ',
  '\u0000',
  '\u3002',
  '\uff0f',
  '\u202e',
  '@',
  ':',
  '?',
  '#',
  ';',
  'https:',
  'javascript:',
  'evil.example',
  'app.example.org',
)
const hostilePath = fc.array(hostilePart, { maxLength: 12 }).map((parts) => parts.join(''))

describe('returnPath', () => {
  it('always stays on a signed-in page of ours, whatever is wanted', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          anyText(),
          fc.domain().map((host) => `https://${host}/s3/`),
          hostilePath,
          hostilePath.map((path) => `/s3/${path}`),
        ),
        (wanted) => isOurs(returnPath(wanted)),
      ),
      { numRuns: 1000 },
    )
  })

  it('takes its own result as it is', () => {
    fc.assert(
      fc.property(
        hostilePath.map((path) => `/s3/${path}`),
        (wanted) => returnPath(returnPath(wanted)) === returnPath(wanted),
      ),
      { numRuns: 500 },
    )
  })

  it.each([
    '/flow',
    '/s3/',
    '/s3/reports/2026/',
    '/s3/?token=abc%3D&first=201',
    '/s3/bucket/key%20with%20blanks.txt',
    '/s3/bucket/a%2Fb',
    '/s3/bucket/%E6%9D%B1',
    '/s3//double',
    '/s3/?next=https://evil.example/',
    '/s3/@evil.example',
  ])('keeps %s', (path) => {
    expect(returnPath(path)).toBe(path)
  })

  it.each([
    ['/s3/a/../b', '/s3/b'],
    ['/s3/./b', '/s3/b'],
    ['/s3/b#fragment', '/s3/b'],
  ])('writes %s as %s', (wanted, path) => {
    expect(returnPath(wanted)).toBe(path)
  })

  it.each([
    'https://evil.example/s3/',
    'http:evil.example/s3/',
    'https:/s3/',
    '//evil.example/s3/',
    '///evil.example/s3/',
    '/\\evil.example/s3/',
    '\\/evil.example',
    '\\\\evil.example',
    '/\t/evil.example',
    '/%09/evil.example',
    '/\n/evil.example',
    '/%0a/evil.example',
    ' /s3/',
    '/ s3/',
    '\u0000/s3/',
    '@evil.example/s3/',
    ':443@evil.example',
    'javascript:alert(1)//s3/',
    'data:text/html,/s3/',
    's3/',
    's3/bucket',
    'http://base.invalid/s3/bucket',
    '/s3',
    '/s3.evil.example/',
    '/S3/',
    '/',
    '/logout',
    '/initiateLogin/amazon',
    '/oauth2callback/amazon?code=1',
    '/s3/../logout',
    '/s3/..//evil.example',
    '/s3/../../evil.example',
    '/s3/%2e%2e//evil.example',
    '/s3/%2E./%2e%2E/evil.example',
    '/s3/.%2e/.%2e//evil.example/',
    '/s3/\\..\\..\\evil.example',
    '/s3/\t/evil.example',
    '/s3/\r\nSet-Cookie: a=b',
    '/s3/\u202eevil',
    '/s3/東京',
    '/s3/ ',
    '/s3/\ud800',
    '',
  ])('goes home instead of to %j', (wanted) => {
    expect(returnPath(wanted)).toBe(homePath)
  })

  it('takes any key of plain letters whole', () => {
    const longest = `/s3/${'b'.repeat(63)}/?prefix=${'k'.repeat(1024)}`
    expect(returnPath(longest)).toBe(longest)
  })

  const folder = encodeURIComponent('п'.repeat(80))
  it.each([
    ['folders', `/s3/bucket/?prefix=${folder}%2F${folder}%2F${folder}%2F`],
    ['the beginning of names', `/s3/bucket/?prefix=${folder}%2F${folder}%2F${folder}`],
    ['a place in a list', `/s3/bucket/?prefix=${folder}%2F${folder}%2F&token=${'t'.repeat(1000)}&first=201`],
    ['a file', `/s3/bucket/download?key=${folder}%2F${folder}%2F${folder}`],
  ])('takes the nearest folder that fits, instead of %s too long', (_what, wanted) => {
    expect(returnPath(wanted)).toBe(`/s3/bucket/?prefix=${folder}%2F${folder}%2F`)
  })

  it.each([
    [`/s3/bucket/?prefix=${'k'.repeat(1200)}`, '/s3/bucket/'],
    [`/s3/bucket/?prefix=${'k'.repeat(1200)}%2F`, '/s3/bucket/'],
    [`/s3/?token=${'t'.repeat(1200)}`, '/s3/'],
    [`/s3/${'k'.repeat(1200)}`, '/s3/'],
    [`/s3/${'k'.repeat(1200)}/`, '/s3/'],
    // As the browser would write it, which takes three characters for one.
    [`/s3/${'<'.repeat(508)}`, '/s3/'],
  ])('takes the bucket or the list of buckets where no folder fits (%#)', (wanted, path) => {
    expect(returnPath(wanted)).toBe(path)
  })

  it.each([[undefined], [null], [7], [['/s3/a']], [{ toString: () => '/s3/a' }], [['/s3/a', '/s3/b']]])(
    'goes home where %j came instead of a text',
    (wanted) => {
      expect(returnPath(wanted)).toBe(homePath)
    },
  )
})

/** What came is no answer that any honest provider gives: far too much, an impossible status or coding, another shape. */
export class UnusableAnswer extends Error {
  override readonly name = 'UnusableAnswer'
}

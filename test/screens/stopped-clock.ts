import { OutgoingMessage } from 'node:http'

/** Stops the clock of this process: what pages say of times is then the same on every run. */
export function stopClock(at: string): void {
  const now = Date.parse(at)
  globalThis.Date = new Proxy(Date, {
    construct: (RealDate, given) => Reflect.construct(RealDate, given.length > 0 ? given : [now]),
    get: (RealDate, name) => (name === 'now' ? () => now : Reflect.get(RealDate, name)),
  })
  letCookiesLive()
}

/** By the browser's clock, which goes on, cookies of the stopped one are dead: takes their end away. */
function letCookiesLive(): void {
  const { setHeader } = OutgoingMessage.prototype
  OutgoingMessage.prototype.setHeader = function (name, value) {
    const isCookie = name.toLowerCase() === 'set-cookie'
    return setHeader.call(this, name, isCookie ? [value].flat().map(withoutEnd) : value)
  }
}

/** The year 1970 means that a cookie is to go. */
const withoutEnd = (cookie: unknown): string => String(cookie).replace(/; *expires=(?!.* 1970)[^;]*/i, '')

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sept', 'Oct', 'Nov', 'Dec']

const twoDigits = (number: number): string => (number < 10 ? `0${number}` : String(number))

/** A day in UTC: `3 Sept 2026`. Not by Intl, which takes ten times as long: a page has hundreds of them. */
export const utcDay = (at: Date): string =>
  `${at.getUTCDate()} ${months[at.getUTCMonth()]} ${at.getUTCFullYear()}`

/** The same for programs: `2026-09-03`. */
export const isoDay = (at: Date): string =>
  `${at.getUTCFullYear()}-${twoDigits(at.getUTCMonth() + 1)}-${twoDigits(at.getUTCDate())}`

/** A minute in UTC: `3 Sept 2026, 14:05`. */
export const utcMinute = (at: Date): string =>
  `${utcDay(at)}, ${twoDigits(at.getUTCHours())}:${twoDigits(at.getUTCMinutes())}`

/** A second in UTC: `3 Sept 2026, 14:05:09`. */
export const utcSecond = (at: Date): string => `${utcMinute(at)}:${twoDigits(at.getUTCSeconds())}`

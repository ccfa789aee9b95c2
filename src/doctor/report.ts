import type { Finding } from './finding.ts'
import type { Registration } from './registration.ts'

/** All that the doctor found. */
export interface Report {
  /** No line is FAIL. */
  healthy: boolean
  findings: Finding[]
  registrations: Registration[]
}

const line = ({ level, subject, finding, mend }: Finding): string =>
  `${level.padEnd(4)}  ${subject} ${finding}${mend ? `\n      -> ${mend}` : ''}`

const registration = (one: Registration): string =>
  [
    `Register with ${one.provider}:`,
    `  redirect URI       ${one.redirectUri}`,
    ...(one.javascriptOrigin === undefined ? [] : [`  JavaScript origin  ${one.javascriptOrigin}`]),
    `  privacy notice     ${one.privacyUrl}`,
    `Trust policy of ${one.roleArn}:`,
    JSON.stringify(JSON.parse(one.trustPolicy), null, 2).replace(/^/gm, '  '),
  ].join('\n')

/** The report for people, one line for each finding and one for its mend. */
export function reportText({ findings, registrations }: Report): string {
  const count = (level: Finding['level']) => findings.filter((one) => one.level === level).length
  return [
    findings.map(line).join('\n'),
    ...registrations.map(registration),
    `${count('OK')} OK, ${count('WARN')} WARN, ${count('FAIL')} FAIL`,
  ].join('\n\n')
}

import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { type Config, secretsOf } from '../config.ts'
import { redactor } from '../observe/redact.ts'
import { type Finding, fail } from './finding.ts'
import { examineOffline } from './offline.ts'
import { examineOnline } from './online.ts'
import { registrations } from './registration.ts'
import { type Report, reportText } from './report.ts'
import { situationOf } from './situation.ts'
import { lintTrustPolicy } from './trust-policy.ts'

/** `npm run doctor`: names every mistake that can be found without a person. Exits 1 where a line is FAIL. */

const usage = `npm run doctor -- [options]
  --offline             look at the environment only; ask nobody
  --url ORIGIN          where the application is to be asked, in place of PUBLIC_URL
  --json                the same report for programs
  --trust-policy FILE   look at a role's trust policy too; - reads it from the standard input
  --help
`

function readArguments() {
  try {
    const { values } = parseArgs({
      options: {
        offline: { type: 'boolean', default: false },
        url: { type: 'string' },
        json: { type: 'boolean', default: false },
        'trust-policy': { type: 'string' },
        help: { type: 'boolean', default: false },
      },
    })
    if (values.url !== undefined) values.url = new URL(values.url).origin
    return values
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n${usage}`)
    process.exit(2)
  }
}

function lintFile(path: string, config: Config): Finding[] {
  let text: string
  try {
    text = readFileSync(path === '-' ? 0 : path, 'utf8')
  } catch (error) {
    return [
      fail('--trust-policy', `cannot be read: ${(error as Error).message}`, 'Name a file with the JSON.'),
    ]
  }
  return lintTrustPolicy(text, config)
}

const options = readArguments()
if (options.help) {
  process.stdout.write(usage)
  process.exit(0)
}
const situation = situationOf(process.env)
const findings = examineOffline(situation)
if (!options.offline) findings.push(...(await examineOnline(situation, options.url)))
const policy = options['trust-policy']
if (policy !== undefined) findings.push(...lintFile(policy, situation.config))

const report: Report = {
  healthy: findings.every(({ level }) => level !== 'FAIL'),
  findings,
  registrations: registrations(situation),
}
const text = options.json ? JSON.stringify(report, null, 2) : reportText(report)
process.stdout.write(`${redactor(secretsOf(situation.config))(text)}\n`)
process.exitCode = report.healthy ? 0 : 1

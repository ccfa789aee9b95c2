import { type Finding, fail, ok, warn } from './finding.ts'
import type { Situation } from './situation.ts'

const mends = new Map([
  ['SESSION_SECRET', 'Draw one with `openssl rand -base64 32`, and give every instance the same.'],
  ['PUBLIC_URL', 'Set it to what people type, such as https://signin.example.com.'],
  ['SESSION_STORE', 'For several instances: dynamodb://TABLE, or rediss://HOST.'],
  ['AWS_REGION', 'Its code, as in the address bar of the AWS console: eu-west-1.'],
  ['S3_BUCKETS', 'Names only: no s3://, no ARN, no folder, a comma between two.'],
  // biome-ignore lint/suspicious/noTemplateCurlyInString: so it is written in the variable
  ['S3_HOME', 'As in s3://BUCKET/home/${provider}/${subject}/, in single quotes where a shell reads it.'],
  [
    'TRUST_PROXY',
    'On Elastic Beanstalk leave it away; else the number of proxies in front, or their addresses.',
  ],
])

function checkLogLevel({ config: { logLevel } }: Situation): Finding[] {
  if (['info', 'debug', 'trace'].includes(logLevel)) return []
  const missed =
    logLevel === 'silent'
      ? 'nobody learns of anything that fails, nor of who signed in'
      : 'nothing is on record of who signed in, and of what AWS granted or refused'
  return [warn('LOG_LEVEL', `is ${logLevel}: ${missed}`, 'Take it away: the default is info.')]
}

/** What the configuration itself has to say: what it refuses, and which providers are on, off, and why. */
export function checkConfiguration(situation: Situation): Finding[] {
  const { config, refused } = situation
  const { providers, providersOff, session } = config
  return [
    ...refused.map(({ variable, problem }) =>
      fail(variable, problem, mends.get(variable) ?? 'See the table of variables in README.md.'),
    ),
    ...providers.map(({ id }) => ok(id, 'is on')),
    ...providersOff.map(({ id, untouched, problems }) => {
      const off = `is off: ${problems.map(({ variable, problem }) => `${variable} ${problem}`).join('; ')}`
      return untouched ? ok(id, off) : fail(id, off, 'Set what is named: README.md, steps 2, 3 and 5.')
    }),
    ...(providers.length === 0
      ? [
          warn(
            'sign-in',
            'is possible for nobody: no provider is on',
            'Configure one: README.md, steps 2, 3 and 5.',
          ),
        ]
      : []),
    ...(session.secretIsDrawn
      ? [
          warn(
            'SESSION_SECRET',
            'is not set: everybody is signed out when this process ends, and no other instance can serve them',
            mends.get('SESSION_SECRET') ?? '',
          ),
        ]
      : []),
    ...checkLogLevel(situation),
  ]
}

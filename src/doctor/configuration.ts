import { type Finding, fail, ok, warn } from './finding.ts'
import type { Situation } from './situation.ts'

const mends = new Map([
  ['SESSION_SECRET', 'Draw one with `openssl rand -base64 32`, and give every instance the same.'],
  ['PUBLIC_URL', 'Set it to what people type, such as https://signin.example.com.'],
  ['SESSION_STORE', 'For several instances: dynamodb://TABLE, or rediss://HOST.'],
])

/** What the configuration itself has to say: what it refuses, and which providers are on, off, and why. */
export function checkConfiguration({ config, refused }: Situation): Finding[] {
  const { providers, providersOff, session } = config
  return [
    ...refused.map(({ variable, problem }) =>
      fail(variable, problem, mends.get(variable) ?? 'See the table of variables in README.md.'),
    ),
    ...providers.map(({ id }) => ok(id, 'is on')),
    ...providersOff.map(({ id, untouched, problems }) => {
      const off = `is off: ${problems.map(({ variable, problem }) => `${variable} ${problem}`).join('; ')}`
      return untouched ? ok(id, off) : fail(id, off, 'Set what is named: docs/deploy.md, steps 2, 3 and 5.')
    }),
    ...(providers.length === 0
      ? [warn('sign-in', 'is possible with no provider', 'Configure one: docs/deploy.md, steps 2, 3 and 5.')]
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
  ]
}

import { isLoopback, isShared, valueIn } from '../config.ts'
import { type Finding, fail, ok, warn } from './finding.ts'
import type { Situation } from './situation.ts'

const sharedStore = 'Set SESSION_STORE=dynamodb://TABLE, or rediss://HOST.'

/** The kind of store: the rest of the URL may hold a password. */
const kindOf = (store: string): string => store.split(':', 1)[0] ?? ''

function checkStore({ config, env, refused }: Situation): Finding[] {
  if (refused.some(({ variable }) => variable === 'SESSION_STORE')) return []
  const { store } = config.session
  const kind = kindOf(store)
  if (env.NODE_ENV === 'production' && config.providers.length > 0) {
    if (kind === 'memory') {
      return [
        fail(
          'SESSION_STORE',
          'is the memory of one process: everybody is signed out at each deployment, and by a second instance',
          sharedStore,
        ),
      ]
    }
    if (!isShared(store)) {
      return [
        warn(
          'SESSION_STORE',
          'is a file of this instance: behind a balancer with a second one, people are signed out by chance',
          sharedStore,
        ),
      ]
    }
  }
  const host = URL.parse(store)?.hostname ?? ''
  if (kind.startsWith('redis') && host === '') {
    return [
      fail(
        'SESSION_STORE',
        'has no host that can be read',
        'As in rediss://USER:PASSWORD@HOST:6379, with # / ? @ in the password as %23 %2F %3F %40.',
      ),
    ]
  }
  if (kind === 'redis' && !isLoopback(host)) {
    return [
      warn('SESSION_STORE', 'is reached without TLS, its password in clear text', 'Use rediss:// instead.'),
    ]
  }
  return [ok('SESSION_STORE', `is of the kind ${kind}`)]
}

function checkTimes({ config }: Situation): Finding[] {
  const { idleSeconds, lifetimeSeconds } = config.session
  return idleSeconds > lifetimeSeconds
    ? [
        warn(
          'SESSION_IDLE_SECONDS',
          'is longer than SESSION_LIFETIME_SECONDS, and so without effect',
          'Lower it, or raise the other.',
        ),
      ]
    : []
}

function checkSecrets({ config, env }: Situation): Finding[] {
  const { secrets } = config.session
  const clientSecrets = config.providers.map(({ clientSecret }) => clientSecret)
  const draw = 'Draw one with `openssl rand -base64 32`.'
  if (secrets.some((secret) => /^arn:aws[a-z-]*:(secretsmanager|ssm):/.test(secret))) {
    return [
      fail(
        'SESSION_SECRET',
        'holds the ARN of a secret, not the secret',
        'On Elastic Beanstalk, set it in aws:elasticbeanstalk:application:environmentsecrets (README.md, step 1).',
      ),
    ]
  }
  if (secrets.some((secret) => clientSecrets.includes(secret))) {
    return [fail('SESSION_SECRET', 'is the client secret of a provider, who could read every session', draw)]
  }
  const given = valueIn(env, 'SESSION_SECRET') ?? ''
  if (/^\{.*\}$/s.test(given)) {
    return [
      fail('SESSION_SECRET', 'holds JSON', 'Store the value alone, as plain text, not as key and value.'),
    ]
  }
  if (secrets.some((secret) => new Set(secret).size < 8)) {
    return [fail('SESSION_SECRET', 'has fewer than eight different characters, and can be guessed', draw)]
  }
  return secrets.some((secret) => /openssl |keyboard|passw(or)?d|qwerty|^[a-z _-]{1,40}$/i.test(secret))
    ? [fail('SESSION_SECRET', 'is made of words, and can be guessed', draw)]
    : []
}

/** Where sessions are kept, under which secret, and for how long. */
export const checkSessions = (situation: Situation): Finding[] =>
  [checkStore, checkTimes, checkSecrets].flatMap((check) => check(situation))

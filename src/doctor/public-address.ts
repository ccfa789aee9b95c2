import { isIP } from 'node:net'
import { isLoopback } from '../config.ts'
import { distance } from './edit-distance.ts'
import { type Finding, fail, ok, warn } from './finding.ts'
import type { Situation } from './situation.ts'

const setPublicUrl = 'Set it to what people type, such as https://signin.example.com.'

function checkPublicUrl({ config, env, refused }: Situation): Finding[] {
  if (refused.some(({ variable }) => variable === 'PUBLIC_URL')) return []
  const { publicUrl } = config
  const production = env.NODE_ENV === 'production'
  if (publicUrl === undefined) {
    return production && config.providers.length > 0
      ? [
          warn(
            'PUBLIC_URL',
            'is not set: redirect URIs are built from whatever Host and X-Forwarded-Proto say',
            setPublicUrl,
          ),
        ]
      : []
  }
  const { hostname } = new URL(publicUrl)
  const name = hostname.replace(/^\[|\]$/g, '')
  if (isLoopback(hostname)) {
    return production
      ? [fail('PUBLIC_URL', 'is this machine, where nobody else comes', setPublicUrl)]
      : [ok('PUBLIC_URL', `is ${publicUrl}`)]
  }
  if (isIP(name) > 0) {
    return [warn('PUBLIC_URL', 'is an address: providers take host names only', setPublicUrl)]
  }
  return [ok('PUBLIC_URL', `is ${publicUrl}`)]
}

function checkNodeEnv({ config, env }: Situation): Finding[] {
  const mode = env.NODE_ENV ?? ''
  if (mode === 'production') return []
  const setIt = 'Set NODE_ENV=production where people use it.'
  if (/^prod$/i.test(mode) || distance(mode.toLowerCase(), 'production') <= 2) {
    return [warn('NODE_ENV', 'is not spelt production, and nothing else counts', setIt)]
  }
  const { publicUrl } = config
  return publicUrl !== undefined && !isLoopback(new URL(publicUrl).hostname)
    ? [warn('NODE_ENV', 'is not production, though PUBLIC_URL is for everybody', setIt)]
    : []
}

function checkPorts({ config }: Situation): Finding[] {
  return config.metricsPort !== undefined && config.metricsPort === config.port && config.port !== 0
    ? [fail('METRICS_PORT', 'is the same as PORT', 'Give the metrics a port of their own.')]
    : []
}

function checkProxy({ config, env }: Situation): Finding[] {
  return config.trustProxy === false && config.publicUrl === undefined && env.NODE_ENV === 'production'
    ? [
        fail(
          'TRUST_PROXY',
          'is none, so that what came over HTTPS to the balancer counts as HTTP: redirect URIs begin with http:',
          'Set PUBLIC_URL, or take TRUST_PROXY away.',
        ),
      ]
    : []
}

/** How people reach the application, as far as it has been told. */
export const checkPublicAddress = (situation: Situation): Finding[] =>
  [checkPublicUrl, checkNodeEnv, checkPorts, checkProxy].flatMap((check) => check(situation))

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
  const { hostname, port } = new URL(publicUrl)
  const name = hostname.replace(/^\[|\]$/g, '')
  if (isLoopback(hostname)) {
    return production
      ? [fail('PUBLIC_URL', 'is this machine, where nobody else comes', setPublicUrl)]
      : [ok('PUBLIC_URL', `is ${publicUrl}`)]
  }
  if (isIP(name) > 0) {
    return [warn('PUBLIC_URL', 'is an address: providers take host names only', setPublicUrl)]
  }
  if (!/^[a-z0-9.-]+$/.test(hostname)) {
    return [fail('PUBLIC_URL', 'has no host name that anybody can type', setPublicUrl)]
  }
  if (!hostname.includes('.') || /\.(local|lan|internal|home|corp|test|invalid)$/.test(hostname)) {
    return [
      warn(
        'PUBLIC_URL',
        'is known inside one network only: Google and others refuse such names',
        setPublicUrl,
      ),
    ]
  }
  return production && port !== ''
    ? [
        warn(
          'PUBLIC_URL',
          `has the port ${port}: people reach a balancer without one`,
          'Take the port away, unless they type it.',
        ),
      ]
    : [ok('PUBLIC_URL', `is ${publicUrl}`)]
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

function checkPorts({ config, env }: Situation): Finding[] {
  if (config.port === 443 && env.NODE_ENV === 'production') {
    return [
      warn(
        'PORT',
        'is that of HTTPS, and this process speaks HTTP',
        'End TLS at a proxy in front; PORT is between the two.',
      ),
    ]
  }
  return config.metricsPort !== undefined && config.metricsPort === config.port && config.port !== 0
    ? [fail('METRICS_PORT', 'is the same as PORT', 'Give the metrics a port of their own.')]
    : []
}

function checkProxy({ config, env }: Situation): Finding[] {
  const ranges = Array.isArray(config.trustProxy) ? config.trustProxy : []
  const vast = ranges.find((one) => /^[\d.]+\/[1-7]$|:.*\/(\d|1\d)$/.test(one))
  if (vast !== undefined) {
    return [
      fail(
        'TRUST_PROXY',
        `believes ${vast}, which is a part of the Internet: any client there can claim any address`,
        'Name the proxies only, or their number.',
      ),
    ]
  }
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

function checkRateLimit({ config, env }: Situation): Finding[] {
  return config.rateLimit === 0 && env.NODE_ENV === 'production'
    ? [
        warn(
          'RATE_LIMIT',
          'is 0: nothing slows who tries and tries',
          'Take it away: the default is 300 a minute.',
        ),
      ]
    : []
}

/** How people reach the application, as far as it has been told. */
export const checkPublicAddress = (situation: Situation): Finding[] =>
  [checkPublicUrl, checkNodeEnv, checkPorts, checkProxy, checkRateLimit].flatMap((check) => check(situation))

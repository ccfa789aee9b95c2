import type { IncomingMessage, ServerResponse } from 'node:http'
import type { RequestHandler, Response } from 'express'
import helmet from 'helmet'

const contentSecurityPolicy = [
  "default-src 'none'",
  "style-src 'self'",
  "script-src 'self'",
  "img-src 'self'",
  "form-action 'self'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
].join('; ')

const otherHeaders = helmet({
  contentSecurityPolicy: false,
  strictTransportSecurity: false,
  crossOriginOpenerPolicy: { policy: 'same-origin' },
  crossOriginResourcePolicy: { policy: 'same-origin' },
  // Not `no-referrer`: with it a browser sends `Origin: null` with our own forms.
  referrerPolicy: { policy: 'same-origin' },
  xFrameOptions: { action: 'deny' },
})

/** @see Permissions Policy (W3C), registry of features */
const unusedFeatures = [
  'accelerometer',
  'browsing-topics',
  'camera',
  'display-capture',
  'geolocation',
  'gyroscope',
  'hid',
  'identity-credentials-get',
  'idle-detection',
  'local-fonts',
  'magnetometer',
  'microphone',
  'midi',
  'payment',
  'publickey-credentials-create',
  'publickey-credentials-get',
  'screen-wake-lock',
  'serial',
  'usb',
  'xr-spatial-tracking',
]

/** What helmet sets, which is the same for every request and so asked for once: a tenth of what a redirect costs. */
function fixedHeaders(): [name: string, value: string][] {
  const set = new Map<string, string>()
  const res = { setHeader: (name: string, value: string) => set.set(name, value), removeHeader() {} }
  otherHeaders({} as IncomingMessage, res as unknown as ServerResponse, () => {})
  return [...set]
}

/** What every answer tells the browser to forbid. */
export const securityHeaders: readonly (readonly [name: string, value: string])[] = [
  ['content-security-policy', contentSecurityPolicy],
  ['permissions-policy', unusedFeatures.map((feature) => `${feature}=()`).join(', ')],
  ...fixedHeaders(),
]

/** Sets `securityHeaders`. */
export const protectBrowser: RequestHandler = function protectBrowser(_req, res, next) {
  for (const [name, value] of securityHeaders) res.setHeader(name, value)
  next()
}

/** HTTPS from now on. Over HTTPS only (RFC 6797, section 7.2), so after it is settled how the browser came here. */
export const strictTransport = ['Strict-Transport-Security', 'max-age=63072000; includeSubDomains'] as const

/** Sets `strictTransport`. */
export const demandHttps: RequestHandler = function demandHttps(req, res, next) {
  if (req.secure) res.setHeader(...strictTransport)
  next()
}

/** Lets this one page show a picture from another origin. */
export function allowPictureFrom(res: Response, pictureUrl: string): void {
  const origin = new URL(pictureUrl).origin
  res.set(
    'Content-Security-Policy',
    contentSecurityPolicy.replace("img-src 'self'", `img-src 'self' ${origin}`),
  )
}

/** Answers every page in full: none has a validator, so that no condition can be met but `If-None-Match: *`. */
export const unconditional: RequestHandler = function unconditional(req, _res, next) {
  delete req.headers['if-none-match']
  delete req.headers['if-modified-since']
  next()
}

/** Keeps a page with personal data out of every cache, the browser's back-forward one too. */
export const noStore: RequestHandler = function noStore(_req, res, next) {
  res.setHeader('Cache-Control', 'no-store')
  next()
}

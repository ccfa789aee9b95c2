import { pipeline } from 'node:stream/promises'
import type { Request, RequestHandler } from 'express'
import type { AwsClients } from '../aws-client.ts'
import { AppError } from '../errors.ts'
import { limitRequestTo } from '../request-context.ts'
import type { WithAccess } from '../session/signed-in.ts'
import { bucketNamed } from './bucket-name.ts'
import { attachment } from './content-disposition.ts'
import { folderHref } from './links.ts'
import { openObject } from './open-object.ts'
import { type SignedInParts, signedInView } from './signed-in-view.ts'

/** All that may pass before a download begins, in milliseconds. */
const startDeadlineMs = 15_000

/** Files that may pass through here at once. Each holds a connection to S3, and the pages need some, too. */
const mostStreams = 50

/** @throws AppError `s3.no_such_bucket`, `s3.no_such_key` */
function readAsked(req: Request): { bucket: string; key: string } {
  const { key } = req.query
  const bucket = bucketNamed(req.params.bucket)
  if (typeof key !== 'string' || key === '' || Buffer.byteLength(key) > 1024)
    throw new AppError('s3.no_such_key')
  return { bucket, key }
}

/** What the download needs from other rooms. */
interface DownloadParts extends SignedInParts {
  aws: AwsClients
  withAccess: WithAccess
}

const needsSignIn = (error: unknown): boolean =>
  error instanceof AppError && (error.code === 'session.required' || error.code === 'session.expired')

/**
 * `GET /s3/:bucket/download?key=`: sends the browser to S3 for the object, which saves it. A browser that must sign in
 * first comes back to the folder: a download would leave it on the provider's page.
 */
export function downloadPage(parts: DownloadParts): RequestHandler {
  const { aws, withAccess } = parts
  let streams = 0
  return async function downloadPage(req, res) {
    const { bucket, key } = readAsked(req)
    const folder = folderHref(bucket, key.slice(0, key.lastIndexOf('/') + 1))
    limitRequestTo(startDeadlineMs)
    const opened = await withAccess(req, (me) => {
      const secondaryAction = { href: folder, label: 'Back to the folder' }
      Object.assign(res.locals, signedInView(me, parts), { secondaryAction })
      return openObject(aws, me.access, bucket, key)
    }).catch((error) => {
      if (!needsSignIn(error) || req.accepts(['html', 'json']) === 'json') throw error
    })
    if (!opened) {
      res.redirect(303, folder)
      return
    }
    if ('url' in opened) {
      res.redirect(303, opened.url)
      return
    }
    const { content, bytes } = opened
    const isFull = streams >= mostStreams
    if (isFull || req.method === 'HEAD') content.destroy()
    if (isFull) throw new AppError('s3.throttled', { details: { problem: `${streams} files pass through` } })
    res.set('Content-Type', 'application/octet-stream').set('Content-Disposition', attachment(key))
    if (bytes !== undefined) res.set('Content-Length', String(bytes))
    if (req.method === 'HEAD') {
      res.end()
      return
    }
    streams += 1
    await pipeline(content, res).finally(() => {
      streams -= 1
    })
  }
}

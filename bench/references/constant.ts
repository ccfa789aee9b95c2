import { readFileSync } from 'node:fs'
import express from 'express'

/** The limit for a page: Express sends the bytes of PAGE_FILE as a constant, without an ETag to compute, or a log. */
const page = readFileSync(process.env.PAGE_FILE ?? '')
const app = express()
app.disable('x-powered-by')
app.disable('etag')
app.get('/', (_req, res) => {
  res.set('Content-Type', 'text/html; charset=utf-8').send(page)
})
app.listen(Number(process.env.PORT), '127.0.0.1')

import { readFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import express from 'express'

/** The limit for a page: Express sends the bytes of PAGE_FILE as a constant, without an ETag to compute, or a log. */
const page = readFileSync(process.env.PAGE_FILE ?? '')
const app = express()
app.disable('x-powered-by')
app.disable('etag')
app.get('/', (_req, res) => {
  res.set('Content-Type', 'text/html; charset=utf-8').send(page)
})
const server = app.listen(0, '127.0.0.1', () => {
  console.log(`listening on ${(server.address() as AddressInfo).port}`)
})

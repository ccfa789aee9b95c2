import express from 'express'
import { expect, it } from 'vitest'
import { listenOnLoopback } from '../../../sandbox/loopback-server.ts'
import { ready } from '../../../src/web/health.ts'

it('GET /readyz is red, before a balancer loses patience, where the session store never answers', async () => {
  const server = await listenOnLoopback(express().use(ready(() => new Promise(() => {}))))
  const answer = await fetch(server.url, { signal: AbortSignal.timeout(5_000) })
  expect([answer.status, await answer.text()]).toEqual([503, 'the session store does not answer\n'])
  await server.close()
})

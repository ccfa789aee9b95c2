import { describe, expect, it } from 'vitest'
import type { Recorder } from '../../src/exchange.ts'
import {
  requestContext,
  runForAll,
  runInRequestContext,
  underDeadline,
  withinDeadline,
} from '../../src/request-context.ts'

const recorder: Recorder = { exchange() {} }

/** A context with a deadline that the test decides on. */
function hurried() {
  const deadline = new AbortController()
  const context = { requestId: 'r', deadline: deadline.signal, recorder }
  const pass = () => deadline.abort(new DOMException('too late', 'TimeoutError'))
  return { context, pass }
}

describe('what runs under a deadline of its own', () => {
  const reasonWithin = (own: AbortSignal) => underDeadline(own, () => requestContext()?.deadline?.reason)

  it('ends by it, and the request around it does not', () => {
    const { context } = hurried()
    runInRequestContext(context, () => {
      expect(reasonWithin(AbortSignal.abort('its own'))).toBe('its own')
      expect(requestContext()?.deadline?.aborted).toBe(false)
    })
  })

  it('ends by the deadline of its request, where that is sooner', () => {
    const { context, pass } = hurried()
    pass()
    const reason = runInRequestContext(context, () => reasonWithin(new AbortController().signal))
    expect(reason).toMatchObject({ name: 'TimeoutError' })
  })

  it('ends by it where its request has none, and stays recorded', () => {
    const inside = runInRequestContext({ requestId: 'r', recorder }, () =>
      underDeadline(AbortSignal.abort('its own'), requestContext),
    )
    expect(inside).toMatchObject({ requestId: 'r', recorder, deadline: { reason: 'its own' } })
  })
})

describe('what runs for all', () => {
  it('has not the deadline of the request that asked first, but its id and its recorder', () => {
    const { context } = hurried()
    const inside = runInRequestContext(context, () => runForAll(requestContext))
    expect(inside).toEqual({ requestId: 'r', recorder })
  })

  it('runs outside of any request, too', () => {
    expect(runForAll(requestContext)).toBeUndefined()
  })
})

describe('who waits for something shared', () => {
  it('gets what comes of it', async () => {
    const { context } = hurried()
    expect(await runInRequestContext(context, () => withinDeadline(Promise.resolve(7)))).toBe(7)
    const failing = runInRequestContext(context, () => withinDeadline(Promise.reject(new Error('no'))))
    await expect(failing).rejects.toThrow('no')
  })

  it.each(['before', 'while'])(
    'is told that the time is over where it passes %s they wait, and the others wait on',
    async (when) => {
      const { context, pass } = hurried()
      const shared = Promise.withResolvers<number>()
      if (when === 'before') pass()
      const hasty = runInRequestContext(context, () => withinDeadline(shared.promise))
      const patient = withinDeadline(shared.promise)
      pass()
      await expect(hasty).rejects.toMatchObject({ name: 'TimeoutError' })
      shared.resolve(7)
      expect(await patient).toBe(7)
    },
  )

  it('leaves no failure unheard that comes after their time', async () => {
    const { context, pass } = hurried()
    const shared = Promise.withResolvers<number>()
    const hasty = runInRequestContext(context, () => withinDeadline(shared.promise))
    pass()
    await expect(hasty).rejects.toMatchObject({ name: 'TimeoutError' })
    shared.reject(new Error('nobody is there to hear'))
  })
})

import { AsyncLocalStorage } from 'node:async_hooks'
import { addAbortListener } from 'node:events'
import type { Recorder } from './exchange.ts'

/** What every line of code may know of the request that it works for, without being handed it. */
export interface RequestContext {
  requestId: string
  /** Ends every upstream call that is still running for this request. */
  deadline?: AbortSignal | undefined
  /** Hears of this request's upstream calls; `undefined`: nobody does. */
  recorder?: Recorder | undefined
}

const storage = new AsyncLocalStorage<RequestContext>()

/** Runs `work`, and all that it starts, in the context of one request. */
export const runInRequestContext = <T>(context: RequestContext, work: () => T): T =>
  storage.run(context, work)

/** The current request's context; `undefined` outside of any request. */
export const requestContext = (): RequestContext | undefined => storage.getStore()

/** From now on, the current request's upstream calls share what is left of `milliseconds`. */
export function limitRequestTo(milliseconds: number): void {
  const context = storage.getStore()
  if (context) context.deadline = AbortSignal.timeout(milliseconds)
}

/** Runs a part of the current request's work under a deadline of its own; the request's still counts. */
export function underDeadline<T>(deadline: AbortSignal, work: () => T): T {
  const context = storage.getStore()
  if (!context) return work()
  const deadlines = [deadline, context.deadline].filter((one) => one !== undefined)
  return storage.run({ ...context, deadline: AbortSignal.any(deadlines) }, work)
}

/**
 * Runs `work`, for which other requests will wait as well, under nobody's deadline. Log and recorder are still those of
 * the request that was the first to ask for it.
 */
export function runForAll<T>(work: () => T): T {
  const context = storage.getStore()
  return context ? storage.run({ ...context, deadline: undefined }, work) : work()
}

/**
 * Waits for `shared`, which goes on for others, as long as the current request may.
 * @throws whatever the request's deadline was aborted with
 */
export function withinDeadline<T>(shared: Promise<T>): Promise<T> {
  const deadline = storage.getStore()?.deadline
  if (!deadline) return shared
  const { promise: passed, reject } = Promise.withResolvers<never>()
  const listener = addAbortListener(deadline, () => reject(deadline.reason))
  return Promise.race([shared, passed]).finally(() => listener[Symbol.dispose]())
}

/** From now on, `recorder` hears of the current request's upstream calls; `undefined`: nobody does. */
export function recordRequestWith(recorder: Recorder | undefined): void {
  const context = storage.getStore()
  if (context) context.recorder = recorder
}

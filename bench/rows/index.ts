import type { Row } from '../report.ts'
import { addedLatency } from './added-latency.ts'
import { bucketPage } from './bucket-page.ts'
import { connections } from './connections.ts'
import { growthBuckets } from './growth-buckets.ts'
import { growthConcurrency } from './growth-concurrency.ts'
import { growthSessions } from './growth-sessions.ts'
import { instances } from './instances.ts'
import { loginPage } from './login-page.ts'
import { sessionMemory } from './session-memory.ts'
import { signIn } from './sign-in.ts'
import { start } from './start.ts'
import { startUp } from './start-up.ts'

/** All rows, in the order of a run. */
export const rows: readonly Row[] = [
  loginPage,
  start,
  signIn,
  addedLatency,
  connections,
  bucketPage,
  sessionMemory,
  startUp,
  instances,
  growthConcurrency,
  growthSessions,
  growthBuckets,
]

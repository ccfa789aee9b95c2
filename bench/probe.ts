import { heapBytesHeld } from './heap.ts'
import { answerBench } from './ipc.ts'

/**
 * Loaded into the application by `--import`, for what cannot be seen from outside: how long the event loop was blocked,
 * and what memory is held once the garbage is collected (`--expose-gc`).
 */
let longestBlockMs = 0
let cpuAtLastTick = process.threadCpuUsage()

// Timers run once in each turn of the event loop. CPU time, since the clock would count what others had of the core.
setInterval(() => {
  const { user, system } = process.threadCpuUsage(cpuAtLastTick)
  longestBlockMs = Math.max(longestBlockMs, (user + system) / 1000)
  cpuAtLastTick = process.threadCpuUsage()
}, 1).unref()

answerBench({
  /** CPU time of the longest turn of the event loop since this was last asked, in milliseconds. */
  longestBlockMs: () => {
    const longest = longestBlockMs
    longestBlockMs = 0
    return longest
  },
  heapBytesHeld,
})
// The application ends as it does without a bench.
process.channel?.unref()

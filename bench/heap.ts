/** What is held of the heap once the garbage has been collected, in bytes. Needs `--expose-gc`. */
export function heapBytesHeld(): number {
  if (!gc) throw new Error('started without --expose-gc')
  gc()
  return process.memoryUsage().heapUsed
}

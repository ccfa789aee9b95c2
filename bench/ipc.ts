/** One question of the bench to one of its processes. */
export interface Question {
  id: number
  name: string
  argument: unknown
}

/** What comes back: a result, or why there is none. */
export interface Reply {
  id: number
  result?: unknown
  problem?: string
}

/** In a process that the bench started: answers its questions by name, as long as the bench lives. */
export function answerBench(answers: Record<string, (argument: never) => unknown>): void {
  process.on('message', async ({ id, name, argument }: Question) => {
    const reply = (reply: Omit<Reply, 'id'>) => process.send?.({ id, ...reply })
    try {
      reply({ result: await answers[name]?.(argument as never) })
    } catch (error) {
      reply({ problem: (error as Error).stack ?? String(error) })
    }
  })
  process.on('disconnect', () => process.exit())
}

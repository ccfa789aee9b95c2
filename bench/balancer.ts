import { startBalancer } from '../test/sessions/balancer.ts'
import { answerBench } from './ipc.ts'

/** The round-robin proxy of the tests, in a process of its own. */
answerBench({
  async balance(ports: number[]): Promise<string> {
    const balancer = await startBalancer()
    balancer.ports.push(...ports)
    return balancer.url
  },
})

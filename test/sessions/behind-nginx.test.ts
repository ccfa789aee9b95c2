import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Sandbox, startSandbox } from '../../sandbox/sandbox.ts'
import { ada } from '../application.ts'
import { HttpBrowser } from '../http-browser.ts'
import { freePort, type Redis, redisIsMissing, startRedis } from './engines.ts'
import { nginxIsMissing, startNginx } from './nginx.ts'
import { crowd } from './parties.ts'
import { type Instance, startInstance } from './processes.ts'
import { startTraffic } from './traffic.ts'

describe.skipIf(nginxIsMissing || redisIsMissing)(
  'two processes behind nginx, sharing Redis (skipped where one of them is not installed)',
  () => {
    const people = crowd(20)
    let redis: Redis
    let sandbox: Sandbox
    let nginx: Awaited<ReturnType<typeof startNginx>>
    const instances = new Map<number, Instance>()

    /** Starts an instance on a port that nginx knows. */
    const startAt = async (port: number) => {
      const environment = { ...sandbox.environment, ...redis.environment, PORT: String(port) }
      instances.set(port, await startInstance(environment))
    }

    beforeAll(async () => {
      const ports = [await freePort(), await freePort()]
      redis = await startRedis()
      sandbox = await startSandbox({ people: [ada, ...people] })
      await Promise.all(ports.map(startAt))
      nginx = await startNginx(ports)
      sandbox.registerApplication(nginx.url)
    })
    afterAll(async () => {
      await nginx.close()
      await Promise.all([...instances.values()].map((instance) => instance.kill()))
      await sandbox.close()
      await redis.close()
    })

    it('lose nothing when one is killed between redirect and callback', async () => {
      const browser = new HttpBrowser()
      const { location = '' } = await browser.get(`${nginx.url}/initiateLogin/amazon`)
      const callback = await browser.continueAs(ada.subjects.amazon, location)
      const [[port, instance]] = [...instances] as [[number, Instance]]
      await instance.kill()
      expect((await browser.get(callback)).status).toBe(303)
      expect((await browser.get(`${nginx.url}/s3/`)).status).toBe(200)
      await startAt(port)
    })

    it('are restarted one by one under constant traffic without a failed request', async () => {
      const traffic = startTraffic(nginx.url, people, 4)
      const stops = []
      for (const [port, instance] of [...instances]) {
        stops.push(await instance.stop())
        await startAt(port)
      }
      await traffic.stop()
      const { requests, signIns, failed } = traffic
      console.log(
        `rolling restart behind nginx: ${requests} requests, ${signIns} sign-ins, ${failed.length} failed,`,
        `processes stopped in ${stops.map(({ stopMs }) => stopMs).join(' and ')} ms`,
      )
      expect(failed).toEqual([])
      expect(stops.map(({ exitCode }) => exitCode)).toEqual([0, 0])
    })
  },
)

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Sandbox, startSandbox } from '../../sandbox/sandbox.ts'
import { ada } from '../application.ts'
import { HttpBrowser } from '../http-browser.ts'
import { type Balancer, startBalancer } from './balancer.ts'
import { type Engine, redisIsMissing, startDynamodb, startRedis } from './engines.ts'
import { crowd, csrfOf } from './parties.ts'
import { type Instance, startInstance } from './processes.ts'
import { startTraffic } from './traffic.ts'

const engines: [name: string, start: () => Promise<Engine>, missing: boolean][] = [
  ['Redis (skipped where redis-server is not installed)', startRedis, redisIsMissing],
  ['DynamoDB', startDynamodb, false],
]

for (const [name, start, missing] of engines) {
  describe.skipIf(missing)(`two processes behind a balancer, sharing ${name}`, () => {
    const people = crowd(20)
    let engine: Engine
    let sandbox: Sandbox
    let balancer: Balancer
    let instances: Instance[]

    const newInstance = () =>
      startInstance({ ...sandbox.environment, ...engine.environment, LOG_LEVEL: 'info' })
    /** What the balancer sends requests to from now on. */
    const balance = (...chosen: Instance[]) => {
      instances = chosen
      balancer.ports = chosen.map(({ port }) => port)
    }
    /** Somebody at the provider's button, by way of the balancer. */
    const atTheDoor = async () => {
      const browser = new HttpBrowser()
      const { location = '' } = await browser.get(`${balancer.url}/initiateLogin/amazon`)
      return { browser, callback: await browser.continueAs(ada.subjects.amazon, location) }
    }

    beforeAll(async () => {
      ;[engine, sandbox, balancer] = await Promise.all([
        start(),
        startSandbox({ people: [ada, ...people] }),
        startBalancer(),
      ])
      sandbox.registerApplication(balancer.url)
      balance(...(await Promise.all([newInstance(), newInstance()])))
    })
    afterAll(async () => {
      await Promise.all(instances.map((instance) => instance.kill()))
      await balancer.close()
      await sandbox.close()
      await engine.close()
    })

    it('carry a sign-in whose three requests land on different ones', async () => {
      balancer.served.length = 0
      const { browser, callback } = await atTheDoor()
      expect((await browser.get(callback)).status).toBe(303)
      const page = await browser.get(`${balancer.url}/s3/`)
      expect([page.status, page.body.includes(ada.name)]).toEqual([200, true])
      const [one, other] = balancer.ports
      expect(new Set(balancer.served)).toEqual(new Set([one, other]))
      expect(balancer.served[0]).not.toBe(balancer.served[1])
      expect(balancer.served[1]).not.toBe(balancer.served[2])
    })

    it('end a session for both when one of them signs out', async () => {
      const { browser, callback } = await atTheDoor()
      await browser.get(callback)
      const stolen = new HttpBrowser()
      stolen.cookies = [...browser.cookies]
      const page = await browser.get(`${balancer.url}/s3/`)
      await browser.post(`${balancer.url}/logout`, { csrf: csrfOf(page.body) })
      const script = { accept: 'application/json' }
      const answers = [1, 2].map(() => stolen.get(`${balancer.url}/s3/`, script))
      expect((await Promise.all(answers)).map(({ status }) => status)).toEqual([401, 401])
    })

    it('lose nothing when one is killed between redirect and callback', async () => {
      const [first, second] = instances as [Instance, Instance]
      const doors = [await atTheDoor(), await atTheDoor()]
      await first.kill()
      for (const { browser, callback } of doors) {
        expect((await browser.get(callback)).status).toBe(303)
        expect((await browser.get(`${balancer.url}/s3/`)).status).toBe(200)
      }
      balance(second, await newInstance())
      const later = doors.map(({ browser }) => browser.get(`${balancer.url}/s3/`))
      expect((await Promise.all(later)).map(({ status }) => status)).toEqual([200, 200])
    })

    it('are replaced one by one under constant traffic without a failed request', async () => {
      const traffic = startTraffic(balancer.url, people, 4)
      const stops = []
      for (const leaving of instances) {
        const replacement = await newInstance()
        balance(...instances.filter((one) => one !== leaving), leaving, replacement)
        stops.push(await leaving.stop())
        balance(...instances.filter((one) => one !== leaving))
      }
      await traffic.stop()
      const { requests, signIns, failed } = traffic
      console.log(
        `rolling restart over ${name}: ${requests} requests, ${signIns} sign-ins, ${failed.length} failed,`,
        `${balancer.retried} retried, processes stopped in ${stops.map(({ stopMs }) => stopMs).join(' and ')} ms`,
      )
      expect(failed).toEqual([])
      expect(stops.map(({ exitCode }) => exitCode)).toEqual([0, 0])
      expect(Math.max(...stops.map(({ stopMs }) => stopMs))).toBeLessThan(8_000)
      expect(signIns).toBeGreaterThan(5)
    })
  })
}

import type { Person } from '../../sandbox/identity/people.ts'
import { HttpBrowser } from '../http-browser.ts'
import { csrfOf } from './parties.ts'

/** What a stream of visitors has come to. */
export interface Traffic {
  requests: number
  /** One line for each answer that was not the one wanted. */
  failed: string[]
  signIns: number
  /** Ends the stream when each visitor has finished. */
  stop(): Promise<void>
}

/** Visitors one after another in each of `lanes`: sign in, open four pages, sign out. */
export function startTraffic(url: string, people: readonly Person[], lanes: number): Traffic {
  let going = true
  const traffic: Traffic = {
    requests: 0,
    failed: [],
    signIns: 0,
    async stop() {
      going = false
      await Promise.all(visitors)
    },
  }

  const counted = async <T extends { status: number }>(what: string, wanted: number, answer: Promise<T>) => {
    traffic.requests += 1
    const got = await answer
    if (got.status !== wanted) traffic.failed.push(`${what}: ${got.status}`)
    return got
  }

  const visit = async (person: Person) => {
    const browser = new HttpBrowser()
    const start = await counted('start', 302, browser.get(`${url}/initiateLogin/amazon`))
    if (start.location === undefined) return
    const callback = await browser.continueAs(person.subjects.amazon, start.location)
    await counted('callback', 303, browser.get(callback))
    traffic.signIns += 1
    let csrf = ''
    for (let page = 0; page < 4; page += 1) {
      const { body } = await counted('page', 200, browser.get(`${url}/s3/`))
      csrf = csrfOf(body)
    }
    await counted('sign-out', 303, browser.post(`${url}/logout`, { csrf }))
  }

  const lane = async (number: number) => {
    for (let turn = number; going; turn += lanes) {
      const person = people[turn % people.length]
      if (person) await visit(person).catch((error) => traffic.failed.push(String(error)))
    }
  }
  const visitors = Array.from({ length: lanes }, (_, number) => lane(number))
  return traffic
}

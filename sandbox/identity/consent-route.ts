import { type RequestHandler, Router, urlencoded } from 'express'
import { consentPage, refusalPage, sendPage } from './consent-page.ts'
import { parameter } from './parameters.ts'
import type { Person } from './people.ts'

/** The authorization request is answered by a page of the provider's own: there is nowhere safe to send the browser. */
export class RefusedOnPage extends Error {
  /** The provider's name for the fault. */
  readonly code: string

  constructor(code: string, explanation: string) {
    super(explanation)
    this.code = code
  }
}

/** The authorization request is answered by an error that the browser carries back to the application. */
export class RefusedToApplication extends Error {
  /** The redirect URI with the error on it. */
  readonly url: string

  constructor(url: string) {
    super('The authorization request was refused')
    this.url = url
  }
}

/** What differs between the consent pages of two providers. `Request` is a checked authorization request. */
export interface ConsentRoute<Request> {
  path: string
  provider: string
  application: string
  people: readonly Person[]
  subjectOf(person: Person): string
  /** Checks the query. @throws RefusedOnPage, RefusedToApplication */
  readRequest(query: unknown): Request
  /** What the application would see, in the person's words. */
  wishes(request: Request): readonly string[]
  /** Where the browser goes when `person` agreed. */
  granted(request: Request, person: Person): string
  /** Where it goes after *Cancel*. */
  cancelled(request: Request): string
}

/** An authorization endpoint: GET shows the consent page, POST is its form. Both read and check the same query. */
export function consentRoute<Request>(route: ConsentRoute<Request>): Router {
  const withRequest =
    (answer: (request: Request, ...rest: Parameters<RequestHandler>) => void): RequestHandler =>
    (req, res, next) => {
      try {
        answer(route.readRequest(req.query), req, res, next)
      } catch (refusal) {
        if (refusal instanceof RefusedToApplication) return res.redirect(refusal.url)
        if (!(refusal instanceof RefusedOnPage)) throw refusal
        sendPage(res, refusalPage(route.provider, refusal.code, refusal.message))
      }
    }

  const askPerson = withRequest((request, _req, res) => {
    sendPage(res, consentPage({ ...route, wishes: route.wishes(request) }))
  })

  const sendBack = withRequest((request, req, res) => {
    const subject = parameter(req.body, 'person')
    const person = route.people.find((one) => route.subjectOf(one) === subject)
    res.redirect(303, person ? route.granted(request, person) : route.cancelled(request))
  })

  const router = Router()
  router.get(route.path, askPerson)
  router.post(route.path, urlencoded({ extended: false }), sendBack)
  return router
}

import { Router } from 'express'
import { html } from './html.ts'
import type { Person } from './people.ts'

/** Serves a tiny picture of each person: the first letter of the name on a coloured ground. */
export function pictures(people: readonly Person[]): Router {
  const router = Router()
  router.get('/pictures/:index.svg', (req, res) => {
    const index = Number(req.params.index)
    const person = people[index]
    if (!person) return void res.sendStatus(404)
    const [initial = '?'] = [...person.name]
    const colour = `hsl(${(index * 137) % 360} 45% 40%)`
    res
      .set({
        'cross-origin-resource-policy': 'cross-origin',
        'content-security-policy': "default-src 'none'",
      })
      .type('image/svg+xml')
      .send(
        html`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 50 50" width="50" height="50"><rect width="50" height="50" fill="${colour}"/><text x="25" y="34" font-family="sans-serif" font-size="26" text-anchor="middle" fill="#fff">${initial}</text></svg>`.toString(),
      )
  })
  return router
}

/** Path of a person's picture on the server that has `pictures(people)`. */
export const picturePath = (people: readonly Person[], person: Person): string =>
  `/pictures/${people.indexOf(person)}.svg`

import { createHash } from 'node:crypto'
import type { Response } from 'express'
import { Html, html } from './html.ts'
import type { Person } from './people.ts'

/** A whole page and the headers it needs. */
export interface Page {
  status: number
  headers: Record<string, string>
  body: string
}

/** What the person is asked: who are you, and may this application see that of you? */
export interface ConsentRequest {
  /** The provider that this stands in for: `Amazon`. */
  provider: string
  /** Name of the application that asks. */
  application: string
  /** What it wants to see, in the person's words: `your name`. */
  wishes: readonly string[]
  people: readonly Person[]
  /** The value that the form sends back for a person. */
  subjectOf: (person: Person) => string
}

/**
 * The sign-in and consent page: one button per person and *Cancel*. The form is posted to the page's own URL
 * with `person=<subject>`, or with `cancel=1`.
 */
export const consentPage = (request: ConsentRequest): Page =>
  page(
    200,
    request.provider,
    html`<h1>Sign in</h1>
<p><strong>${request.application}</strong> would like to see ${new Intl.ListFormat('en').format(request.wishes)}.</p>
<form method="post">
${request.people.map(
  (person, index) => html`<p>
<button name="person" value="${request.subjectOf(person)}" aria-describedby="mail-${index}">Continue as ${person.name}</button>
<small id="mail-${index}">${person.email ?? 'no e-mail address'}</small>
</p>
`,
)}<button name="cancel" value="1" class="quiet">Cancel</button>
</form>`,
  )

/** The page that a provider shows when it cannot safely send the browser back. `code` is the provider's own name. */
export const refusalPage = (provider: string, code: string, explanation: string): Page =>
  page(400, provider, html`<h1>400 Bad Request</h1>\n<p>${explanation}</p>\n<p><code>${code}</code></p>`)

/** Sends a page through Express. */
export function sendPage(res: Response, { status, headers, body }: Page): void {
  res.status(status).set(headers).send(body)
}

const style = `
:root { color-scheme: light dark; --ink: #1d2330; --soft: #5a6375; --paper: #fff; --ground: #eef1f6; --line: #c6ccd8; --accent: #2450b8 }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e8ebf2; --soft: #a9b2c3; --paper: #1b2029; --ground: #11141a; --line: #3c4454; --accent: #9db8ff }
}
* { box-sizing: border-box }
body { margin: 0; padding: 1rem; font: 1rem/1.5 system-ui, sans-serif; color: var(--ink); background: var(--ground) }
main { max-width: 26rem; margin: 6vh auto; padding: 1.5rem; background: var(--paper); border: 1px solid var(--line); border-radius: .75rem }
h1 { margin: .25rem 0 0; font-size: 1.5rem }
.provider { margin: 0; color: var(--accent); font-weight: 600 }
.notice, small { color: var(--soft); font-size: .875rem }
small { display: block }
strong, small { overflow-wrap: anywhere }
button { display: block; width: 100%; padding: .75rem 1rem; font: inherit; font-weight: 600; overflow-wrap: anywhere; color: inherit; background: transparent; border: 1px solid var(--line); border-radius: .5rem; cursor: pointer }
button:hover, button:focus-visible { border-color: var(--accent); outline: 2px solid var(--accent); outline-offset: 1px }
button.quiet { font-weight: 400; color: var(--soft) }
form p { margin: 1rem 0; text-align: center }
code { overflow-wrap: anywhere }
`

// No form-action: Chromium applies it to the redirects after the post too, and those lead back to the application.
const headers = {
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy': `default-src 'none'; style-src 'sha256-${createHash('sha256').update(style).digest('base64')}'; base-uri 'none'; frame-ancestors 'none'`,
  'cache-control': 'no-store',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
}

const page = (status: number, provider: string, content: Html): Page => ({
  status,
  headers,
  body: html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Sandbox ${provider}</title>
<style>${new Html(style)}</style>
</head>
<body>
<main>
<p class="provider">Sandbox ${provider}</p>
${content}
<p class="notice">A local stand-in for development. It is not ${provider}, and it asks for no password.</p>
</main>
</body>
</html>
`.toString(),
})

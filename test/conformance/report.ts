import { type ConformanceCase, furtherCases, inapplicableCases, profileCases } from './cases.ts'

/** How a case ended in this run, by its name. */
export type Outcomes = ReadonlyMap<string, string>

const table = (cases: readonly ConformanceCase[], outcomes: Outcomes): string =>
  [
    '| case | the provider | outcome |',
    '| --- | --- | --- |',
    ...cases.map(({ name, provider }) => `| \`${name}\` | ${provider} | ${outcomes.get(name)} |`),
  ].join('\n')

/** `docs/conformance.md`: what this run of the suite saw. */
export const conformanceReport = (outcomes: Outcomes): string => `# Conformance

Written by \`test/conformance\`; \`npx vitest run test/conformance -u\` writes it anew, and \`npm test\` fails where it
says something else than the run. Each case is a sign-in over HTTP with an OpenID provider of its own, configured by the
four variables, that holds us to the standard and does one thing wrong
(\`sandbox/identity/misbehaving-openid-provider.ts\`).

*Signed in* ends at the bucket list, by AWS STS. A refusal is an error page with this status and code, a line in the log
that says the same, and no session; STS is never asked. A callback that is refused is also an audit event.

## The Basic profile for relying parties

Under the names that the OpenID Foundation published, with the cases of the Config profile that concern a configured
issuer. We are stricter than the profile in two places, since AWS STS is: a token without a signature
(\`rp-id_token-sig-none\`) and one with a symmetric signature (\`rp-id_token-sig-hs256\`) are refused.

${table(profileCases, outcomes)}

## Beyond the profile

${table(furtherCases, outcomes)}

## Not applicable

| case | why |
| --- | --- |
${inapplicableCases.map(([names, reason]) => `| ${names} | ${reason} |`).join('\n')}
`

/** What one fault of one party led to. */
export interface Trial {
  party: string
  fault: string
  /** Status and code of the answer, or what else happened. */
  answer: string
  /** Heading of the page. */
  page: string
  /** How often the party was asked; a dash where that cannot be seen. */
  attempts: number | string
  inTime: string
}

const table = (trials: readonly Trial[]): string =>
  [
    '| the party | the answer | the page | attempts | time |',
    '| --- | --- | --- | --- | --- |',
    ...trials.map(
      ({ fault, answer, page, attempts, inTime }) =>
        `| ${fault} | ${answer} | ${page} | ${attempts} | ${inTime} |`,
    ),
  ].join('\n')

/** `docs/faults.md`: what this run of the suite saw. */
export const faultReport = (trials: readonly Trial[]): string => `# Faults

Written by \`test/faults\`; \`npm run test:slow -- -u\` writes it anew, and without \`-u\` that fails where it says
something else than the run. Each line is a sign-in (for S3 and a refresh: the page of buckets; for a revocation: a
sign-out) over HTTP, in a process that knows nothing yet of the party that has the fault. After every one of them nobody is signed in who was not before, STS has
issued nothing to a person whom the provider did not vouch for, no word of the party's is on the page, and the next try
works once the fault is gone.

*Attempts* are requests of ours for this step. A code exchange is asked for once, whatever happens; what only reads is
asked once more after a network failure, a 5xx or a 429; AWS's own SDK tries STS and S3 up to three times. *Time*: a
call to a provider ends after 8 seconds, a sign-in after 25, the page of buckets after 15, a
revocation after 4; the run shortens those
deadlines, and \`deadline\` says that one of them ended the wait. Faults of the connection are faults of a host, and
meet whatever is asked there first.

${[...new Set(trials.map(({ party }) => party))]
  .map((party) => `## ${party}\n\n${table(trials.filter((trial) => trial.party === party))}\n`)
  .join('\n')}`

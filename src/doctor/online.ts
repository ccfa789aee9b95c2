import { createAwsClients } from '../aws-client.ts'
import { secretsOf } from '../config.ts'
import { createHttpClient } from '../http-client.ts'
import { createLog } from '../observe/log.ts'
import { checkAwsOnline } from './aws.ts'
import { ClockComparison } from './clock.ts'
import { type Finding, warn } from './finding.ts'
import { checkProvidersOnline } from './providers.ts'
import { checkPublicUrl } from './public-url.ts'
import { checkSessionStore } from './session-store.ts'
import type { Situation } from './situation.ts'

/**
 * Asks everybody whom a sign-in needs: providers, AWS, the session store, and the application itself under `url`, or
 * else PUBLIC_URL. Nobody is signed in for it.
 */
export async function examineOnline({ config, refused }: Situation, url?: string): Promise<Finding[]> {
  if (refused.length > 0) {
    return [
      warn(
        'the network',
        'was left alone, since the application would not start',
        'Mend what is named above first.',
      ),
    ]
  }
  const http = createHttpClient(() => {})
  const aws = createAwsClients(config, () => {})
  const clock = new ClockComparison()
  const listened = clock.over(http)
  try {
    const findings = await Promise.all([
      checkProvidersOnline(config, listened),
      checkAwsOnline(config, aws, listened),
      checkSessionStore(config, createLog('silent', secretsOf(config))),
      // Not listened to: its clock may be our own.
      checkPublicUrl(config, http, url),
    ])
    return [...findings.flat(), ...clock.findings()]
  } finally {
    await http.close()
    await aws.destroy()
  }
}

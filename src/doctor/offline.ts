import { checkAwsSettings } from './aws-settings.ts'
import { checkClientCredentials } from './client-credentials.ts'
import { checkConfiguration } from './configuration.ts'
import type { Finding } from './finding.ts'
import { checkProviderSettings } from './provider-settings.ts'
import { checkPublicAddress } from './public-address.ts'
import { checkRoles } from './roles.ts'
import { checkSessions } from './sessions.ts'
import type { Situation } from './situation.ts'
import { checkVariableNames } from './variable-names.ts'

/** All that the environment gives away, beside the files that came with the application: nobody is asked. */
export const examineOffline = (situation: Situation): Finding[] =>
  [
    checkConfiguration,
    checkVariableNames,
    checkClientCredentials,
    checkProviderSettings,
    checkRoles,
    checkPublicAddress,
    checkSessions,
    checkAwsSettings,
  ].flatMap((check) => check(situation))

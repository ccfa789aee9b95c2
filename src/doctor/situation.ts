import { randomBytes } from 'node:crypto'
import { type Config, ConfigError, type ConfigProblem, type Environment, readConfig } from '../config.ts'

/** What the checks that need no network look at. */
export interface Situation {
  env: Environment
  config: Config
  /** Variables over which the process would refuse to start; `config` is read without them. */
  refused: ConfigProblem[]
}

/** Reads the environment also where the process would refuse to start over it, so that one look finds everything. */
export function situationOf(env: Environment): Situation {
  try {
    return { env, config: readConfig(env), refused: [] }
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    const refused = error.problems
    const rest = { ...env }
    for (const { variable } of refused) delete rest[variable]
    if (refused.some(({ variable }) => variable === 'SESSION_SECRET')) {
      rest.SESSION_SECRET = randomBytes(32).toString('base64url')
    }
    return { ...situationOf(rest), env, refused }
  }
}

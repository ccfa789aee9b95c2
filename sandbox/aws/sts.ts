import { randomUUID } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { type LoopbackServer, listenOnLoopback } from '../loopback-server.ts'
import { assumeRoleWithWebIdentity, type StsAccount } from './assume-role-with-web-identity.ts'
import { AwsError } from './aws-error.ts'
import { getCallerIdentity } from './get-caller-identity.ts'
import { type HttpRequest, queryParameters, readRequest } from './http-request.ts'
import type { IdentityProvider } from './identity-providers/identity-provider.ts'
import { declareRole, type RoleDeclaration } from './roles.ts'
import type { Sessions } from './sessions.ts'
import { type XmlContent, xmlDocument } from './xml.ts'

export interface StsOptions {
  identityProviders: IdentityProvider[]
  roles: RoleDeclaration[]
  /** Where issued credentials are kept; the same object is given to S3. */
  sessions: Sessions
  /** Lifetime of every session in seconds, whatever is asked for: for showing what expiry looks like. */
  sessionSecondsOverride?: number
  /** Default: any free one. */
  port?: number
  /** Milliseconds since the epoch; default `Date.now`. */
  clock?: () => number
}

/** One call and how it ended. */
interface Exchange {
  /** All parameters as sent, `Action` and `Version` among them. */
  parameters: Record<string, string>
  /** `OK`, or AWS's error code. */
  outcome: string
}

export interface Sts extends LoopbackServer {
  /** Every call so far, in order. */
  exchanges: Exchange[]
}

const VERSION = '2011-06-15'
const NAMESPACE = `https://sts.amazonaws.com/doc/${VERSION}/`
const MAX_BODY_BYTES = 256 * 1024

/**
 * Starts a local AWS Security Token Service: AssumeRoleWithWebIdentity and GetCallerIdentity over the query protocol.
 *
 * @throws TypeError when the ARN of a role is malformed
 * @see "AWS Security Token Service API reference"
 */
export async function startSts(options: StsOptions): Promise<Sts> {
  const { clock = () => Date.now(), sessions, identityProviders, sessionSecondsOverride } = options
  const roles = options.roles.map(declareRole)
  const account: StsAccount = { identityProviders, roles, sessions, sessionSecondsOverride }
  const exchanges: Exchange[] = []

  const perform = (
    parameters: Record<string, string>,
    request: HttpRequest,
  ): XmlContent | Promise<XmlContent> => {
    const { Action: action, Version: version = 'NO_VERSION_SPECIFIED' } = parameters
    if (!action) throw new AwsError(400, 'MissingAction', 'The request is missing an action.')
    if (version === VERSION && action === 'AssumeRoleWithWebIdentity') {
      return assumeRoleWithWebIdentity(account, parameters, clock())
    }
    if (version === VERSION && action === 'GetCallerIdentity') {
      return getCallerIdentity(sessions, request, clock())
    }
    throw new AwsError(400, 'InvalidAction', `Could not find operation ${action} for version ${version}`)
  }

  const answer = async (req: IncomingMessage, res: ServerResponse) => {
    const exchange: Exchange = { parameters: {}, outcome: 'OK' }
    exchanges.push(exchange)
    const requestId = randomUUID()
    res.setHeader('date', new Date(clock()).toUTCString())
    res.setHeader('content-type', 'text/xml')
    res.setHeader('x-amzn-requestid', requestId)
    try {
      const request = await readRequest(req, MAX_BODY_BYTES)
      exchange.parameters = readParameters(request)
      const result = await perform(exchange.parameters, request)
      const { Action: action } = exchange.parameters
      const content = { [`${action}Result`]: result, ResponseMetadata: { RequestId: requestId } }
      res.end(xmlDocument(`${action}Response`, content, NAMESPACE))
    } catch (error) {
      const refusal = error instanceof AwsError ? error : new AwsError(500, 'InternalFailure', String(error))
      exchange.outcome = refusal.code
      res.statusCode = refusal.status
      const type = refusal.status < 500 ? 'Sender' : 'Receiver'
      const content = { Type: type, Code: refusal.code, Message: refusal.message }
      res.end(xmlDocument('ErrorResponse', { Error: content, RequestId: requestId }, NAMESPACE))
    }
  }

  return { ...(await listenOnLoopback((req, res) => void answer(req, res), options.port)), exchanges }
}

/** A query may come in the body or, as AWS too allows, in the URL. */
const readParameters = ({ url, body }: HttpRequest): Record<string, string> => ({
  ...Object.fromEntries(queryParameters(url)),
  ...Object.fromEntries(new URLSearchParams(body.toString())),
})

import { randomBytes, randomInt } from 'node:crypto'
import type { PolicyDocument } from './policies.ts'
import type { Role } from './roles.ts'

/** Who holds an access key, and what it opens. */
export interface Caller {
  accessKeyId: string
  secretAccessKey: string
  arn: string
  /** As GetCallerIdentity and `${aws:userid}` print it. */
  userId: string
  accountId: string
  permissionPolicy: PolicyDocument
}

/** Temporary credentials of somebody who has assumed a role; AWS clients take them as they are. */
export interface Session extends Caller {
  sessionToken: string
  expiration: Date
  role: Role
  roleSessionName: string
  /** Inline policy of the STS call. `undefined`: nothing narrows the role's own. */
  sessionPolicy: PolicyDocument | undefined
  /** The identity provider's name for the person. */
  subject: string
  /** Condition keys that came out of the web identity token. */
  contextKeys: Record<string, string>
}

/** A long-term key pair that may do everything in S3: for seeding, and for clients other than the application. */
export interface Operator {
  accessKeyId: string
  secretAccessKey: string
  accountId: string
}

/** The credentials that STS has issued and S3 accepts. */
export class Sessions {
  #callers = new Map<string, Caller | Session>()

  constructor(operator?: Operator) {
    if (!operator) return
    this.#callers.set(operator.accessKeyId, {
      ...operator,
      arn: `arn:aws:iam::${operator.accountId}:user/operator`,
      userId: `AIDA${'OPERATOR'.padEnd(17, '0')}`,
      permissionPolicy: {
        Version: '2012-10-17',
        Statement: [{ Effect: 'Allow', Action: 's3:*', Resource: '*' }],
      },
    })
  }

  /** Makes up credentials for a session and remembers them. */
  issue(session: Omit<Session, keyof Caller | 'sessionToken'>): Session {
    const { role, roleSessionName } = session
    const issued: Session = {
      ...session,
      accessKeyId: `ASIA${Array.from({ length: 16 }, () => BASE32[randomInt(32)]).join('')}`,
      secretAccessKey: randomBytes(30).toString('base64'),
      // Base64, like AWS's: its `+`, `/` and `=` find out who encodes once too often or too seldom.
      sessionToken: randomBytes(256).toString('base64'),
      arn: `arn:aws:sts::${role.accountId}:assumed-role/${role.name}/${roleSessionName}`,
      userId: `${role.id}:${roleSessionName}`,
      accountId: role.accountId,
      permissionPolicy: role.permissionPolicy,
    }
    this.#callers.set(issued.accessKeyId, issued)
    return issued
  }

  /** The holder of an access key, expired or not. */
  find(accessKeyId: string): Caller | Session | undefined {
    return this.#callers.get(accessKeyId)
  }

  /** Ends every session at once, as if its time were up. */
  expireAll(): void {
    for (const caller of this.#callers.values()) if (isSession(caller)) caller.expiration = new Date(0)
  }
}

/** Whether credentials are temporary. */
export const isSession = (caller: Caller | Session): caller is Session => 'sessionToken' in caller

const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'

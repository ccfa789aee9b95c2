import { createHash } from 'node:crypto'
import type { PolicyDocument } from './policies.ts'

/** An IAM role as it is declared. */
export interface RoleDeclaration {
  /** `arn:aws:iam::123456789012:role/path/name`; account id and name are read from it. */
  arn: string
  trustPolicy: PolicyDocument
  permissionPolicy: PolicyDocument
  /** 3600 to 43200 seconds; default 3600. */
  maxSessionDurationSeconds?: number
}

/** An IAM role with what follows from its ARN. */
export interface Role extends Required<RoleDeclaration> {
  accountId: string
  /** Without the path. */
  name: string
  /** Unique id, `AROA…`; the same for the same ARN. */
  id: string
}

const ROLE_ARN = /^arn:aws:iam::(\d{12}):role\/(?:[\w+=,.@-]+\/)*([\w+=,.@-]{1,64})$/

/** Whether IAM could have given this ARN to a role. */
export const isRoleArn = (arn: string): boolean => ROLE_ARN.test(arn)

/** Completes a declaration. @throws TypeError when the ARN is not a role's */
export function declareRole(role: RoleDeclaration): Role {
  const [, accountId, name] = ROLE_ARN.exec(role.arn) ?? []
  if (!accountId || !name) throw new TypeError(`Not the ARN of a role: ${role.arn}`)
  const id = `AROA${createHash('sha256').update(role.arn).digest('hex').slice(0, 17).toUpperCase()}`
  return { maxSessionDurationSeconds: 3600, ...role, accountId, name, id }
}

/** What a role's trust policy must say before STS accepts a token, taken from the token itself. */
export interface TrustEvidence {
  /** `Principal.Federated`. For an OpenID provider only `oidc-provider/…`, since its ARN names the role's account. */
  federated: string
  conditionKey: string
  conditionValue: string
  /** IAM's key for the person's id at the provider, as policies have it: `${www.amazon.com:user_id}`. */
  subjectKey: string
  /** Claims of the token that matter here, such as `iss` and `aud`. Never the token. */
  claims: Record<string, string>
  /** The mistake that others have made with this provider's condition. */
  pitfall?: string
}

/**
 * The trust policy that lets exactly this application's people assume the role: to paste, in JSON.
 * @see "Creating a role for web identity or OpenID Connect federation", AWS IAM user guide
 */
export function trustPolicyFor(
  roleArn: string,
  { federated, conditionKey, conditionValue }: TrustEvidence,
): string {
  const [, partition = 'aws', , , account = ''] = roleArn.split(':')
  const isArn = federated.startsWith('oidc-provider/')
  return JSON.stringify({
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow',
        Principal: { Federated: isArn ? `arn:${partition}:iam::${account}:${federated}` : federated },
        Action: 'sts:AssumeRoleWithWebIdentity',
        Condition: { StringEquals: { [conditionKey]: conditionValue } },
      },
    ],
  })
}

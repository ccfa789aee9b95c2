/** Real session tokens have several hundred characters. */
const padding = 'x'.repeat(400)
const accessSeconds = 3600

/** AssumeRoleWithWebIdentity's answer. The session token names the sign-in. @see AWS STS API reference */
export const assumeRoleWithWebIdentity = (code: string): string =>
  `<AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleWithWebIdentityResult><Audience>amzn1.application.0123456789abcdef</Audience><AssumedRoleUser><AssumedRoleId>AROAEXAMPLEEXAMPLE000:${code}@example.com</AssumedRoleId><Arn>arn:aws:sts::123456789012:assumed-role/bench/${code}@example.com</Arn></AssumedRoleUser><Provider>www.amazon.com</Provider><SubjectFromWebIdentityToken>amzn1.account.${code}</SubjectFromWebIdentityToken><Credentials><AccessKeyId>ASIAEXAMPLEEXAMPLE00</AccessKeyId><SecretAccessKey>wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY00</SecretAccessKey><SessionToken>session.${code}.${padding}</SessionToken><Expiration>${new Date(Date.now() + accessSeconds * 1000).toISOString()}</Expiration></Credentials></AssumeRoleWithWebIdentityResult><ResponseMetadata><RequestId>00000000-0000-4000-8000-000000000000</RequestId></ResponseMetadata></AssumeRoleWithWebIdentityResponse>`

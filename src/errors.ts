/**
 * Who can mend a failure: the person, whoever runs this application, the identity provider, AWS, or the
 * administrator of the AWS account.
 */
export type Mender = 'person' | 'operator' | 'provider' | 'aws' | 'account'

/** What a person and an operator are told about one kind of failure. */
interface Explanation {
  /** HTTP status of the answer. 5xx only for what the application itself saw go wrong. */
  status: number
  mender: Mender
  /** For the person, on the page. */
  sentence: string
  /** For the operator, in the log. */
  instruction: string
}

/**
 * Every failure that has a name, as `stage.what_happened`. A failure that came in by the browser is a 4xx,
 * also when it claims to be the identity provider's: it cannot be told from a forgery.
 */
const catalogue = {
  'request.not_found': {
    status: 404,
    mender: 'person',
    sentence: 'There is no such page.',
    instruction: 'Nothing to do.',
  },
  'request.method_not_allowed': {
    status: 405,
    mender: 'person',
    sentence: 'This page cannot be used in this way.',
    instruction: 'Nothing to do.',
  },
  'request.malformed': {
    status: 400,
    mender: 'person',
    sentence: 'The browser sent something that this site cannot read.',
    instruction: 'Frequent? Look for a proxy that rewrites requests.',
  },
  'request.too_large': {
    status: 413,
    mender: 'person',
    sentence: 'The browser sent more than this site accepts.',
    instruction: 'Nothing to do.',
  },
  'request.too_many': {
    status: 429,
    mender: 'person',
    sentence: 'There were many sign-ins from your network within a minute. Please try again in a moment.',
    instruction:
      'One client address made more than RATE_LIMIT sign-in requests in a minute. Many people behind one address? Raise it. Everybody at once? TRUST_PROXY lacks the proxy.',
  },
  'request.foreign_host': {
    status: 421,
    mender: 'operator',
    sentence: 'This site is not served under the address that was used.',
    instruction: 'Only the host of PUBLIC_URL is served. Compare it with the name that people type.',
  },
  'request.cross_site': {
    status: 403,
    mender: 'operator',
    sentence:
      'Nothing was done: the page was out of date, or the request came from another site. You may still be signed in.',
    instruction:
      'Frequent? PUBLIC_URL differs from the address in the browser, or TRUST_PROXY lacks the proxy.',
  },
  'login.provider_unknown': {
    status: 404,
    mender: 'person',
    sentence: 'There is no such way to sign in.',
    instruction: 'Nothing to do. A provider is known once its X_APP_ID is set.',
  },
  'login.provider_off': {
    status: 404,
    mender: 'operator',
    sentence: 'This way to sign in is not available here.',
    instruction: 'The log of the last start names the variables that are missing or malformed.',
  },
  'login.cancelled': {
    status: 403,
    mender: 'person',
    sentence: 'You did not allow the sign-in, so nothing happened. You can try again at any time.',
    instruction: 'Nothing to do.',
  },
  'login.state_missing': {
    status: 400,
    mender: 'person',
    sentence: 'The sign-in came back incomplete. Please start it again.',
    instruction:
      'The callback was opened without a state parameter: a bookmark, a robot, or a stripped redirect.',
  },
  'login.no_attempt': {
    status: 403,
    mender: 'person',
    sentence:
      'This browser has no sign-in under way. It may have begun in another browser, or cookies are blocked. Please start again.',
    instruction:
      'Frequent? The attempt cookie does not survive the redirect: compare scheme and host of PUBLIC_URL with the browser’s.',
  },
  'login.state_mismatch': {
    status: 403,
    mender: 'person',
    sentence: 'This sign-in was already used, or was started somewhere else. Please start it again.',
    instruction: 'Frequent? SESSION_SECRET differs between instances, or somebody tries to forge sign-ins.',
  },
  'login.attempt_expired': {
    status: 403,
    mender: 'person',
    sentence: 'This sign-in took too long and has expired. Please start it again.',
    instruction: 'Nothing to do. An attempt is good for ten minutes.',
  },
  'login.provider_mismatch': {
    status: 403,
    mender: 'person',
    sentence: 'This sign-in was started with another provider. Please start it again.',
    instruction: 'Somebody, or a provider, mixed up two sign-ins (RFC 9700, mix-up attack).',
  },
  'login.grant_not_enabled': {
    status: 400,
    mender: 'person',
    sentence: 'This kind of sign-in is switched off here. Please start again.',
    instruction: 'A token came in the URL, which only AMAZON_GRANT=implicit accepts.',
  },
  'provider.refused': {
    status: 400,
    mender: 'provider',
    sentence: 'The identity provider did not complete the sign-in. Please try again.',
    instruction: 'See the error and its description in this log line.',
  },
  'provider.busy': {
    status: 400,
    mender: 'provider',
    sentence:
      'The identity provider says that it has a problem at the moment. Please try again in a few minutes.',
    instruction:
      'server_error or temporarily_unavailable came back by the browser. Look at the provider’s status page.',
  },
  'provider.misconfigured': {
    status: 400,
    mender: 'operator',
    sentence: 'The identity provider and this application do not fit together. The operator must mend it.',
    instruction:
      'Compare X_ISSUER, X_APP_ID, X_SCOPE and the registered redirect URI with the provider’s console; the problem in this log line says more.',
  },
  'provider.code_rejected': {
    status: 400,
    mender: 'person',
    sentence: 'The identity provider no longer accepts this sign-in. Please start it again.',
    instruction:
      'The authorization code was used, expired, or belongs to another redirect URI or PKCE verifier.',
  },
  'provider.client_rejected': {
    status: 502,
    mender: 'operator',
    sentence: 'The identity provider does not recognise this application. The operator must mend it.',
    instruction: 'X_APP_ID or X_APP_SECRET is wrong, or the secret was rotated.',
  },
  'provider.unreachable': {
    status: 502,
    mender: 'operator',
    sentence: 'The identity provider cannot be reached at the moment. Please try again in a few minutes.',
    instruction:
      'Name lookup, connection or TLS failed. Check outbound access, and X_ISSUER or the X_…_URL variables.',
  },
  'provider.unavailable': {
    status: 502,
    mender: 'provider',
    sentence: 'The identity provider has a problem at the moment. Please try again in a few minutes.',
    instruction: 'The provider answered with a server error; look at its status page.',
  },
  'provider.timeout': {
    status: 504,
    mender: 'provider',
    sentence: 'The identity provider did not answer in time. Please try again in a few minutes.',
    instruction: 'See which call was slow in this log line.',
  },
  'provider.throttled': {
    status: 503,
    mender: 'provider',
    sentence: 'The identity provider is being asked too often. Please try again in a few minutes.',
    instruction: 'The provider answered 429, or its own code for it.',
  },
  'provider.answer_invalid': {
    status: 502,
    mender: 'provider',
    sentence: 'The identity provider gave an answer that makes no sense. Please try again later.',
    instruction: 'See the cause: wrong status, not JSON, too large, or a missing field.',
  },
  'provider.token_not_ours': {
    status: 403,
    mender: 'operator',
    sentence: 'The identity provider issued this sign-in for another application, so it was refused.',
    instruction: 'A token of another client was presented: an attack, or X_APP_ID names another application.',
  },
  'provider.token_invalid': {
    status: 403,
    mender: 'provider',
    sentence: 'The identity provider’s answer could not be verified, so the sign-in was refused.',
    instruction:
      'A signature or a claim of the token is wrong; the cause names it. Check the clock of this host.',
  },
  'provider.profile_mismatch': {
    status: 403,
    mender: 'provider',
    sentence:
      'The identity provider gave contradicting answers about who you are, so the sign-in was refused.',
    instruction: 'The profile and the verified token name two different subjects.',
  },
  'federation.access_denied': {
    status: 403,
    mender: 'account',
    sentence: 'You are known, but AWS does not let this application act for you. The operator must mend it.',
    instruction:
      'The role does not exist, or its trust policy names another principal, application id or audience. Compare it with the one given here.',
  },
  'federation.web_identity_rejected': {
    status: 403,
    mender: 'account',
    sentence: 'AWS could not verify your sign-in. Please try again; if it happens again, tell the operator.',
    instruction:
      'InvalidIdentityToken: the role’s provider is not this one, or the OpenID provider is not registered in IAM with this audience.',
  },
  'federation.claim_rejected': {
    status: 403,
    mender: 'person',
    sentence: 'The identity provider told AWS that your sign-in is no longer good. Please sign in again.',
    instruction: 'IDPRejectedClaim: the token expired or was revoked between the callback and the STS call.',
  },
  'federation.token_expired': {
    status: 403,
    mender: 'person',
    sentence: 'Your sign-in expired before AWS saw it. Please sign in again.',
    instruction: 'ExpiredTokenException: compare the clock of this host; look for slow provider calls.',
  },
  'federation.token_too_large': {
    status: 500,
    mender: 'provider',
    sentence: 'The identity provider says more about you than AWS reads. The operator must mend it.',
    instruction:
      'AWS STS takes tokens of up to 20000 characters. Have the provider put fewer claims, such as groups, into its ID tokens, or ask for fewer scopes in X_SCOPE.',
  },
  'federation.provider_unreachable': {
    status: 503,
    mender: 'provider',
    sentence: 'AWS could not reach the identity provider. Please try again in a moment.',
    instruction:
      'IDPCommunicationError after retries: STS could not fetch the provider’s keys or token information.',
  },
  'federation.request_invalid': {
    status: 500,
    mender: 'operator',
    sentence: 'AWS did not accept this application’s request. The operator must mend it.',
    instruction:
      'ValidationError: X_ROLE_ARN, or the name of the role session, is not as AWS wants it. Ceph answers so to a ROLE_SESSION_SECONDS above the role’s maximum and to a SESSION_POLICY that it cannot read, too.',
  },
  'federation.duration_too_long': {
    status: 500,
    mender: 'operator',
    sentence: 'This site asks AWS for longer access than the role may give. The operator must mend it.',
    instruction:
      'ROLE_SESSION_SECONDS is more than the MaxSessionDuration of the role. AWS shortens nothing: lower the one, or raise the other (aws iam update-role).',
  },
  'federation.parameter_missing': {
    status: 500,
    mender: 'operator',
    sentence: 'AWS found this application’s request incomplete. The operator must mend it.',
    instruction:
      'MissingParameter: something between this host and STS shortens the form of the request, or AWS_ENDPOINT_URL_STS is a stand-in that wants more than STS does.',
  },
  'federation.parameter_rejected': {
    status: 500,
    mender: 'operator',
    sentence:
      'AWS found a value in this application’s request that it cannot use. The operator must mend it.',
    instruction:
      'InvalidParameterValue: compare X_ROLE_ARN, ROLE_SESSION_SECONDS and SESSION_POLICY with what STS allows.',
  },
  'federation.action_unknown': {
    status: 502,
    mender: 'operator',
    sentence: 'What this site asks for access is not AWS’s service for it. The operator must mend it.',
    instruction:
      'InvalidAction or MissingAction: AWS_ENDPOINT_URL_STS is the address of another service, or a proxy takes the form away.',
  },
  'federation.request_expired': {
    status: 500,
    mender: 'operator',
    sentence: 'AWS got this application’s request too late to answer it. Please sign in again.',
    instruction:
      'RequestExpired: synchronise the clock of this host, and look for a proxy that holds requests back.',
  },
  'federation.key_rejected': {
    status: 500,
    mender: 'operator',
    sentence: 'AWS was shown a key that it does not know. The operator must mend it.',
    instruction:
      'InvalidClientTokenId: this call carries no key, so something on the way to STS adds one; or AWS_REGION is in another partition (China, GovCloud) than the role.',
  },
  'federation.account_not_ready': {
    status: 500,
    mender: 'account',
    sentence: 'The AWS account of this site is not set up for this. The operator must mend it.',
    instruction:
      'OptInRequired: finish the sign-up of the account, or opt it in to AWS_REGION, or choose another region.',
  },
  'federation.policy_rejected': {
    status: 500,
    mender: 'operator',
    sentence: 'AWS did not accept this application’s session policy. The operator must mend it.',
    instruction: 'MalformedPolicyDocument: mend SESSION_POLICY, or take it away for the default.',
  },
  'federation.policy_too_large': {
    status: 500,
    mender: 'operator',
    sentence: 'This application’s session policy is too large for AWS. The operator must mend it.',
    instruction:
      'PackedPolicyTooLarge: shorten SESSION_POLICY. Session tags that the provider puts into its token count as well.',
  },
  'federation.region_disabled': {
    status: 500,
    mender: 'account',
    sentence: 'AWS does not hand out access in the region that this site uses. The operator must mend it.',
    instruction:
      'RegionDisabledException: activate STS for AWS_REGION in the account, or choose another region.',
  },
  'federation.throttled': {
    status: 503,
    mender: 'aws',
    sentence: 'AWS is being asked too often. Please try again in a moment.',
    instruction: 'STS throttled the call after retries.',
  },
  'federation.unavailable': {
    status: 502,
    mender: 'aws',
    sentence: 'AWS has a problem at the moment. Please try again in a few minutes.',
    instruction: 'STS answered with a server error after retries; see its code in this log line.',
  },
  'federation.internal_failure': {
    status: 502,
    mender: 'aws',
    sentence: 'AWS had an error of its own. Please try again in a few minutes.',
    instruction:
      'InternalFailure after retries. If it stays, AWS Support takes the AWS request id in this log line.',
  },
  'federation.unreachable': {
    status: 502,
    mender: 'operator',
    sentence: 'AWS cannot be reached at the moment. Please try again in a few minutes.',
    instruction: 'Check outbound access to STS, AWS_REGION and AWS_ENDPOINT_URL_STS.',
  },
  'federation.timeout': {
    status: 504,
    mender: 'aws',
    sentence: 'AWS did not answer in time. Please try again in a few minutes.',
    instruction: 'The STS call ran out of time.',
  },
  'federation.answer_invalid': {
    status: 502,
    mender: 'operator',
    sentence: 'AWS gave an answer that makes no sense. Please try again later.',
    instruction: 'The STS answer was not readable, or lacked credentials. Check AWS_ENDPOINT_URL_STS.',
  },
  'federation.subject_mismatch': {
    status: 403,
    mender: 'provider',
    sentence: 'AWS and the identity provider disagree about who you are, so the sign-in was refused.',
    instruction: 'SubjectFromWebIdentityToken differs from the subject that the provider vouched for.',
  },
  'session.required': {
    status: 401,
    mender: 'person',
    sentence: 'Please sign in first.',
    instruction: 'Nothing to do.',
  },
  'session.expired': {
    status: 401,
    mender: 'person',
    sentence: 'Your access has run out. Please sign in again.',
    instruction: 'Nothing to do.',
  },
  'session.store_unavailable': {
    status: 503,
    mender: 'operator',
    sentence: 'Your session cannot be read at the moment. Please try again in a moment.',
    instruction: 'The session store of SESSION_STORE does not answer; the cause says why.',
  },
  's3.access_denied': {
    status: 403,
    mender: 'account',
    sentence: 'Your access does not allow this. The operator can change that.',
    instruction:
      'This log line says which action was denied, on what and why. Look for SESSION_POLICY, a boundary or an SCP, too.',
  },
  's3.no_such_bucket': {
    status: 404,
    mender: 'person',
    sentence: 'There is no bucket of this name. Names of buckets are exact, and in lower case.',
    instruction: 'Nothing to do. Frequent? Compare S3_BUCKETS and S3_HOME with the buckets of the account.',
  },
  's3.no_such_key': {
    status: 404,
    mender: 'person',
    sentence: 'There is no file of this name in the bucket. It may have been moved or deleted.',
    instruction: 'Nothing to do.',
  },
  's3.object_archived': {
    status: 409,
    mender: 'account',
    sentence:
      'This file is in an archive. Somebody with access to the bucket must restore it before it can be read.',
    instruction: 'Nothing to do. RestoreObject, for those who may, brings it back for a number of days.',
  },
  's3.key_unknown': {
    status: 401,
    mender: 'person',
    sentence: 'AWS no longer knows this access. Please sign in again.',
    instruction:
      'InvalidAccessKeyId: the role’s sessions were revoked, or AWS_ENDPOINT_URL_S3 is not of the account that STS is of.',
  },
  's3.token_rejected': {
    status: 401,
    mender: 'person',
    sentence: 'AWS no longer accepts this access. Please sign in again.',
    instruction:
      'InvalidToken: the session token is damaged, or from another partition than AWS_REGION; or the region wants tokens of a regional STS endpoint.',
  },
  's3.signature_rejected': {
    status: 401,
    mender: 'operator',
    sentence: 'AWS does not recognise this site’s signature. Please sign in again.',
    instruction:
      'SignatureDoesNotMatch: a proxy on the way to S3 changes requests, or AWS_ENDPOINT_URL_S3 is served under another name than it is called by.',
  },
  's3.clock_skewed': {
    status: 500,
    mender: 'operator',
    sentence: 'The clock of this site is wrong, so AWS refuses its requests. The operator must mend it.',
    instruction: 'RequestTimeTooSkewed: synchronise the clock of this host.',
  },
  's3.request_invalid': {
    status: 400,
    mender: 'person',
    sentence: 'Amazon S3 did not accept this address. Please start from the bucket list.',
    instruction: 'A parameter such as the continuation token was refused; it may come from an old link.',
  },
  's3.wrong_region': {
    status: 502,
    mender: 'operator',
    sentence: 'This is in a region of AWS that this site cannot follow to. The operator must mend it.',
    instruction:
      'PermanentRedirect or AuthorizationHeaderMalformed: S3 named no region, or one where it sends elsewhere again. Compare AWS_REGION and AWS_ENDPOINT_URL_S3.',
  },
  's3.throttled': {
    status: 503,
    mender: 'aws',
    sentence: 'Amazon S3 is being asked too often. Please try again in a moment.',
    instruction: 'SlowDown or another throttling answer after retries.',
  },
  's3.unreachable': {
    status: 502,
    mender: 'operator',
    sentence: 'Amazon S3 cannot be reached at the moment. Please try again in a few minutes.',
    instruction: 'Check outbound access to S3, AWS_REGION and AWS_ENDPOINT_URL_S3.',
  },
  's3.timeout': {
    status: 504,
    mender: 'aws',
    sentence: 'Amazon S3 did not answer in time. Please try again in a few minutes.',
    instruction: 'The S3 call ran out of time.',
  },
  's3.connection_idle': {
    status: 502,
    mender: 'operator',
    sentence: 'The connection from this site to Amazon S3 stalled. Please try again in a moment.',
    instruction:
      'RequestTimeout after retries: S3 waited in vain for the rest of a request. Look at the load and the network of this host.',
  },
  's3.internal_error': {
    status: 502,
    mender: 'aws',
    sentence: 'Amazon S3 had an error of its own. Please try again in a few minutes.',
    instruction:
      'InternalError after retries. If it stays, AWS Support takes the AWS request id in this log line.',
  },
  's3.unavailable': {
    status: 502,
    mender: 'aws',
    sentence: 'Amazon S3 has a problem at the moment. Please try again in a few minutes.',
    instruction: 'See S3’s code in this log line, and AWS_ENDPOINT_URL_S3 where that is not AWS’s own.',
  },
  'internal.unexpected': {
    status: 500,
    mender: 'operator',
    sentence: 'Something went wrong on our side.',
    instruction: 'A defect: please report it with the stack trace in this log line.',
  },
} as const satisfies Record<string, Explanation>

export type ErrorCode = keyof typeof catalogue

/** Harmless facts for the log: names, statuses, upstream codes. Never a token, never a body. */
export type ErrorDetails = Record<string, string | number | boolean | undefined>

/** The one error that the application throws on purpose. `cause` is for the log only. */
export class AppError extends Error {
  override readonly name = 'AppError'
  readonly code: ErrorCode
  readonly details: ErrorDetails

  constructor(code: ErrorCode, options: { cause?: unknown; details?: ErrorDetails } = {}) {
    super(code, options.cause === undefined ? {} : { cause: options.cause })
    this.code = code
    this.details = options.details ?? {}
  }

  get status(): number {
    return catalogue[this.code].status
  }

  get sentence(): string {
    return catalogue[this.code].sentence
  }

  get instruction(): string {
    return catalogue[this.code].instruction
  }

  get mender(): Mender {
    return catalogue[this.code].mender
  }
}

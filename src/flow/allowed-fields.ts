import type { CallKind } from './receipt.ts'

/**
 * What a value must look like to be shown; `mask` shows the beginning of what is personal. A field that has no rule is
 * not even named, since others choose its name.
 */
export type Rule = RegExp | 'mask' | 'hide'
export type Rules = Readonly<Record<string, Rule>>

const word = /^[A-Za-z][\w.:-]{0,63}$/
const number = /^-?\d{1,15}$/
const yesOrNo = /^(true|false|0|1)$/
const instant = /^\d{4}-\d\d-\d\d[T ][\d:.]+Z?$/
/** Without a query, where secrets travel. */
const url = /^https?:\/\/[^\s?#@]{1,300}$/
const name = /^[\w.@:|+=,/~-]{1,255}$/
const words = /^[\w.:/,+ -]{0,400}$/
const mediaType = /^[\w./+*-]{1,60}([;,] ?[\w./+*="-]{1,60})*$/

const headers: Rules = {
  'Authorization: Basic': 'hide',
  'Authorization: Bearer': 'hide',
  Accept: mediaType,
  'Content-Type': mediaType,
}

const answerHeaders: Rules = {
  'content-type': mediaType,
  'x-amzn-requestid': name,
  'x-fb-trace-id': name,
}

/** @see RFC 6749 section 5.2, and "Handling Errors", Facebook Graph API */
const failure: Rules = {
  error: word,
  error_description: 'hide',
  error_uri: 'hide',
  'error.type': word,
  'error.code': number,
  'error.error_subcode': number,
  'error.message': 'hide',
  'error.fbtrace_id': name,
}

/** Claims of an ID token or of a userinfo answer. @see OpenID Connect Core 1.0, sections 2 and 5.1 */
const claims: Rules = {
  iss: url,
  sub: name,
  aud: name,
  azp: name,
  exp: number,
  iat: number,
  nbf: number,
  auth_time: number,
  nonce: 'hide',
  at_hash: 'hide',
  c_hash: 'hide',
  jti: 'hide',
  sid: 'hide',
  acr: word,
  amr: word,
  hd: name,
  email: 'mask',
  email_verified: yesOrNo,
  name: 'mask',
  given_name: 'mask',
  family_name: 'mask',
  preferred_username: 'mask',
  picture: 'hide',
  locale: word,
}

const under = (prefix: string, rules: Rules): Rules =>
  Object.fromEntries(Object.entries(rules).map(([key, rule]) => [`${prefix}${key}`, rule]))

const secretsOfTokens: Rules = {
  access_token: 'hide',
  refresh_token: 'hide',
  id_token: 'hide',
}

/** The rules for each kind of call, for what is asked and for what is answered. */
export const allowedFields: Record<CallKind, { request: Rules; answer: Rules }> = {
  authorization: {
    request: {
      response_type: word,
      client_id: name,
      redirect_uri: url,
      scope: words,
      state: 'hide',
      nonce: 'hide',
      code_challenge: 'hide',
      code_challenge_method: word,
      prompt: words,
      access_type: word,
      auth_type: word,
    },
    answer: {},
  },
  return: {
    request: {
      ...secretsOfTokens,
      code: 'hide',
      state: 'hide',
      iss: url,
      scope: words,
      token_type: word,
      expires_in: number,
      session_state: 'hide',
      error: word,
      error_reason: word,
      error_code: word,
      error_description: 'hide',
      error_message: 'hide',
    },
    answer: {},
  },
  token: {
    request: {
      ...headers,
      ...secretsOfTokens,
      grant_type: word,
      code: 'hide',
      redirect_uri: url,
      client_id: name,
      client_secret: 'hide',
      client_assertion: 'hide',
      client_assertion_type: words,
      code_verifier: 'hide',
    },
    answer: {
      ...answerHeaders,
      ...failure,
      ...secretsOfTokens,
      token_type: word,
      expires_in: number,
      scope: words,
      ...under('id_token header: ', { alg: word, kid: name, typ: word }),
      ...under('id_token claim: ', claims),
    },
  },
  inspection: {
    request: { ...headers, access_token: 'hide', input_token: 'hide' },
    answer: {
      ...answerHeaders,
      ...failure,
      iss: url,
      aud: name,
      app_id: name,
      user_id: name,
      exp: number,
      iat: number,
      'data.app_id': name,
      'data.user_id': name,
      'data.is_valid': yesOrNo,
      'data.type': word,
      'data.expires_at': number,
      'data.data_access_expires_at': number,
      'data.issued_at': number,
      'data.scopes': word,
    },
  },
  profile: {
    request: { ...headers, fields: words, appsecret_proof: 'hide' },
    answer: {
      ...answerHeaders,
      ...failure,
      ...claims,
      user_id: name,
      id: name,
      postal_code: 'hide',
      'picture.data.url': 'hide',
    },
  },
  keys: {
    request: headers,
    answer: {
      ...answerHeaders,
      'keys.kid': name,
      'keys.alg': word,
      'keys.kty': word,
      'keys.use': word,
    },
  },
  discovery: {
    request: headers,
    answer: {
      ...answerHeaders,
      issuer: url,
      authorization_endpoint: url,
      token_endpoint: url,
      userinfo_endpoint: url,
      jwks_uri: url,
      id_token_signing_alg_values_supported: word,
      code_challenge_methods_supported: word,
      token_endpoint_auth_methods_supported: word,
    },
  },
  sts: {
    request: {
      RoleArn: name,
      RoleSessionName: name,
      ProviderId: word,
      DurationSeconds: number,
      // Written by the operator, or our own.
      Policy: /^\{.{1,2047}$/s,
      WebIdentityToken: 'hide',
    },
    answer: {
      Code: word,
      'Credentials.AccessKeyId': /^[A-Z0-9]{16,128}$/,
      'Credentials.SecretAccessKey': 'hide',
      'Credentials.SessionToken': 'hide',
      'Credentials.Expiration': instant,
      SubjectFromWebIdentityToken: name,
      'AssumedRoleUser.AssumedRoleId': name,
      'AssumedRoleUser.Arn': name,
      PackedPolicySize: number,
      Provider: name,
      Audience: name,
    },
  },
  s3: {
    request: { MaxBuckets: number },
    answer: {
      Code: word,
      'Buckets.Name': name,
      'Buckets.CreationDate': instant,
      'Buckets.BucketRegion': word,
      'Owner.ID': 'hide',
      ContinuationToken: 'hide',
    },
  },
}

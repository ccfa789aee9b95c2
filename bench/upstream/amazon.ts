/** The client that every token is for. */
export const clientId = 'amzn1.application-oa2-client.0123456789abcdef0123456789abcdef'

/** Amazon's tokens have at least 350 characters. */
const padding = 'x'.repeat(350)
const accessToken = (code: string): string => `Atza|${code}|${padding}`
const subject = (code: string): string => `amzn1.account.${code}`

/** The authorization code in the form of a token request. */
export const codeOfGrant = (form: string): string => /(?:^|&)code=([\w-]+)/.exec(form)?.[1] ?? ''

/** The authorization code that an access token in `text` was given for, whether percent-encoded or not. */
export const codeOfToken = (text: string): string => /Atza(?:%7C|\|)([\w-]+)/i.exec(text)?.[1] ?? ''

export const tokens = (code: string): string =>
  `{"access_token":"${accessToken(code)}","token_type":"bearer","expires_in":3600,"refresh_token":"Atzr|${padding}"}`

export const tokenInfo = (code: string): string =>
  `{"iss":"https://www.amazon.com","aud":"${clientId}","user_id":"${subject(code)}","app_id":"amzn1.application.0123456789abcdef","exp":3598,"iat":1700000000}`

export const profile = (code: string): string =>
  `{"user_id":"${subject(code)}","name":"Ada Example","email":"${code}@example.com"}`

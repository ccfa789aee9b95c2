import { createHmac } from 'node:crypto'
import { sha256 } from '../../sandbox/aws/sigv4.ts'

/** Long-term keys of a user. */
export interface UserKeys {
  accessKeyId: string
  secretAccessKey: string
}

const hmac = (key: string | Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest()

/** The Authorization header of a `POST /` with this body. @see "Signature Version 4", AWS IAM user guide */
function authorization(
  { accessKeyId, secretAccessKey }: UserKeys,
  host: string,
  amzDate: string,
  body: string,
) {
  const scope = [amzDate.slice(0, 8), 'us-east-1', 'iam', 'aws4_request']
  const signedHeaders = 'host;x-amz-date'
  const headers = `host:${host}\nx-amz-date:${amzDate}\n`
  const canonicalRequest = ['POST', '/', '', headers, signedHeaders, sha256(body)].join('\n')
  const stringToSign = ['AWS4-HMAC-SHA256', amzDate, scope.join('/'), sha256(canonicalRequest)].join('\n')
  const signature = hmac(scope.reduce<string | Buffer>(hmac, `AWS4${secretAccessKey}`), stringToSign)
  const credential = [accessKeyId, ...scope].join('/')
  return `AWS4-HMAC-SHA256 Credential=${credential}, SignedHeaders=${signedHeaders}, Signature=${signature.toString('hex')}`
}

/**
 * Makes one call of the gateway's IAM API. Values must hold no spaces: the gateway takes the `+` that a form has for
 * them literally.
 * @throws Error with the gateway's answer if that is no success
 * @see Actions, AWS IAM API reference
 */
export async function callIam(
  endpoint: string,
  keys: UserKeys,
  action: string,
  parameters: Record<string, string>,
): Promise<void> {
  const amzDate = new Date().toISOString().replace(/[-:]|\.\d{3}/g, '')
  const body = new URLSearchParams({ Action: action, Version: '2010-05-08', ...parameters }).toString()
  const answer = await fetch(endpoint, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      'x-amz-date': amzDate,
      authorization: authorization(keys, new URL(endpoint).host, amzDate, body),
    },
    body,
  })
  const text = await answer.text()
  if (!answer.ok) throw new Error(`${action}: ${answer.status} ${text}`)
}

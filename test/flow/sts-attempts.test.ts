import { describe, expect, it } from 'vitest'
import { answerWith, type Fault } from '../../sandbox/faults.ts'
import { signIn } from '../application.ts'
import { HttpBrowser } from '../http-browser.ts'
import { useSituation } from './situation.ts'

const situation = useSituation()

const refusal = (status: number, code: string): Fault =>
  answerWith(
    status,
    `<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type><Code>${code}</Code><Message>for tests</Message></Error><RequestId>0a1b2c3d-sts</RequestId></ErrorResponse>`,
    { 'content-type': 'text/xml' },
  )

describe('an error of STS that may pass', () => {
  it.each([
    ['IDPCommunicationError', 400],
    ['Throttling', 400],
    ['ThrottlingException', 400],
    ['InternalFailure', 500],
    ['ServiceUnavailable', 503],
  ])('is not noticed, since %s is tried again', async (awsCode, awsStatus) => {
    const { sandbox, application } = situation
    sandbox.sts.faults.plan('/', refusal(awsStatus, awsCode), 2)
    const before = sandbox.sts.requests.length
    expect((await signIn(new HttpBrowser(), application, 'amazon')).status).toBe(303)
    expect(sandbox.sts.requests.length).toBe(before + 3)
    const calls = application.log.filter(({ call }) => call === 'sts AssumeRoleWithWebIdentityCommand')
    expect(calls.at(-1)).toMatchObject({ status: 200, attempts: 3 })
  })

  it.each([
    ['AccessDenied', 403],
    ['InvalidIdentityToken', 400],
    ['ExpiredTokenException', 400],
  ])('is not %s, which is asked once', async (awsCode, awsStatus) => {
    const { sandbox, application } = situation
    sandbox.sts.faults.plan('/', refusal(awsStatus, awsCode), 9)
    const before = sandbox.sts.requests.length
    expect((await signIn(new HttpBrowser(), application, 'amazon')).status).toBe(403)
    expect(sandbox.sts.requests.length).toBe(before + 1)
  })
})

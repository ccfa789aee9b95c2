import { describe, expect, it } from 'vitest'
import { trailQueries } from '../../../src/flow/commands.ts'

const session = {
  region: 'eu-central-1',
  accessKeyId: 'ASIAEXAMPLEEXAMPLE00',
  roleSessionName: 'ada@example.com',
  stsRequestId: '362478de-de75-4061-9f94-421b06e5bda9',
  startedAt: Date.parse('2026-05-17T10:00:00Z'),
}

describe('the queries that find a session in CloudTrail', () => {
  it('ask by the attributes that LookupEvents knows', () => {
    const { byAccessKey, byName } = trailQueries(session)
    expect(byAccessKey).toContain(
      '--lookup-attributes AttributeKey=AccessKeyId,AttributeValue=ASIAEXAMPLEEXAMPLE00',
    )
    expect(byName).toContain('--lookup-attributes AttributeKey=Username,AttributeValue=ada@example.com')
    for (const query of [byAccessKey, byName]) expect(query).toContain('--region eu-central-1')
  })

  it('find the unsigned call to STS by its request id, near the time when it was made', () => {
    const { ofExchange } = trailQueries(session)
    expect(ofExchange).toContain('AttributeKey=EventName,AttributeValue=AssumeRoleWithWebIdentity')
    expect(ofExchange).toContain('--start-time 2026-05-17T09:55:00Z --end-time 2026-05-17T10:15:00Z')
    expect(ofExchange).toContain(`contains(CloudTrailEvent, '${session.stsRequestId}')`)
  })

  it.each([undefined, 'x\')]"; rm -rf /', '$(id)', ''])(
    'leave that call out where its id is %j',
    (stsRequestId) => {
      const { ofExchange, sql } = trailQueries({ ...session, stsRequestId })
      expect(ofExchange).toBeUndefined()
      expect(sql).not.toContain('requestid =')
    },
  )

  it('are SQL for Athena that a quotation mark does not end', () => {
    const { sql } = trailQueries({ ...session, accessKeyId: "O'KEY" })
    expect(sql).toContain("useridentity.accesskeyid = 'O''KEY'")
    expect(sql).toContain("OR requestid = '362478de-de75-4061-9f94-421b06e5bda9'")
    expect(sql).toContain("eventtime >= '2026-05-17T09:55:00Z'")
  })
})

import { DeleteObjectCommand, GetObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { describe, expect, it } from 'vitest'
import { signIn } from '../application.ts'
import { HttpBrowser } from '../http-browser.ts'
import { alsoStart, askForBuckets, expectRefusal, useSituation } from './situation.ts'

const situation = useSituation(
  {},
  {
    permissionPolicy: {
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Action: 's3:*', Resource: '*' }],
    },
  },
)

/** The words for a right that the role has and the session lacks. */
const narrowed = 'The role may do more, this session cannot'

describe('a session of a role that may do everything', () => {
  it('can read, and cannot delete: its own policy says so', async () => {
    const { sandbox, application } = situation
    await sandbox.s3.seed({ bucket: 'website-static', key: 'index.html', body: 'hello' })
    await signIn(new HttpBrowser(), application, 'amazon')
    const { accessKeyId } = application.log.find(({ audit }) => audit === 'signed_in') ?? {}
    const credentials = sandbox.sessions.find(String(accessKeyId)) ?? expect.unreachable()
    const client = new S3Client({
      region: 'us-east-1',
      endpoint: sandbox.s3.url,
      forcePathStyle: true,
      credentials,
    })
    const object = { Bucket: 'website-static', Key: 'index.html' }
    await client.send(new GetObjectCommand(object))
    await expect(client.send(new DeleteObjectCommand(object))).rejects.toMatchObject({
      name: 'AccessDenied',
      message: expect.stringContaining('because no session policy allows the s3:DeleteObject action'),
    })
    await client.send(new GetObjectCommand(object))
    client.destroy()
  })

  it('is told on the page that the role may do more than the session', async () => {
    const policy = {
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Action: 's3:ListBucket', Resource: '*' }],
    }
    const application = await alsoStart(situation.sandbox, { SESSION_POLICY: JSON.stringify(policy) })
    const browser = new HttpBrowser()
    await signIn(browser, application, 'amazon')
    const list = await askForBuckets(browser, application)
    expectRefusal(list, 403, 's3.access_denied')
    expect(list.body).toContain(narrowed)
    const file = await browser.get(`${application.url}/s3/website-static/download?key=index.html`)
    expectRefusal(file, 403, 's3.access_denied')
    expect(file.body).toContain(narrowed)
  })
})

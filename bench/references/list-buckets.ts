import { ListBucketsCommand, S3Client } from '@aws-sdk/client-s3'
import { NodeHttpHandler } from '@smithy/node-http-handler'
import { answerBench } from '../ipc.ts'
import type { Outcome, Work } from '../load/job.ts'
import { workThrough } from '../load/work-through.ts'

/** The AWS SDK's bare call, without a server around it. */
interface Calls {
  work: Work
  /** `max-buckets`; `undefined` asks for all at once. */
  maxBuckets: number | undefined
  /** Whether one client makes all calls, or each call a client of its own; connections are shared in any case. */
  keepClient: boolean
}

const requestHandler = new NodeHttpHandler({ httpAgent: { keepAlive: true, maxSockets: 200 } })

const newClient = () =>
  new S3Client({
    region: 'us-east-1',
    endpoint: process.env.AWS_ENDPOINT_URL_S3 ?? '',
    forcePathStyle: true,
    requestHandler,
    credentials: {
      accessKeyId: 'ASIAEXAMPLEEXAMPLE00',
      secretAccessKey: 'wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY00',
      sessionToken: `session.bare.${'x'.repeat(400)}`,
    },
  })

async function run({ work, maxBuckets, keepClient }: Calls): Promise<Outcome> {
  const kept = newClient()
  return workThrough(work, () => async () => {
    const client = keepClient ? kept : newClient()
    const { Buckets } = await client.send(new ListBucketsCommand({ MaxBuckets: maxBuckets }))
    if (!Buckets) throw new Error('no buckets')
    return undefined
  })
}

answerBench({ run })

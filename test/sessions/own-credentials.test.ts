import { setImmediate as turn } from 'node:timers/promises'
import { GetObjectCommand, ListBucketsCommand } from '@aws-sdk/client-s3'
import { getSignedUrl } from '@aws-sdk/s3-request-presigner'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { queryParameters } from '../../sandbox/aws/http-request.ts'
import { readSignature, signatureMatches } from '../../sandbox/aws/sigv4.ts'
import { type LoopbackServer, listenOnLoopback } from '../../sandbox/loopback-server.ts'
import { type AwsClients, createAwsClients } from '../../src/aws-client.ts'
import { readConfig } from '../../src/config.ts'

const people = Array.from({ length: 100 }, (_, number) => ({
  name: `person-${number}`,
  accessKeyId: `ASIA${String(number).padStart(16, '0')}`,
  secretAccessKey: `secret key of ${number}`,
  sessionToken: `session token of ${number}`,
}))
type SomeoneSigned = (typeof people)[number]

/** Whether this request is signed by the person whom its query names, with all three parts of the credentials. */
function signedBy(person: SomeoneSigned | undefined, method: string, url: string, headers: object): boolean {
  const signature = readSignature({ method, url, headers: { ...headers }, body: Buffer.alloc(0) })
  return (
    person !== undefined &&
    signature?.accessKeyId === person.accessKeyId &&
    signature.sessionToken === person.sessionToken &&
    signatureMatches(signature, person.secretAccessKey)
  )
}

describe('requests of 100 people through the one client of a region', () => {
  let server: LoopbackServer
  let aws: AwsClients
  let answered = 0
  const foreign: string[] = []

  beforeAll(async () => {
    server = await listenOnLoopback(async (req, res) => {
      const name = queryParameters(req.url ?? '').find(([key]) => key === 'prefix')?.[1]
      const person = people.find((one) => one.name === name)
      if (!signedBy(person, req.method ?? '', req.url ?? '', req.headers)) foreign.push(`${name}: ${req.url}`)
      answered += 1
      // Answers overtake one another, and some have to be asked for again.
      for (let turns = answered % 7; turns > 0; turns -= 1) await turn()
      if (answered % 101 === 0) res.writeHead(500).end()
      else res.end(`<ListAllMyBucketsResult><Buckets/><Prefix>${name}</Prefix></ListAllMyBucketsResult>`)
    })
    aws = createAwsClients(readConfig({ AWS_ENDPOINT_URL_S3: server.url }), () => {})
  })

  afterAll(async () => {
    await aws.destroy()
    await server.close()
  })

  const list = (person: SomeoneSigned) =>
    aws.withS3(person, undefined, async (client) => {
      const { Prefix } = await client.send(new ListBucketsCommand({ Prefix: person.name }))
      if (Prefix !== person.name) foreign.push(`${person.name} got the list of ${Prefix}`)
    })

  const presign = (person: SomeoneSigned) =>
    aws.withS3(person, undefined, async (client) => {
      const address = await getSignedUrl(client, new GetObjectCommand({ Bucket: 'bucket', Key: 'key' }))
      const { host, pathname, search } = new URL(address)
      if (!signedBy(person, 'GET', pathname + search, { host })) foreign.push(`${person.name}: ${address}`)
    })

  it('are signed by nobody else, 10,000 of them in any order', async () => {
    const seed = Date.now()
    console.log(`seed ${seed}`)
    const order = fc.sample(fc.nat({ max: people.length - 1 }), { seed, numRuns: 10_000 })
    const queue = order.entries()
    const worker = async () => {
      for (const [index, number] of queue) {
        const person = people[number] as SomeoneSigned
        await (index % 10 === 0 ? presign(person) : list(person))
      }
    }
    await Promise.all(Array.from({ length: 60 }, worker))
    expect(foreign).toEqual([])
    expect(answered).toBeGreaterThanOrEqual(9_000)
  }, 120_000)

  it('are signed with nothing at all once the work for a person is over', async () => {
    const [ada] = people as [SomeoneSigned]
    const client = await aws.withS3(ada, undefined, async (client) => client)
    const before = answered
    await expect(client.send(new ListBucketsCommand({ Prefix: ada.name }))).rejects.toThrow(
      'nobody is signed in',
    )
    expect(answered).toBe(before)
  })
})

import {
  ConditionalCheckFailedException,
  DeleteItemCommand,
  DescribeTableCommand,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  type PutItemCommandInput,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb'
import { NodeHttpHandler } from '@smithy/node-http-handler'
import { limitAnswers } from '../../aws-client.ts'
import type { SessionStore, StoredRecord } from './session-store.ts'

const requestTimeoutMs = 2_000
/** Above the largest item that DynamoDB keeps (400 KB) in its JSON, in bytes. */
const largestAnswerBytes = 1024 * 1024
const countPrefix = 'count:'

/** As the table's TTL wants it. */
const epochSeconds = (milliseconds: number): string => String(Math.ceil(milliseconds / 1000))

/**
 * Sessions in a DynamoDB table with the partition key `id` (string) and the TTL attribute `expires` (epoch
 * seconds). Signed with the credentials of the instance, as the AWS SDK finds them. Reads are consistent: the next
 * request may land on another instance.
 */
export function dynamodbStore(table: string, region: string): SessionStore {
  const client = new DynamoDBClient({
    region,
    maxAttempts: 2,
    requestHandler: new NodeHttpHandler({
      connectionTimeout: requestTimeoutMs,
      requestTimeout: requestTimeoutMs,
      throwOnRequestTimeout: true,
    }),
  })

  limitAnswers(client, largestAnswerBytes)

  const put = async (
    id: string,
    { sealed, expiresAt }: StoredRecord,
    condition?: Pick<PutItemCommandInput, 'ConditionExpression' | 'ExpressionAttributeValues'>,
  ): Promise<boolean> => {
    const item = {
      id: { S: id },
      sealed: { S: sealed },
      expiresAt: { N: String(expiresAt) },
      expires: { N: epochSeconds(expiresAt) },
    }
    try {
      await client.send(new PutItemCommand({ TableName: table, Item: item, ...condition }))
      return true
    } catch (error) {
      if (error instanceof ConditionalCheckFailedException) return false
      throw error
    }
  }
  // DynamoDB deletes what has expired when it finds the time, so every condition looks at the clock too.
  const now = () => ({ ':now': { N: String(Date.now()) } })

  return {
    async get(id) {
      const { Item } = await client.send(
        new GetItemCommand({ TableName: table, Key: { id: { S: id } }, ConsistentRead: true }),
      )
      const record = { sealed: Item?.sealed?.S ?? '', expiresAt: Number(Item?.expiresAt?.N ?? 0) }
      return record.expiresAt > Date.now() ? record : undefined
    },
    async set(id, record) {
      await put(id, record)
    },
    add: (id, record) =>
      put(id, record, {
        ConditionExpression: 'attribute_not_exists(id) OR expiresAt <= :now',
        ExpressionAttributeValues: now(),
      }),
    replace: (id, record) =>
      put(id, record, { ConditionExpression: 'expiresAt > :now', ExpressionAttributeValues: now() }),
    async delete(id) {
      await client.send(new DeleteItemCommand({ TableName: table, Key: { id: { S: id } } }))
    },
    async count(id, expiresAt) {
      const { Attributes } = await client.send(
        new UpdateItemCommand({
          TableName: table,
          Key: { id: { S: countPrefix + id } },
          UpdateExpression: 'SET expires = :expires ADD hits :one',
          ExpressionAttributeValues: { ':expires': { N: epochSeconds(expiresAt) }, ':one': { N: '1' } },
          ReturnValues: 'UPDATED_NEW',
        }),
      )
      return Number(Attributes?.hits?.N)
    },
    async check() {
      await client.send(new DescribeTableCommand({ TableName: table }))
    },
    async close() {
      client.destroy()
    },
  }
}

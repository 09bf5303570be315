// The baseline in Node: lines of a stream, JSON.parse, zod, sequential batches of 25.
//
// node loader.mjs S3_ENDPOINT DYNAMODB_ENDPOINT KEY UPTO_BYTES ROUNDS
// prints one line of JSON a round: records, CPU and wall seconds.
import { createHash } from 'node:crypto';
import readline from 'node:readline';
import { BatchWriteItemCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { marshall } from '@aws-sdk/util-dynamodb';
import { z } from 'zod';

const [, , s3Endpoint, dynamodbEndpoint, key, upto, rounds] = process.argv;
const region = 'us-east-1';
const s3 = new S3Client({ region, endpoint: s3Endpoint, forcePathStyle: true });
const dynamodb = new DynamoDBClient({ region, endpoint: dynamodbEndpoint });
const table = 'transactions';

const Receipt = z.object({
  amount: z.number().positive().max(1e12),
  type: z.enum(['income', 'expense']),
  date: z.string().regex(/^\d{4}-\d{2}-\d{2}$/),
  merchant: z.string().trim().min(1),
  category: z.enum(['sale', 'purchase', 'shipping', 'packaging', 'fee', 'other']),
  description: z.string().nullish().transform((text) => text ?? ''),
});

function textOf(record) {
  const output = record.modelOutput;
  const parts = output?.output?.message?.content ?? output?.content;
  return parts?.find((part) => part.text !== undefined)?.text ?? record.output?.text;
}

function itemOf(line) {
  const record = JSON.parse(line);
  const text = textOf(record);
  if (record.error || text === undefined) return null;
  let parsed;
  try {
    parsed = Receipt.safeParse(JSON.parse(text));
  } catch {
    return null;
  }
  if (!parsed.success) return null;
  const imageId = record.recordId ?? record.customData;
  const at = '2026-01-09T00:00:00Z';
  return {
    userId: 'user-0001',
    transactionId: createHash('sha256').update(`job-1#${imageId}`).digest('hex').slice(0, 24),
    imageId, jobId: 'job-1', intentId: 'intent-1', primaryModelId: 'anthropic.claude',
    ...parsed.data, status: 'unconfirmed', version: 1, aiProcessed: true, isGuest: false,
    extractedAt: at, createdAt: at, updatedAt: at, ttl: 1799453600,
  };
}

async function write(items) {
  let requests = { [table]: items.map((item) => ({ PutRequest: { Item: marshall(item) } })) };
  for (let attempt = 0; attempt < 5; attempt++) {
    const answer = await dynamodb.send(new BatchWriteItemCommand({ RequestItems: requests }));
    if (!Object.keys(answer.UnprocessedItems ?? {}).length) return;
    requests = answer.UnprocessedItems;
    await new Promise((resolve) => setTimeout(resolve, 50 * 2 ** attempt));
  }
  throw new Error('unprocessed items');
}

async function load(end) {
  const Range = `bytes=0-${end - 1}`;
  const { Body } = await s3.send(new GetObjectCommand({ Bucket: 'b', Key: key, Range }));
  let records = 0;
  let batch = [];
  for await (const line of readline.createInterface({ input: Body, crlfDelay: Infinity })) {
    if (!line.trim()) continue;
    records++;
    let item = null;
    try {
      item = itemOf(line);
    } catch { /* the last line of the range is cut */ }
    if (item === null) continue;
    batch.push(item);
    if (batch.length === 25) {
      await write(batch);
      batch = [];
    }
  }
  if (batch.length) await write(batch);
  return records;
}

await load(Math.min(Number(upto), 2_000_000));
for (let round = 0; round < Number(rounds); round++) {
  const cpu = process.cpuUsage();
  const wall = performance.now();
  const records = await load(Number(upto));
  const used = process.cpuUsage(cpu);
  const rss = process.resourceUsage().maxRSS * 1024;
  console.log(JSON.stringify({
    records, bytes: Number(upto), cpu: (used.user + used.system) / 1e6,
    wall: (performance.now() - wall) / 1e3, rss,
  }));
}

import type { Bucket } from './aws/list-buckets.ts'
import type { PolicyDocument } from './aws/policies.ts'
import type { S3 } from './aws/s3.ts'
import { demoPeople } from './identity/people.ts'

/** What the AWS account of the demo holds, and who may see it. */

const bucket = (name: string, region: string, created: string): Bucket => ({
  name,
  region,
  creationDate: new Date(created),
})

export const demoBuckets: Bucket[] = [
  bucket('ada-field-notes', 'us-east-1', '2021-03-14T09:26:53Z'),
  bucket('analytics-landing-zone', 'us-east-1', '2022-07-01T00:00:12Z'),
  bucket('backups-weekly', 'us-east-1', '2019-11-23T18:05:00Z'),
  bucket('cloudtrail-archive-123456789012', 'us-east-1', '2020-01-02T03:04:05Z'),
  bucket('customer-exports-frankfurt', 'eu-central-1', '2023-05-17T14:30:00Z'),
  bucket('media-originals', 'us-east-1', '2018-08-08T08:08:08Z'),
  bucket('media-thumbnails', 'us-east-1', '2018-08-08T08:09:31Z'),
  bucket('people', 'us-east-1', '2025-01-06T07:00:00Z'),
  bucket('reports-tokyo', 'ap-northeast-1', '2024-02-29T23:59:59Z'),
  bucket('shared-design-assets', 'us-east-1', '2025-10-10T10:10:10Z'),
  bucket('website-static', 'us-east-1', '2017-06-21T12:00:00Z'),
]

const homeBucket = 'people'

/** Value of `S3_HOME`: a folder for each person at each provider. */
export const demoHome = `s3://${homeBucket}/home/\${provider}/\${subject}/`

/** The policy variable by which a role knows its provider's subject. */
const subjectVariables = {
  amazon: 'www.amazon.com:user_id',
  google: 'accounts.google.com:sub',
  facebook: 'graph.facebook.com:id',
}

/** A variable without a value matches nothing: of these, only the session's own provider's opens a folder. */
const ownFolders = Object.entries(subjectVariables).flatMap(
  ([provider, variable]): PolicyDocument['Statement'] => {
    const folder = `home/${provider}/\${${variable}}/`
    return [
      {
        Effect: 'Allow',
        Action: 's3:ListBucket',
        Resource: `arn:aws:s3:::${homeBucket}`,
        Condition: { StringLike: { 's3:prefix': `${folder}*` } },
      },
      { Effect: 'Allow', Action: 's3:GetObject', Resource: `arn:aws:s3:::${homeBucket}/${folder}*` },
    ]
  },
)

const others = demoBuckets.map(({ name }) => name).filter((name) => name !== homeBucket)

/** Everybody sees every bucket's name, and into all but one; in that one, only into a folder of their own. */
export const demoPermissionPolicy: PolicyDocument = {
  Version: '2012-10-17',
  Statement: [
    { Effect: 'Allow', Action: ['s3:ListAllMyBuckets', 's3:GetBucketLocation'], Resource: '*' },
    {
      Effect: 'Allow',
      Action: ['s3:ListBucket', 's3:GetObject'],
      Resource: others.flatMap((name) => [`arn:aws:s3:::${name}`, `arn:aws:s3:::${name}/*`]),
    },
    ...ownFolders,
  ],
}

const picture =
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 4 3"><path fill="#0a6350" d="M0 3 1.5 1l1 1 .5-.5L4 3z"/></svg>'

const files: [
  bucket: string,
  key: string,
  body: string,
  more?: { contentType?: string; storageClass?: string },
][] = [
  ['ada-field-notes', 'README.txt', 'Notes from the field, by day.\n'],
  [
    'ada-field-notes',
    '2026/05/17 Engine, first run.md',
    '# First run\n\nIt computes.\n',
    { contentType: 'text/markdown' },
  ],
  ['ada-field-notes', '2026/05/18 100% + more.md', 'Numbers, mostly.\n'],
  ['ada-field-notes', '2026/naïve – 数 – заметки.txt', 'In every script.\n'],
  ['ada-field-notes', '2026//two slashes.txt', 'A folder without a name.\n'],
  ['ada-field-notes', 'drafts/../not what it seems.txt', 'S3 has no folders: this is just a key.\n'],
  ['ada-field-notes', 'drafts/invoice\u202Efdp.exe', 'Its name is not what it seems.\n'],
  ['backups-weekly', 'postgres/2019-12-01.dump', 'x'.repeat(2_500_000), { storageClass: 'DEEP_ARCHIVE' }],
  ['backups-weekly', 'postgres/2026-05-16.dump', 'x'.repeat(1_800_000), { storageClass: 'STANDARD_IA' }],
  ['customer-exports-frankfurt', '2026-05.csv', 'id,total\n1,42\n', { contentType: 'text/csv' }],
  ['media-originals', 'alps/dawn.svg', picture, { contentType: 'image/svg+xml' }],
  ['media-originals', 'alps/noon.svg', picture, { contentType: 'image/svg+xml' }],
  ['reports-tokyo', '2026/第1四半期.txt', '良好\n', { contentType: 'text/plain; charset=utf-8' }],
  [
    'website-static',
    'index.html',
    '<!doctype html><script>alert(document.domain)</script>',
    { contentType: 'text/html' },
  ],
]

/** Puts files into the demo's buckets, and a letter into everybody's folder. */
export async function seedDemoAccount(s3: S3): Promise<void> {
  for (const [bucket, key, body, more] of files) await s3.seed({ bucket, key, body, ...more })
  for (let part = 0; part < 450; part += 1) {
    const key = `events/part-${String(part).padStart(5, '0')}.json`
    await s3.seed({ bucket: 'analytics-landing-zone', key, body: `{"part":${part}}\n` })
  }
  for (const { name, subjects } of demoPeople) {
    for (const [provider, subject] of Object.entries(subjects)) {
      const key = `home/${provider}/${subject}/Welcome, ${name}.txt`
      await s3.seed({ bucket: homeBucket, key, body: `${name} alone can read this.\n` })
    }
  }
}

/** Secrets that nothing may ever print. */
export const secrets = {
  AMAZON_APP_SECRET: 'amzn1.oa2-cs.v1.canary-amazon-0123456789abcdef',
  GOOGLE_APP_SECRET: 'GOCSPX-canary-google-0123456789',
  FACEBOOK_APP_SECRET: 'ca9a57ca9a57ca9a57ca9a57ca9a57ca',
  SESSION_SECRET: 'canary-session-0123456789-abcdefghijkl',
}

const role = (name: string): string => `arn:aws:iam::111122223333:role/${name}`

/** The ARN of a secret, which belongs elsewhere. */
export const secretArn = 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:signin/X-AbCdEf'

/** An environment that nothing is wrong with. */
export const sound = {
  NODE_ENV: 'production',
  PUBLIC_URL: 'https://signin.example.com',
  AWS_REGION: 'eu-west-1',
  SESSION_STORE: 'dynamodb://sessions',
  AMAZON_APP_ID: 'amzn1.application-oa2-client.0123456789abcdef',
  AMAZON_ROLE_ARN: role('signin-AmazonRole-1'),
  GOOGLE_APP_ID: '1234567890-abc.apps.googleusercontent.com',
  GOOGLE_ROLE_ARN: role('signin-GoogleRole-1'),
  FACEBOOK_APP_ID: '1234567890123456',
  FACEBOOK_ROLE_ARN: role('signin-FacebookRole-1'),
  ...secrets,
}

/** One more provider, with nothing wrong either. */
export const okta = {
  OKTA_ISSUER: 'https://example.okta.com',
  OKTA_APP_ID: '0oa1example',
  OKTA_ROLE_ARN: role('okta'),
}

/** What is set otherwise than in the sound environment; `undefined` takes a variable away. */
export type Changes = Record<string, string | undefined>

const withoutProviders: Changes = Object.fromEntries(
  Object.keys(sound).flatMap((name) => (/^(AMAZON|GOOGLE|FACEBOOK)_/.test(name) ? [[name, undefined]] : [])),
)

const notARole =
  'FAIL amazon is off: AMAZON_ROLE_ARN must be the ARN of an IAM role, as in arn:aws:iam::123456789012:role/name'
const storeIsAFile =
  'WARN SESSION_STORE is a file of this instance: behind a balancer with a second one, people are signed out by chance'
const homeForm = `FAIL S3_HOME must be like s3://bucket/prefix/\${subject}/, and may have \${provider} in it`
const noPublicUrl =
  'WARN PUBLIC_URL is not set: redirect URIs are built from whatever Host and X-Forwarded-Proto say'

/** One mistake, and all that must be said of it. */
export const mistakes: Record<string, [changes: Changes, ...findings: string[]]> = {
  'a client secret is missing': [
    { AMAZON_APP_SECRET: undefined },
    'FAIL amazon is off: AMAZON_APP_SECRET is missing',
  ],
  'a placeholder is left in what a provider needs': [
    { GOOGLE_ROLE_ARN: 'Enter the ARN of the role' },
    'FAIL google is off: GOOGLE_ROLE_ARN still has its placeholder text',
  ],
  'a placeholder is left in what nobody needs': [
    { ROLE_SESSION_SECONDS: '<seconds>' },
    'WARN ROLE_SESSION_SECONDS still has its placeholder text and counts as not set',
  ],
  'a log that stays empty': [
    { LOG_LEVEL: 'silent' },
    'WARN LOG_LEVEL is silent: nobody learns of anything that fails, nor of who signed in',
  ],
  'a log without audit events': [
    { LOG_LEVEL: 'warn' },
    'WARN LOG_LEVEL is warn: nothing is on record of who signed in, and of what AWS granted or refused',
  ],
  'an icon that is not there': [
    { ...okta, OKTA_ICON: 'okta' },
    'WARN OKTA_ICON names no file in public/icons: the neutral icon is shown',
  ],
  'no provider is configured': [withoutProviders, 'WARN sign-in is possible for nobody: no provider is on'],

  'the App ID of Amazon as client id': [
    { AMAZON_APP_ID: 'amzn1.application.0123456789abcdef' },
    'FAIL AMAZON_APP_ID is the App ID of the security profile, not its Client ID',
  ],
  'a client id of Google at Amazon': [
    { AMAZON_APP_ID: sound.GOOGLE_APP_ID },
    'FAIL AMAZON_APP_ID holds a client id of GOOGLE',
  ],
  'the name of a project as client id of Google': [
    { GOOGLE_APP_ID: 'my-project' },
    'FAIL GOOGLE_APP_ID does not look like a client id of GOOGLE',
  ],
  'the name of the app as app id of Facebook': [
    { FACEBOOK_APP_ID: 'my-app' },
    'FAIL FACEBOOK_APP_ID does not look like a client id of FACEBOOK',
  ],
  'a client id of Google without its suffix': [
    { GOOGLE_APP_ID: '1234567890-abc' },
    'FAIL GOOGLE_APP_ID does not look like a client id of GOOGLE',
  ],
  'half of a secret': [
    { GOOGLE_APP_SECRET: 'GOCSPX-canary' },
    'WARN GOOGLE_APP_SECRET does not look like a client secret of GOOGLE',
  ],
  'the letters of a line break after a secret': [
    { GOOGLE_APP_SECRET: `${secrets.GOOGLE_APP_SECRET}\\n` },
    'WARN GOOGLE_APP_SECRET does not look like a client secret of GOOGLE',
  ],
  'an app token of Facebook as its secret': [
    { FACEBOOK_APP_SECRET: '1234567890123456|canary' },
    'WARN FACEBOOK_APP_SECRET does not look like a client secret of FACEBOOK',
  ],
  'asterisks, as a console shows a secret': [
    { GOOGLE_APP_SECRET: '****************' },
    'WARN GOOGLE_APP_SECRET does not look like a client secret of GOOGLE',
  ],
  'a secret as key and value': [
    { GOOGLE_APP_SECRET: '{"GOOGLE_APP_SECRET":"canary"}' },
    'FAIL GOOGLE_APP_SECRET holds JSON',
  ],
  'a blank in a secret': [
    { GOOGLE_APP_SECRET: 'GOCSPX-canary google-0123456789' },
    'FAIL google is off: GOOGLE_APP_SECRET must be 1 to 512 printable ASCII characters without spaces',
  ],
  'quotation marks around a secret': [
    { AMAZON_APP_SECRET: `'${secrets.AMAZON_APP_SECRET}'` },
    'FAIL AMAZON_APP_SECRET has its quotation marks in the value',
  ],
  'client id and secret swapped': [
    { GOOGLE_APP_ID: sound.GOOGLE_APP_SECRET, GOOGLE_APP_SECRET: sound.GOOGLE_APP_ID },
    'FAIL GOOGLE_APP_ID and GOOGLE_APP_SECRET are swapped',
  ],
  'the secret in the id': [
    { AMAZON_APP_ID: 'amzn1.oa2-cs.v1.canary-another' },
    'FAIL AMAZON_APP_ID holds a client secret',
  ],
  'the id in the secret': [
    { AMAZON_APP_SECRET: 'amzn1.application-oa2-client.another' },
    'FAIL AMAZON_APP_SECRET holds a client id',
  ],
  'the same value in id and secret': [
    { FACEBOOK_APP_SECRET: sound.FACEBOOK_APP_ID },
    'FAIL FACEBOOK_APP_ID and FACEBOOK_APP_SECRET have the same value',
  ],
  'the ARN of a secret in its place': [
    { AMAZON_APP_SECRET: secretArn },
    'FAIL AMAZON_APP_SECRET holds the ARN of a secret, not the secret',
  ],
  'one secret for two providers': [
    { ...okta, OKTA_APP_SECRET: sound.GOOGLE_APP_SECRET },
    'WARN OKTA_APP_SECRET has the same value as GOOGLE_APP_SECRET',
  ],
  'quotation marks in a value': [
    { SESSION_STORE: '"dynamodb://sessions"' },
    'FAIL SESSION_STORE must be sqlite:PATH, redis://…, rediss://…, dynamodb://TABLE or memory:',
    'FAIL SESSION_STORE has its quotation marks in the value',
  ],

  'a user in place of the role': [
    { AMAZON_ROLE_ARN: 'arn:aws:iam::111122223333:user/ada' },
    notARole,
    'FAIL AMAZON_ROLE_ARN is the ARN of a thing called user, not of a role',
  ],
  'an instance profile in place of the role': [
    { AMAZON_ROLE_ARN: 'arn:aws:iam::111122223333:instance-profile/signin-ec2' },
    notARole,
    'FAIL AMAZON_ROLE_ARN is the ARN of a thing called instance-profile, not of a role',
  ],
  'a session of a role in its place': [
    { AMAZON_ROLE_ARN: 'arn:aws:sts::111122223333:assumed-role/signin/ada' },
    notARole,
    'FAIL AMAZON_ROLE_ARN is the ARN of a thing called assumed-role, not of a role',
  ],
  'the name of a role': [
    { AMAZON_ROLE_ARN: 'signin-AmazonRole-1' },
    notARole,
    'FAIL AMAZON_ROLE_ARN is no ARN',
  ],
  'the whole line of the stack in the variable': [
    { AMAZON_ROLE_ARN: `AMAZON_ROLE_ARN=${role('signin-AmazonRole-1')}` },
    notARole,
    'FAIL AMAZON_ROLE_ARN holds its own name too',
  ],
  'an account number with hyphens': [
    { AMAZON_ROLE_ARN: 'arn:aws:iam::1111-2222-3333:role/name' },
    notARole,
    'FAIL AMAZON_ROLE_ARN has an account number that is not twelve digits',
  ],
  'no account number': [
    { AMAZON_ROLE_ARN: 'arn:aws:iam:::role/name' },
    'FAIL AMAZON_ROLE_ARN has no account number',
  ],
  'a role of another account': [
    { FACEBOOK_ROLE_ARN: 'arn:aws:iam::444455556666:role/name' },
    'WARN FACEBOOK_ROLE_ARN is in another account than AMAZON_ROLE_ARN',
  ],
  'a partition misspelt': [
    { AMAZON_ROLE_ARN: 'arn:awss:iam::111122223333:role/name' },
    'FAIL AMAZON_ROLE_ARN begins with arn:awss:, and there is no such partition of AWS',
  ],
  'the role of the instances': [
    { AMAZON_ROLE_ARN: role('aws-elasticbeanstalk-ec2-role') },
    'WARN AMAZON_ROLE_ARN names a role that is called like those of the machines, not of people',
  ],
  'one role for two providers': [
    { AMAZON_ROLE_ARN: role('signin'), GOOGLE_ROLE_ARN: role('signin') },
    'WARN GOOGLE_ROLE_ARN is the same role as AMAZON_ROLE_ARN',
  ],
  'the roles of two providers swapped': [
    { AMAZON_ROLE_ARN: sound.GOOGLE_ROLE_ARN, GOOGLE_ROLE_ARN: sound.AMAZON_ROLE_ARN },
    'WARN AMAZON_ROLE_ARN names a role that is called after google',
    'WARN GOOGLE_ROLE_ARN names a role that is called after amazon',
  ],
  "the account of AWS's examples": [
    { AMAZON_ROLE_ARN: 'arn:aws:iam::123456789012:role/name' },
    "FAIL AMAZON_ROLE_ARN has the account number of AWS's examples, 123456789012",
  ],
  'a role of another partition': [
    { AMAZON_ROLE_ARN: 'arn:aws-cn:iam::111122223333:role/name' },
    'FAIL AMAZON_ROLE_ARN is a role of the partition aws-cn, and AWS_REGION is in aws',
  ],

  'the implicit grant of Amazon': [
    { AMAZON_GRANT: 'implicit' },
    'FAIL AMAZON_GRANT is the implicit grant, which Amazon ended in 2021',
  ],
  'a Graph API version that has ended': [
    {
      FACEBOOK_GRAPH_URL: 'https://graph.facebook.com/v19.0',
      FACEBOOK_DIALOG_URL: 'https://www.facebook.com/v19.0/dialog/oauth',
    },
    'FAIL FACEBOOK_GRAPH_URL names version 19 of the Graph API, which has ended',
  ],
  'the addresses of Facebook swapped': [
    {
      FACEBOOK_GRAPH_URL: 'https://www.facebook.com/v26.0/dialog/oauth',
      FACEBOOK_DIALOG_URL: 'https://graph.facebook.com/v26.0',
    },
    'FAIL FACEBOOK_GRAPH_URL is not the base of a version of the Graph API',
  ],
  'a dialog of Facebook without a version': [
    { FACEBOOK_DIALOG_URL: 'https://www.facebook.com/dialog/oauth' },
    'FAIL FACEBOOK_DIALOG_URL is not the login dialog of a version of the Graph API',
  ],
  'an endpoint of Amazon as base of its API': [
    { AMAZON_API_URL: 'https://api.amazon.com/auth/o2/token' },
    'FAIL AMAZON_API_URL has a path: those of Amazon are added to it',
  ],
  'two regions of Amazon': [
    { AMAZON_AUTHORIZE_URL: 'https://eu.account.amazon.com/ap/oa' },
    'FAIL AMAZON_API_URL is of another region than AMAZON_AUTHORIZE_URL, and knows none of its codes',
  ],
  'two versions of the Graph API': [
    { FACEBOOK_GRAPH_URL: 'https://graph.facebook.com/v25.0' },
    'WARN FACEBOOK_GRAPH_URL and FACEBOOK_DIALOG_URL name different versions of the Graph API',
  ],
  'the issuer of all tenants of Entra ID': [
    { ...okta, OKTA_ISSUER: 'https://login.microsoftonline.com/common/v2.0' },
    'FAIL OKTA_ISSUER is not the issuer of a tenant of Entra ID',
  ],
  'an issuer of Auth0 without its slash': [
    { ...okta, OKTA_ISSUER: 'https://tenant.eu.auth0.com' },
    'FAIL OKTA_ISSUER is not the issuer of Auth0',
  ],
  'an issuer of Okta with a slash': [
    { ...okta, OKTA_ISSUER: 'https://example.okta.com/' },
    'FAIL OKTA_ISSUER is not the issuer of Okta',
  ],
  'the address of the console of Okta': [
    { ...okta, OKTA_ISSUER: 'https://example-admin.okta.com' },
    'FAIL OKTA_ISSUER is not the issuer of Okta',
  ],
  'the domain of the sign-in pages of Cognito': [
    { ...okta, OKTA_ISSUER: 'https://example.auth.eu-west-1.amazoncognito.com' },
    'FAIL OKTA_ISSUER is not the issuer of a user pool of Cognito',
  ],
  'the v1.0 issuer of Entra ID': [
    { ...okta, OKTA_ISSUER: 'https://sts.windows.net/00000000-0000-0000-0000-000000000000/' },
    'FAIL OKTA_ISSUER is not the issuer of a tenant of Entra ID',
  ],
  'the issuer of Google with a slash': [
    { GOOGLE_ISSUER: 'https://accounts.google.com/' },
    'FAIL GOOGLE_ISSUER is not the issuer of Google',
  ],
  'an endpoint as issuer': [
    { ...okta, OKTA_ISSUER: 'https://id.example.com/oauth2/authorize' },
    'FAIL OKTA_ISSUER is the address of an endpoint, not the issuer',
  ],
  'one client under two names': [
    {
      ...okta,
      STAFF_ISSUER: okta.OKTA_ISSUER,
      STAFF_APP_ID: okta.OKTA_APP_ID,
      STAFF_ROLE_ARN: role('staff'),
    },
    'WARN staff is the same client of the same provider as okta',
  ],
  'an issuer that AWS cannot reach': [
    { ...okta, OKTA_ISSUER: 'http://localhost:8080/realms/x' },
    'FAIL OKTA_ISSUER is on this machine, where AWS STS cannot fetch its keys',
  ],
  'a scope without openid': [
    { GOOGLE_SCOPE: 'email profile' },
    'FAIL GOOGLE_SCOPE lacks openid: the provider sends no ID token',
  ],
  'the address of the metadata as issuer': [
    { ...okta, OKTA_ISSUER: 'https://example.okta.com/.well-known/openid-configuration' },
    'FAIL okta is off: OKTA_ISSUER must be the issuer itself, without a query or /.well-known/…',
  ],

  'PUBLIC_URL without TLS': [
    { PUBLIC_URL: 'http://signin.example.com' },
    'FAIL PUBLIC_URL must be an https: URL (http: for a loopback host only), without credentials or fragment',
  ],
  'PUBLIC_URL with a path': [
    { PUBLIC_URL: 'https://signin.example.com/app' },
    'FAIL PUBLIC_URL must be an origin: scheme, host and port, without a path',
  ],
  'PUBLIC_URL that a shell should have filled in': [
    { PUBLIC_URL: 'https://$HOST' },
    'FAIL PUBLIC_URL has no host name that anybody can type',
  ],
  'PUBLIC_URL with a wildcard': [
    { PUBLIC_URL: 'https://*.example.com' },
    'FAIL PUBLIC_URL has no host name that anybody can type',
  ],
  'PUBLIC_URL of one network only': [
    { PUBLIC_URL: 'https://signin.internal' },
    'WARN PUBLIC_URL is known inside one network only: Google and others refuse such names',
  ],
  'PUBLIC_URL with the port of the process': [
    { PUBLIC_URL: 'https://signin.example.com:8080' },
    'WARN PUBLIC_URL has the port 8080: people reach a balancer without one',
  ],
  'PUBLIC_URL missing in production': [{ PUBLIC_URL: undefined }, noPublicUrl],
  'PUBLIC_URL of the machine itself, in production': [
    { PUBLIC_URL: 'http://localhost:3000' },
    'FAIL PUBLIC_URL is this machine, where nobody else comes',
  ],
  'PUBLIC_URL without a name': [
    { PUBLIC_URL: 'https://192.0.2.7' },
    'WARN PUBLIC_URL is an address: providers take host names only',
  ],
  'no proxy trusted, and no PUBLIC_URL': [
    { PUBLIC_URL: undefined, TRUST_PROXY: 'none' },
    noPublicUrl,
    'FAIL TRUST_PROXY is none, so that what came over HTTPS to the balancer counts as HTTP: redirect URIs begin with http:',
  ],
  'production misspelt': [
    { NODE_ENV: 'prodution' },
    'WARN NODE_ENV is not spelt production, and nothing else counts',
  ],
  'production forgotten': [
    { NODE_ENV: undefined },
    'WARN NODE_ENV is not production, though PUBLIC_URL is for everybody',
  ],
  'every address trusted as a proxy': [
    { TRUST_PROXY: '0.0.0.0/0' },
    'FAIL TRUST_PROXY must be addresses or subnets separated by commas, a number of hops from 1 to 9, or none',
  ],
  'half of all addresses trusted as proxies': [
    { TRUST_PROXY: 'loopback,128.0.0.0/1' },
    'FAIL TRUST_PROXY believes 128.0.0.0/1, which is a part of the Internet: any client there can claim any address',
  ],
  'no rate limit': [{ RATE_LIMIT: '0' }, 'WARN RATE_LIMIT is 0: nothing slows who tries and tries'],
  'the port of HTTPS': [{ PORT: '443' }, 'WARN PORT is that of HTTPS, and this process speaks HTTP'],
  'the metrics on the port of the application': [
    { PORT: '8080', METRICS_PORT: '8080' },
    'FAIL METRICS_PORT is the same as PORT',
  ],

  'sessions in memory, in production': [
    { SESSION_STORE: 'memory:' },
    'FAIL SESSION_STORE is the memory of one process: everybody is signed out at each deployment, and by a second instance',
  ],
  'sessions in a file, in production': [{ SESSION_STORE: 'sqlite:/var/sessions' }, storeIsAFile],
  'Redis over the network without TLS': [
    { SESSION_STORE: 'redis://user:canary-password@redis.example.com' },
    'WARN SESSION_STORE is reached without TLS, its password in clear text',
  ],
  'a character in the password of Redis that ends a URL': [
    { SESSION_STORE: 'rediss://user:canary#1@redis.example.com' },
    'FAIL SESSION_STORE has no host that can be read',
  ],
  'Redis without a host': [
    { SESSION_STORE: 'redis://:6379' },
    'FAIL SESSION_STORE has no host that can be read',
  ],
  'the ARN of a table': [
    { SESSION_STORE: 'dynamodb://arn:aws:dynamodb:eu-west-1:111122223333:table/sessions' },
    'FAIL SESSION_STORE must be sqlite:PATH, redis://…, rediss://…, dynamodb://TABLE or memory:',
  ],
  'a shared store without a secret': [
    { SESSION_SECRET: undefined },
    'FAIL SESSION_SECRET is missing: every instance must be given the same secret',
  ],
  'a short secret': [
    { SESSION_SECRET: 'canary' },
    'FAIL SESSION_SECRET must be one or more secrets of at least 16 characters, separated by commas, newest first',
  ],
  'a secret that can be guessed': [
    { SESSION_SECRET: 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa' },
    'FAIL SESSION_SECRET has fewer than eight different characters, and can be guessed',
  ],
  'the command in place of its output': [
    { SESSION_SECRET: 'openssl rand -base64 32' },
    'FAIL SESSION_SECRET is made of words, and can be guessed',
  ],
  'a phrase as secret': [
    { SESSION_SECRET: 'keyboard cat keyboard cat' },
    'FAIL SESSION_SECRET is made of words, and can be guessed',
  ],
  'the session secret as key and value': [
    { SESSION_SECRET: '{"SESSION_SECRET":"canary-0123456789"}' },
    'FAIL SESSION_SECRET holds JSON',
  ],
  'the secret of a provider for the sessions': [
    { SESSION_SECRET: sound.GOOGLE_APP_SECRET },
    'FAIL SESSION_SECRET is the client secret of a provider, who could read every session',
  ],
  'the ARN of the session secret in its place': [
    { SESSION_SECRET: secretArn },
    'FAIL SESSION_SECRET holds the ARN of a secret, not the secret',
  ],
  'an idle time without effect': [
    { SESSION_IDLE_SECONDS: '7200', SESSION_LIFETIME_SECONDS: '3600' },
    'WARN SESSION_IDLE_SECONDS is longer than SESSION_LIFETIME_SECONDS, and so without effect',
  ],

  'role sessions longer than roles allow by default': [
    { ROLE_SESSION_SECONDS: '43200' },
    'WARN ROLE_SESSION_SECONDS is 43200, above the 3600 of a role that nobody changed: STS refuses, it does not shorten',
  ],
  'role sessions shorter than STS allows': [
    { ROLE_SESSION_SECONDS: '600' },
    'FAIL ROLE_SESSION_SECONDS must be a whole number from 900 to 43200',
  ],
  'the region of the AWS CLI': [
    { AWS_REGION: undefined, AWS_DEFAULT_REGION: 'eu-west-1' },
    'WARN AWS_DEFAULT_REGION is read by the AWS CLI only: this application takes AWS_REGION, and else us-east-1',
  ],
  'no region': [{ AWS_REGION: undefined }, 'WARN AWS_REGION is not set: us-east-1 is used'],
  'a region by its long name': [
    { AWS_REGION: 'Europe (Ireland)' },
    'FAIL AWS_REGION must be a region such as eu-west-1',
  ],
  'an availability zone': [
    { AWS_REGION: 'eu-west-1a' },
    'FAIL AWS_REGION is an availability zone, not a region',
  ],
  'a region misspelt': [{ AWS_REGION: 'eu-wset-1' }, 'FAIL AWS_REGION is no region of AWS'],
  'a bucket in the endpoint': [
    { AWS_ENDPOINT_URL_S3: 'https://reports.s3.eu-west-1.amazonaws.com' },
    'FAIL AWS_ENDPOINT_URL_S3 names a bucket, which would be in every address twice',
  ],
  'the endpoint of another service': [
    { AWS_ENDPOINT_URL_S3: 'https://sts.eu-west-1.amazonaws.com' },
    'FAIL AWS_ENDPOINT_URL_S3 is the endpoint of STS',
  ],
  'buckets as ARNs': [
    { S3_BUCKETS: 'arn:aws:s3:::reports' },
    'FAIL S3_BUCKETS must be names of buckets, separated by commas',
  ],
  'buckets as URLs': [
    { S3_BUCKETS: 's3://reports' },
    'FAIL S3_BUCKETS must be names of buckets, separated by commas',
  ],
  'a policy variable of IAM in S3_HOME': [
    { S3_HOME: `s3://people/home/\${www.amazon.com:user_id}/` },
    homeForm,
  ],
  'an S3_HOME that a shell has emptied': [{ S3_HOME: 's3://people/home//' }, homeForm],
  'folders that people of two providers share': [
    { ...okta, S3_HOME: `s3://people/home/\${subject}/` },
    'WARN S3_HOME has no provider in it: whoever has the same number at okta as somebody at another provider shares a folder',
  ],
  'an endpoint in another region': [
    { AWS_ENDPOINT_URL_STS: 'https://sts.us-west-2.amazonaws.com' },
    'FAIL AWS_ENDPOINT_URL_STS is in us-west-2, and AWS_REGION is eu-west-1',
  ],
  'a stand-in for S3, in production': [
    { AWS_ENDPOINT_URL_S3: 'http://localhost:9000' },
    'WARN AWS_ENDPOINT_URL_S3 is a stand-in on this machine, in production',
  ],
  'one endpoint for all of AWS': [
    { AWS_ENDPOINT_URL: 'https://aws.example.com' },
    'WARN AWS_ENDPOINT_URL is where the AWS SDK sends all calls that have no endpoint of their own, DynamoDB among them',
  ],
  'no session policy': [
    { SESSION_POLICY: 'none' },
    'WARN SESSION_POLICY is none: whoever signs in can do all that the role can',
  ],

  'a session policy without the list of buckets': [
    {
      SESSION_POLICY:
        '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:GetObject","Resource":"*"}]}',
    },
    'WARN SESSION_POLICY does not allow s3:ListAllMyBuckets: the first page that people see is a refusal',
  ],
  'a session policy whose action is no text': [
    {
      SESSION_POLICY:
        '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":{"toString":1},"Resource":"*"}]}',
    },
    'WARN SESSION_POLICY does not allow s3:ListAllMyBuckets: the first page that people see is a refusal',
  ],
  'the ARN of a managed policy as session policy': [
    { SESSION_POLICY: 'arn:aws:iam::aws:policy/ReadOnlyAccess' },
    'FAIL SESSION_POLICY must be none, or an IAM policy document in JSON',
  ],

  'a name without APP': [
    { AMAZON_SECRET: 'x' },
    'WARN AMAZON_SECRET is read by nobody; AMAZON_APP_SECRET is',
  ],
  'an OpenID provider by the names that others use': [
    { KEYCLOAK_ISSUER_URL: 'https://id.example.com', KEYCLOAK_CLIENT_ID: 'x' },
    'WARN KEYCLOAK_ISSUER_URL belongs to no provider',
  ],
  'an OpenID provider in small letters': [
    { Keycloak_ISSUER: 'https://id.example.com', Keycloak_APP_ID: 'x' },
    'WARN Keycloak_ISSUER belongs to no provider',
  ],
  'a short name of the provider': [
    { FB_APP_SECRET: 'x' },
    'WARN FB_APP_SECRET is read by nobody; FACEBOOK_APP_SECRET is',
  ],
  "another framework's name": [{ SECRET_KEY: 'x' }, 'WARN SECRET_KEY is read by nobody; SESSION_SECRET is'],
  'a misspelt name': [{ SESION_STORE: 'x' }, 'WARN SESION_STORE is read by nobody; SESSION_STORE is'],
  'a name with letters swapped': [{ TURST_PROXY: '1' }, 'WARN TURST_PROXY is read by nobody; TRUST_PROXY is'],
  'a name in lower case': [{ public_url: 'x' }, 'WARN public_url is read by nobody; PUBLIC_URL is'],
  "somebody else's name for it": [
    { GOOGLE_CLIENT_ID: 'x' },
    'WARN GOOGLE_CLIENT_ID is read by nobody; GOOGLE_APP_ID is',
  ],
  'a misspelt provider': [
    { AMZON_APP_ID: 'x', AMZON_ROLE_ARN: role('x') },
    'FAIL amzon is off: AMZON_ISSUER is missing',
    'WARN AMZON_APP_ID is read by nobody; AMAZON_APP_ID is',
    'WARN AMZON_ROLE_ARN is read by nobody; AMAZON_ROLE_ARN is',
  ],
  'a misspelt issuer': [
    { ...okta, OKTA_ISSUER: undefined, OKTA_ISSER: 'https://example.okta.com' },
    'FAIL okta is off: OKTA_ISSUER is missing',
    'WARN OKTA_ISSER is read by nobody; OKTA_ISSUER is',
  ],
}

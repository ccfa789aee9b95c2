import type { Check, LegKind, Receipt } from './receipt.ts'

/** What is said of the other party of a sign-in. */
export interface ProviderFacts {
  name: string
  /** What is checked of a token and a profile. */
  checks: readonly Check[]
  openIdConnect: boolean
}

/** The flow in general is told of this one. */
export const anyProvider: ProviderFacts = {
  name: 'the identity provider',
  openIdConnect: true,
  checks: [
    {
      what: 'The token was issued by this provider, to this application, for this sign-in, and is still good',
      why: 'Or a token that was given to some other site would open this one.',
    },
    {
      what: 'Token and profile speak of the same person',
      why: 'Two answers are put together.',
    },
  ],
}

/** What people are told about one leg of the flow, whoever took it. */
export interface LegText {
  title: string
  what: string
  checks: readonly Check[]
}

type Teller = (provider: ProviderFacts, grant: Receipt['grant']) => LegText

const authorization: Teller = ({ name, openIdConnect }, grant) => ({
  title: `This app sends you to ${name}`,
  what: `You press a button. The app draws random values, keeps them sealed in a cookie of your browser, and redirects the browser to ${name} with its client id and the address to come back to. Your password is typed there, and only there.`,
  checks: [
    {
      what: 'state: a random value that must come back',
      why: 'It ties the answer to the browser that asked. Or an attacker could sign you in to their account without your noticing.',
    },
    ...(grant === 'code'
      ? [
          {
            what: 'code_challenge (PKCE): the hash of a verifier that stays here',
            why: `Whoever catches the code on its way cannot redeem it without the verifier. Sent where ${name} knows PKCE.`,
          },
        ]
      : []),
    ...(openIdConnect
      ? [
          {
            what: 'nonce: a random value that must be in the ID token',
            why: 'A token from another sign-in cannot be slipped in.',
          },
        ]
      : []),
    {
      what: `redirect_uri: registered with ${name} beforehand, and compared letter by letter`,
      why: 'The answer goes to this app, and to no address that somebody made up.',
    },
  ],
})

const comingBack: Teller = ({ name }, grant) => ({
  title: `You come back from ${name} with a ${grant === 'code' ? 'code' : 'token'}`,
  what:
    grant === 'code'
      ? 'The browser brings a code, good once and for a minute or so. It is not the token: what passes through a browser ends up in histories, logs and referrers, and the code alone is worth nothing there.'
      : 'In the implicit grant the token itself is in the fragment of the address, which never reaches a server by itself: a script of this page posts it. Anybody who reads that address has the token, which is why this grant is dead.',
  checks: [
    {
      what: 'state belongs to an attempt that this browser began, with this provider, less than ten minutes ago, and that was not used before',
      why: 'Refused otherwise before anybody is asked anything: forged, repeated and mixed-up answers end here.',
    },
    {
      what: `iss, where ${name} sends it, names ${name}`,
      why: 'A malicious provider cannot pass on a code that it got for another one (RFC 9207).',
    },
  ],
})

const tokens: Teller = ({ name }, grant) => ({
  title: grant === 'code' ? 'The app redeems the code for tokens' : 'There is no code to redeem',
  what:
    grant === 'code'
      ? `Server to server, past your browser. With its client secret the app proves who it is, and with the PKCE verifier that it is the one that asked, as far as ${name} knows them. The answer has the tokens in it.`
      : 'The browser has brought the token already. No client secret was needed, and so nothing proves that the token was meant for this app: the next leg must find out.',
  checks:
    grant === 'code'
      ? [
          {
            what: `Code, client, redirect_uri and code_verifier fit together for ${name}`,
            why: 'A code that was stolen is of no use to anybody else. A code that comes twice takes back the tokens that it gave.',
          },
        ]
      : [],
})

const identity: Teller = ({ name, checks, openIdConnect }) => ({
  title: 'The app makes sure of what it got',
  what: openIdConnect
    ? `The ID token is a statement signed by ${name}: who you are, for whom it was made, and until when. The app checks it with ${name}’s published keys, which it keeps for a while, and asks for your name where the token does not have it.`
    : `The access token says nothing to the app. So ${name} is asked two things side by side: for whom this token was issued, and whose it is.`,
  checks,
})

const access: Teller = ({ name, openIdConnect }) => ({
  title: 'AWS STS lends you a role',
  what: `AssumeRoleWithWebIdentity trades the ${openIdConnect ? 'ID token' : 'access token'} for an access key, a secret key and a session token that lapse by themselves. The call is not signed: the app has no AWS keys of its own, ${name}’s token is the only proof in it.`,
  checks: [
    {
      what: openIdConnect
        ? `AWS checks the signature of the token with ${name}’s keys, on its own`
        : `AWS asks ${name} about the token, on its own`,
      why: 'AWS takes nobody’s word for it, not this app’s either.',
    },
    {
      what: 'AWS compares the token with the role’s trust policy: which provider, issued to which application',
      why: 'Without that condition every application of the same provider could assume the role.',
    },
    {
      what: 'SubjectFromWebIdentityToken is the subject of the leg before',
      why: 'What AWS believes and what this app shows are the same person.',
    },
    {
      what: 'Policy: a session policy that narrows the role',
      why: 'The session can do what both allow, and never more than the role.',
    },
  ],
})

const use: Teller = () => ({
  title: 'S3 answers to these credentials',
  what: 'Every request is signed with the secret key, which is never sent. The session token goes with it: by it S3 finds role, session policy and expiry, and decides. Your browser gets pages, and never a key.',
  checks: [
    {
      what: 'S3 checks signature, session token and expiry, then the policies of role, session and bucket',
      why: 'A request that was altered, is late, or asks for more than was lent is refused.',
    },
  ],
})

/** What is told of each leg. */
export const legTexts: Record<LegKind, Teller> = {
  authorization,
  return: comingBack,
  tokens,
  identity,
  access,
  use,
}

/** Somebody who can sign in. What a person lacks (an e-mail address, a family name) is left out. */
export interface Person {
  /** As shown on pages; may be one word, in any script. */
  name: string
  givenName?: string
  familyName?: string
  email?: string
  postalCode?: string
  /** Google Workspace domain, Google's `hd` claim. */
  hostedDomain?: string
  /** The id by which each provider knows the person, in that provider's own shape. */
  subjects: { amazon: string; google: string; facebook: string }
}

/** The identities that the sign-in pages offer unless a test brings its own. */
export const demoPeople: readonly Person[] = [
  {
    name: 'Ada Example',
    givenName: 'Ada',
    familyName: 'Example',
    email: 'ada@example.com',
    postalCode: '98101',
    subjects: {
      amazon: 'amzn1.account.AEADAEXAMPLE2NQWJ5XK7LHTZ3PQ',
      google: '104837261950284716305',
      facebook: '10158273640192837',
    },
  },
  {
    name: '美咲',
    subjects: {
      amazon: 'amzn1.account.AEMISAKI6TRWVY4GQ2ZB8MXKDN5A',
      google: '117502946381027465918',
      facebook: '10160394857261045',
    },
  },
  {
    name: 'Renée O’Hara-Núñez',
    givenName: 'Renée',
    familyName: 'O’Hara-Núñez',
    email: 'renee.ohara+aws@corp.example',
    postalCode: '1010',
    hostedDomain: 'corp.example',
    subjects: {
      amazon: 'amzn1.account.AERENEE3CPLHF9WSU7VKQ2TJYD4M',
      google: '109261738450916273845',
      facebook: '10157482910364758',
    },
  },
]

import type { AppError, Mender } from '../errors.ts'
import { journeyView } from './leg-view.ts'
import type { ProviderFacts } from './legs.ts'
import { currentRecording } from './recording.ts'

const menders: Record<Mender, (provider: string) => string> = {
  person: () => 'You can: start the sign-in again.',
  operator: () => 'Whoever runs this app.',
  provider: (name) => `${name}. Trying again later may be all that is needed.`,
  aws: () => 'AWS. Trying again later may be all that is needed.',
  account: () => 'Whoever administers the AWS account.',
}

/** How far the sign-in of this request came; `undefined` where none was recorded. */
export function stoppedView({ code, mender }: AppError, providerFacts: (id: string) => ProviderFacts) {
  const receipt = currentRecording()?.receipt()
  if (receipt === undefined) return undefined
  const provider = providerFacts(receipt.providerId)
  const journey = journeyView({ receipt, provider, missing: 'not-reached' })
  const last = journey.legs.find(({ state }) => state === 'failed')
  return {
    ...journey,
    reached: journey.legs.filter(({ state }) => state === 'done' || state === 'failed'),
    where: last && `${last.number}. ${last.title}`,
    code,
    mender: menders[mender](provider.name),
  }
}

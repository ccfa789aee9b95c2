import { existsSync } from 'node:fs'
import { join } from 'node:path'

const publicFolder = join(import.meta.dirname, '..', '..', '..', 'public')

/** How a provider is shown. */
export interface Face {
  /** Proper name, for sentences. */
  displayName: string
  /** Text of the button, worded as the provider's branding guidelines ask. */
  label: string
  /** Path of the mark, below `public/`. */
  icon: string
}

const known = new Map([
  ['amazon', { displayName: 'Amazon', label: 'Login with Amazon', icon: 'amazon' }],
  ['google', { displayName: 'Google', label: 'Sign in with Google', icon: 'google' }],
  ['facebook', { displayName: 'Facebook', label: 'Continue with Facebook', icon: 'facebook' }],
])

const iconPath = (name: string): string => `icons/${name}.svg`

/** Whether `public/icons` has a mark of this name. */
export const hasIcon = (name: string): boolean => existsSync(join(publicFolder, iconPath(name)))

/** `Example` for the button text `Sign in with Example`. */
const nameIn = (label: string): string =>
  label.replace(/^((sign|log) ?in|continue) (with|using|at) (?=\S)/i, '')

/** The face of the provider `id`, with the operator's `label` and `icon` where given; an icon that is not there is the neutral one. */
export function faceOf({
  id,
  label,
  icon,
}: {
  id: string
  label?: string | undefined
  icon?: string | undefined
}): Face {
  const name = id.replaceAll('_', ' ')
  const face = known.get(id) ?? {
    displayName: label === undefined ? name : nameIn(label),
    label: `Sign in with ${name}`,
    icon: 'openid',
  }
  const wanted = icon ?? face.icon
  return {
    displayName: face.displayName,
    label: label ?? face.label,
    icon: iconPath(hasIcon(wanted) ? wanted : 'openid'),
  }
}

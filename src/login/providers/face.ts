/** How a provider is shown. */
export interface Face {
  /** Proper name, for sentences. */
  displayName: string
  /** Text of the button, worded as the provider's branding guidelines ask. */
  label: string
  /** Path of the mark, below `public/`. */
  icon: string
}

const known: Record<string, { displayName: string; label: string; icon: string }> = {
  amazon: { displayName: 'Amazon', label: 'Login with Amazon', icon: 'amazon' },
  google: { displayName: 'Google', label: 'Sign in with Google', icon: 'google' },
  facebook: { displayName: 'Facebook', label: 'Continue with Facebook', icon: 'facebook' },
}

/** The face of the provider `id`, with the operator's `label` and `icon` where given. */
export function faceOf({
  id,
  label,
  icon,
}: {
  id: string
  label?: string | undefined
  icon?: string | undefined
}): Face {
  const face = known[id] ?? { displayName: label ?? id, label: `Sign in with ${id}`, icon: 'openid' }
  return { displayName: face.displayName, label: label ?? face.label, icon: `icons/${icon ?? face.icon}.svg` }
}

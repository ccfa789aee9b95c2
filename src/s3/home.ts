import type { HomeSettings } from '../config.ts'
import { folderHref } from './links.ts'

/** A folder in a bucket. */
export interface Folder {
  bucket: string
  prefix: string
}

/**
 * A person's own folder. What keeps others out of it is the role's policy, with the same subject as a policy
 * variable: this is only the way there.
 * @see "IAM policy elements: Variables and tags", AWS IAM user guide
 */
export const homeOf = (
  { bucket, prefix }: HomeSettings,
  { providerId, subject }: { providerId: string; subject: string },
): Folder => {
  const values: Record<string, string> = { provider: providerId, subject }
  return {
    bucket,
    prefix: prefix.replace(/\$\{(provider|subject)\}/g, (_, name: string) => values[name] ?? ''),
  }
}

/** Address of a person's own folder; `undefined` where people have none. */
export function homeHref(
  home: HomeSettings | undefined,
  person: { providerId: string; subject: string },
): string | undefined {
  if (!home) return undefined
  const { bucket, prefix } = homeOf(home, person)
  return folderHref(bucket, prefix)
}

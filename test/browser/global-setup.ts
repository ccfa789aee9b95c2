import type { TestProject } from 'vitest/node'
import { launchChromium } from './chromium.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** Where the one Chromium of this run is reached. */
    chromiumEndpoint: string
  }
}

/** One Chromium for all files: a context of it is as good as a browser of one's own. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const server = await launchChromium()
  project.provide('chromiumEndpoint', server.wsEndpoint())
  return () => server.close()
}

// The person at this machine, where there is one.

import { messageOf } from '../../kit/log.ts'
import type { Host } from '../../ports/host.ts'

export interface Desktop {
  /** Shows a file; why that did not work, else null. */
  open(path: string): Promise<string | null>
}

export const createDesktop = (host: Host): Desktop => ({
  async open(path) {
    if (!host.openFile) return 'there is no desktop here'
    return host.openFile(path).then(
      () => null,
      (error: unknown) => `${path} could not be opened: ${messageOf(error)}`,
    )
  },
})

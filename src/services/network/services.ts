// The way out.

import type { Ground } from '../ground.ts'
import type { Settings } from '../operations/settings-services.ts'
import { createGuardedFetch, type GuardedFetch } from './guarded-fetch.ts'

export interface NetworkServices {
  /** For every address that somebody else has named. */
  readonly outside: GuardedFetch
}

export function createNetworkServices({ platform, host }: Ground, { config }: Settings): NetworkServices {
  const allowed = () => config.current.gateway?.http?.allowPrivateHosts ?? []
  return { outside: createGuardedFetch({ fetch: platform.fetch, host, clock: platform.clock, allowed }) }
}

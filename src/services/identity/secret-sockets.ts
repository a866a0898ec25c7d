// Lets go of the sockets that came in by the shared secret, when that is not the secret any more. Devices that were
// paired have tokens of their own, and stay.

import type { Clock } from '../../ports/clock.ts'
import type { RuntimeConfiguration } from '../operations/runtime-settings.ts'
import type { Connections } from './connections.ts'

const CLOSE_CODE = 4001
const CLOSE_REASON = 'the shared secret has changed'
/** The one who changed it still gets the answer. */
const GRACE_MS = 250

export function closeOnNewSecret(deps: { runtime: RuntimeConfiguration; connections: Connections; clock: Clock }): void {
  const { runtime, connections, clock } = deps
  runtime.onNewSecret(() => {
    const old = new Set([...connections.established()].filter(({ session }) => session?.principalId === 'operator').map(({ id }) => id))
    if (old.size > 0) clock.after(GRACE_MS, () => connections.disconnect(({ id }) => old.has(id), CLOSE_CODE, CLOSE_REASON))
  })
}

// Lets go of the sockets of a key that has ended. Where gateways sleep, nothing waits for the end of one: its next call is
// refused, and a socket that comes back finds it ended.

import type { Clock } from '../../ports/clock.ts'
import type { Connection, Connections } from './connections.ts'
import type { Keys } from './keys.ts'

const CLOSE_CODE = 4001
/** The most that a timer can wait. */
const MAX_TIMER_MS = 2 ** 31 - 1

export function closeWithKey(deps: {
  keys: Pick<Keys, 'onRevoked' | 'isRevoked'>
  connections: Connections
  clock: Clock
  hibernates: boolean
}): void {
  const { keys, connections, clock, hibernates } = deps
  const timers = new Map<string, () => void>()

  keys.onRevoked((id) => connections.disconnect(({ principal }) => principal?.key?.id === id, CLOSE_CODE, 'the key was revoked'))

  function watch({ id, principal }: Connection): void {
    const { key } = principal ?? {}
    if (!key) return
    const left = (key.expiresAtMs ?? Infinity) - clock.now()
    if (left <= 0 || keys.isRevoked(key.id)) return connections.disconnect((connection) => connection.id === id, CLOSE_CODE, 'the key has ended')
    if (left !== Infinity && !hibernates) timers.set(id, clock.after(Math.min(left, MAX_TIMER_MS), () => again(id)))
  }

  function again(id: string): void {
    const connection = connections.get(id)
    if (connection) watch(connection)
  }

  connections.onJoin(watch)
  connections.onLeave(({ id }) => {
    timers.get(id)?.()
    timers.delete(id)
  })
}

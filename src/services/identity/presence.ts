// The presence list: the gateway itself and whoever is connected, with a version that grows with each change.

import { clean } from '../../kit/log.ts'
import { presence as presenceEvent } from '../../protocol/events.ts'
import type { PresenceEntry } from '../../protocol/shapes.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Bus } from '../bus.ts'
import type { Connection } from './connections.ts'
import { watchedOf } from './topics.ts'

/** Changes within this time are told in one event: a thousand clients that reconnect must not cause a million frames. */
const TELL_AFTER_MS = 100
/** Entries at most; connections beyond them are served but not listed. */
const MAX_ENTRIES = 500

export interface Presence {
  readonly version: number
  list(): PresenceEntry[]
  join(connection: Connection): void
  leave(connection: Connection): void
  /** What somebody looks at, or does, has changed: see `watchTopic`. */
  changed(): void
}

export function createPresence(deps: { bus: Bus; clock: Clock; self: () => PresenceEntry }): Presence {
  const { bus, clock, self } = deps
  const entries = new Map<string, { entry: PresenceEntry; connections: Set<Connection> }>()
  let version = clock.now() // above all that was told before a sleep: less than one change comes for each millisecond
  let telling = false

  const list = () => [self(), ...[...entries.values()].map(({ entry, connections }) => withWatched(entry, connections))]

  function changed() {
    version++
    if (telling) return
    telling = true
    clock.after(TELL_AFTER_MS, () => {
      telling = false
      bus.publish(presenceEvent, () => ({ presence: list() }))
    })
  }

  return {
    get version() {
      return version
    },
    list,
    join(connection) {
      const key = keyOf(connection)
      if (key === null) return
      const known = entries.get(key)
      if (known) return void known.connections.add(connection)
      if (entries.size >= MAX_ENTRIES) return
      entries.set(key, { entry: toEntry(connection, clock.now()), connections: new Set([connection]) })
      changed()
    },
    leave(connection) {
      const key = keyOf(connection)
      const known = key === null ? undefined : entries.get(key)
      if (!known?.connections.delete(connection) || known.connections.size > 0) return
      entries.delete(key!)
      changed()
    },
    changed,
  }
}

/** What makes two connections the same presence. Passing visitors, such as one call of the CLI, are none. */
function keyOf({ session }: Connection): string | null {
  if (!session || session.client.mode === 'cli' || session.client.mode === 'probe') return null
  if (session.deviceId) return `${session.role}:${session.deviceId}`
  return session.client.instanceId ? `${session.role}:${session.client.instanceId}` : null
}

/** The sessions that its connections look at. */
function withWatched(entry: PresenceEntry, connections: ReadonlySet<Connection>): PresenceEntry {
  const watched = [...new Set([...connections].flatMap(({ topics }) => watchedOf(topics)))].toSorted()
  return watched.length === 0 ? entry : { ...entry, watchedSessions: watched }
}

const short = (text: string): string => clean(text).slice(0, 128)

function toEntry({ session, facts, openedAt }: Connection, now: number): PresenceEntry {
  const { client, role, scopes, deviceId } = session!
  return {
    host: short(client.displayName ?? client.id),
    ...(facts.address !== null && !facts.direct && { ip: facts.address }),
    version: short(client.version),
    platform: short(client.platform),
    ...(client.deviceFamily !== undefined && { deviceFamily: short(client.deviceFamily) }),
    ...(client.modelIdentifier !== undefined && { modelIdentifier: short(client.modelIdentifier) }),
    ...(client.timeZone !== undefined && { timeZone: short(client.timeZone) }),
    ...(client.instanceId !== undefined && { instanceId: short(client.instanceId) }),
    ...(deviceId !== undefined && { deviceId }),
    mode: client.mode,
    reason: 'connect',
    roles: [role],
    scopes: [...scopes],
    ts: now,
    onlineSince: openedAt,
  }
}

// The person whose gateway this is, and what pages remember for them. There is one person, and pages are how they look
// at it: programs that connect with a key of the gateway are nobody in particular.

import * as z from 'zod'
import { isDangerousKey } from '../../kit/keys.ts'
import { PAGE_CLIENTS } from '../../protocol/connect.ts'
import { GatewayError, invalid } from '../../protocol/errors.ts'
import { usersPrefsChanged } from '../../protocol/page-events.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Sql } from '../../ports/sql.ts'
import { createCollection } from '../../store/collection.ts'
import type { Commit } from '../../store/commit.ts'
import type { Bus } from '../bus.ts'
import type { Connection, Connections } from './connections.ts'

export interface Profile {
  readonly id: string
  readonly createdAt: number
  readonly updatedAt: number
}

export interface Profiles {
  /** Whose connection it is; null: nobody's. */
  of(connection: Connection | null): string | null
  get(profileId: string): Profile
  /** All of them, or those that are asked for. */
  prefs(profileId: string, keys?: readonly string[]): Record<string, unknown>
  /** null takes one away. All of them are set, or none. */
  setPrefs(profileId: string, entries: Readonly<Record<string, unknown>>): void
}

const OWNER = 'gateway-owner'
const MAX_KEY_CHARS = 256
const MAX_VALUE_CHARS = 64 * 1024
const MAX_PREFS = 1000

export function createProfiles(deps: { sql: Sql; commit: Commit; clock: Clock; bus: Bus; connections: Pick<Connections, 'established'> }): Profiles {
  const { commit, clock, bus, connections } = deps
  const profiles = createCollection(deps.sql, 'profiles', z.strictObject({ createdAt: z.int(), updatedAt: z.int() }))
  const kept = createCollection(deps.sql, 'user-prefs', z.unknown())
  const idOf = (profileId: string, key: string) => `${profileId}\n${key}`
  const list = (profileId: string) => kept.list({ prefix: idOf(profileId, ''), limit: MAX_PREFS })

  function of(connection: Connection | null): string | null {
    const { role, client } = connection?.session ?? {}
    return role === 'operator' && client && PAGE_CLIENTS.includes(client.id) ? OWNER : null
  }

  /** The pages of this person alone. */
  function tell(profileId: string, keys: string[]) {
    for (const connection of connections.established()) {
      if (of(connection) === profileId) bus.publish(usersPrefsChanged, { profileId, keys }, { connection: connection.id })
    }
  }

  return {
    of,
    get: (id) =>
      commit.tx(() => {
        const known = profiles.get(id)?.value
        const now = clock.now()
        const profile = known ?? { createdAt: now, updatedAt: now }
        if (!known) profiles.put(id, profile)
        return { id, ...profile }
      }),
    prefs(profileId, keys) {
      const all = list(profileId).map(({ id, value }) => [id.slice(idOf(profileId, '').length), value] as const)
      return Object.fromEntries(keys ? all.filter(([key]) => keys.includes(key)) : all)
    },
    setPrefs(profileId, entries) {
      const changes = Object.entries(entries)
      for (const [key, value] of changes) {
        const problem = problemOf(key, value)
        if (problem !== null) throw invalid(`invalid users.prefs.set entry for ${key.slice(0, MAX_KEY_CHARS)}: ${problem}`)
      }
      if (changes.length === 0) return
      commit.tx(() => {
        for (const [key, value] of changes) {
          if (value === null) kept.delete(idOf(profileId, key))
          else kept.put(idOf(profileId, key), value)
        }
        if (kept.list({ prefix: idOf(profileId, ''), limit: MAX_PREFS + 1 }).length > MAX_PREFS) {
          throw new GatewayError('INVALID_REQUEST', `there are too many settings: ${MAX_PREFS} are the most`)
        }
      })
      tell(profileId, changes.map(([key]) => key))
    },
  }
}

function problemOf(key: string, value: unknown): string | null {
  if (!/^.{1,256}$/.test(key) || isDangerousKey(key)) return 'invalid-key'
  return (JSON.stringify(value) ?? '').length > MAX_VALUE_CHARS ? 'value-too-large' : null
}

// Groups of sessions: names in an order. A session is in the group that its `category` names, and a new category makes
// a group.

import * as z from 'zod'
import { invalid } from '../../protocol/errors.ts'
import { sessionsChanged } from '../../protocol/events.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Sql } from '../../ports/sql.ts'
import { createCollection } from '../../store/collection.ts'
import type { Commit } from '../../store/commit.ts'
import type { Bus } from '../bus.ts'
import type { SessionTable } from './session-table.ts'
import type { Sessions } from './sessions.ts'

const order = z.strictObject({ names: z.array(z.string()), sections: z.array(z.string()) })
export type GroupOrder = z.output<typeof order>

export interface SessionGroups {
  list(): GroupOrder
  /** Sets which there are, and their order. One that has sessions cannot be left out. Absent `sections`: as before. */
  put(names: readonly string[], sections?: readonly string[]): GroupOrder
  /** Returns how many sessions are in another group now. */
  rename(name: string, to: string): number
  delete(name: string): number
}

export const MAX_GROUPS = 500
const ID = 'order'
/** Sessions that are changed at a time. */
const STEP = 500

export function createSessionGroups(deps: { sql: Sql; table: SessionTable; sessions: Sessions; commit: Commit; bus: Bus; clock: Clock }): SessionGroups {
  const { table, sessions, commit, bus, clock } = deps
  const stored = createCollection(deps.sql, 'session-groups', order)

  const list = (): GroupOrder => stored.get(ID)?.value ?? { names: [], sections: [] }

  function save({ names, sections }: GroupOrder): GroupOrder {
    const known = sections.filter((each) => !each.startsWith('category:') || names.includes(each.slice('category:'.length)))
    const saved = { names: [...names], sections: known }
    stored.put(ID, saved)
    bus.publish(sessionsChanged, { reason: 'groups', ts: clock.now() })
    return saved
  }

  sessions.watch({
    changed({ settings: { category } }) {
      if (category === undefined) return
      const { names, sections } = list()
      if (!names.includes(category) && names.length < MAX_GROUPS) stored.put(ID, { names: [...names, category], sections })
    },
  })

  /** Puts the sessions of a group into another one, or into none. */
  function move(name: string, to: string | null): number {
    let moved = 0
    for (;;) {
      const members = table.page({ category: name }, STEP, 0)
      for (const { key, settings } of members) {
        const { category: _, ...rest } = settings
        table.update(key, { settings: to === null ? rest : { ...rest, category: to } })
      }
      moved += members.length
      if (members.length < STEP) return moved
    }
  }

  return {
    list,
    put: (given, sections) =>
      commit.tx(() => {
        const names = distinct(given)
        if (names.length > MAX_GROUPS) throw invalid(`${names.length} groups are too many: at most ${MAX_GROUPS} are kept`)
        for (const name of list().names) {
          const members = names.includes(name) ? 0 : table.count({ category: name })
          if (members > 0) {
            throw invalid(
              `sessions.groups.put cannot drop groups that still have member sessions: "${name}" (${members}); ` +
                'include them in names or remove them via sessions.groups.delete',
            )
          }
        }
        return save({ names, sections: sections ? distinct(sections).slice(0, MAX_GROUPS) : list().sections })
      }),
    rename: (name, given) =>
      commit.tx(() => {
        const to = given.trim()
        const { names, sections } = list()
        if (!names.includes(name)) throw invalid(`unknown session group: ${name}`)
        if (to === '') throw invalid('a group needs a name')
        const updated = name === to ? 0 : move(name, to)
        const renamed = (each: string) => (each === `category:${name}` ? `category:${to}` : each)
        save({ names: distinct(names.map((each) => (each === name ? to : each))), sections: distinct(sections.map(renamed)) })
        return updated
      }),
    delete: (name) =>
      commit.tx(() => {
        const { names, sections } = list()
        const updated = move(name, null)
        if (names.includes(name) || updated > 0) save({ names: names.filter((each) => each !== name), sections })
        return updated
      }),
  }
}

const distinct = (names: readonly string[]): string[] => [...new Set(names.map((name) => name.trim()).filter((name) => name !== ''))]

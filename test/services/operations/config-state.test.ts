// What is kept of the configuration in the database, before there are tables and afterwards.

import { expect, it } from 'vitest'
import { migrate } from '../../../src/store/migrate.ts'
import { createCommit } from '../../../src/store/commit.ts'
import { MIGRATIONS } from '../../../src/services/migrations.ts'
import { createConfigState, createFleetingState } from '../../../src/services/operations/config-state.ts'
import { fakeClock } from '../../harness/clock.ts'
import { memorySql } from '../../harness/sql.ts'

function create(sql = memorySql()) {
  const commit = createCommit(sql, fakeClock(), () => {})
  return { sql, commit, state: createConfigState({ sql, commit }) }
}

it('has a key from the beginning, and keeps it as soon as there is where to', async () => {
  const { sql, commit, state } = create()
  const key = state.hashKey()
  expect(key).toHaveLength(43)
  expect(state.patch()).toBeNull()
  expect(state.unconfirmed()).toBeNull()
  migrate(sql, MIGRATIONS)
  expect(state.hashKey()).toBe(key)
  await commit.flush()
  expect(create(sql).state.hashKey()).toBe(key)
})

it('keeps a patch and a change that waits, and forgets them', async () => {
  const { sql, state, commit } = create()
  migrate(sql, MIGRATIONS)
  const waiting = { hash: 'h', previous: null, deadline: 5, by: 'operator' }
  state.setPatch({ a: { b: null } })
  state.setUnconfirmed(waiting)
  await commit.flush()
  const again = create(sql).state
  expect([again.patch(), again.unconfirmed()]).toEqual([{ a: { b: null } }, waiting])
  again.setPatch(null)
  again.setUnconfirmed(null)
  expect([state.patch(), state.unconfirmed()]).toEqual([null, null])
})

it('is nothing without a database', () => {
  const state = createFleetingState()
  state.setPatch({ a: 1 })
  state.setUnconfirmed({ hash: 'h', previous: null, deadline: 1, by: 'x' })
  expect([state.patch(), state.unconfirmed(), state.hashKey() === state.hashKey()]).toEqual([null, null, true])
  expect(state.hashKey()).not.toBe(createFleetingState().hashKey())
})

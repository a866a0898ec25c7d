// The account of changes.

import { expect, it } from 'vitest'
import { configHistoryMigration, createConfigHistory } from '../../../src/services/operations/config-history.ts'
import { memorySql } from '../../harness/sql.ts'

it('has the last changes, the latest first, and no more than a hundred', () => {
  const sql = memorySql()
  sql.exec(configHistoryMigration.script)
  const history = createConfigHistory(sql)
  expect(history.list(10)).toEqual([])
  for (let n = 1; n <= 130; n++) history.add({ hash: `h${n}`, at: n, by: 'operator', how: 'config.patch', paths: ['a.b'], note: n === 130 ? 'why' : null })
  expect(history.list(2)).toEqual([
    { hash: 'h130', at: 130, by: 'operator', how: 'config.patch', paths: ['a.b'], note: 'why' },
    { hash: 'h129', at: 129, by: 'operator', how: 'config.patch', paths: ['a.b'], note: null },
  ])
  expect(history.list(1000)).toHaveLength(100)
})

it('cuts what is too long', () => {
  const sql = memorySql()
  sql.exec(configHistoryMigration.script)
  const history = createConfigHistory(sql)
  history.add({ hash: 'h', at: 1, by: 'x', how: 'y', paths: Array.from({ length: 500 }, () => 'p'.repeat(1000)), note: 'n'.repeat(5000) })
  const [kept] = history.list(1)
  expect([kept!.paths.length, kept!.paths[0]!.length, kept!.note!.length]).toEqual([50, 200, 500])
})

// Compactions as rows.

import { describe, expect, it } from 'vitest'
import { migrate } from '../../../src/store/migrate.ts'
import { compactionsMigration, createCompactionTable, type Compaction } from '../../../src/services/conversation/compaction-table.ts'
import { memorySql } from '../../harness/sql.ts'

function open() {
  const sql = memorySql()
  migrate(sql, [compactionsMigration])
  return createCompactionTable(sql)
}

const at = (seq: number): Compaction => ({
  seq, id: `id ${seq}`, keptAfter: seq - 2, summary: seq === 9 ? null : `up to ${seq}`, firstKeptId: 'first', leafId: 'leaf', markerId: 'marker', tokensBefore: 9, tokensAfter: 3, createdAt: seq,
}) // prettier-ignore

describe('compactions', () => {
  it('are found by where they are: the last one in a range', () => {
    const table = open()
    for (const seq of [5, 9, 20]) table.put('stream', at(seq))
    expect(table.latest('stream', { after: 0, upTo: 100 })).toEqual(at(20))
    expect(table.latest('stream', { after: 0, upTo: 19 })).toEqual(at(9))
    expect(table.latest('stream', { after: 9, upTo: 19 })).toBeNull()
    expect(table.latest('other', { after: 0, upTo: 100 })).toBeNull()
    expect(table.list('stream', 5, 10)).toEqual([at(20), at(9)])
    expect(table.list('stream', 0, 1)).toEqual([at(20)])
  })

  it('go along with the messages that are copied', () => {
    const table = open()
    for (const seq of [5, 9]) table.put('from', at(seq))
    table.copy('from', 'to', 8)
    expect(table.list('to', 0, 10)).toEqual([at(5)])
    table.delete('from')
    expect([table.list('from', 0, 10), table.list('to', 0, 10)]).toEqual([[], [at(5)]])
  })
})

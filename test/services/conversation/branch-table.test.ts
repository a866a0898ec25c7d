// The branches that are set aside.

import { describe, expect, it } from 'vitest'
import { migrate } from '../../../src/store/migrate.ts'
import { branchesMigration, createBranchTable, type Branch } from '../../../src/services/conversation/branch-table.ts'
import { memorySql } from '../../harness/sql.ts'

function open() {
  const sql = memorySql()
  migrate(sql, [branchesMigration])
  return createBranchTable(sql)
}

const branch = (stream: string, updatedAt: number): Branch => ({ stream, leafId: `leaf ${stream}`, floor: 1, messages: 5, title: null, preview: 'p', updatedAt })

describe('branches', () => {
  it('come back as they were put, the latest first', () => {
    const table = open()
    table.put('a', branch('one', 10))
    table.put('a', branch('two', 20))
    table.put('b', branch('three', 30))
    expect(table.list('a')).toEqual([branch('two', 20), branch('one', 10)])
    table.remove('a', 'two')
    expect(table.list('a')).toEqual([branch('one', 10)])
  })

  it('of a conversation that is over are not listed, and not lost', () => {
    const table = open()
    table.put('a', branch('one', 10))
    table.close('a')
    table.put('a', branch('two', 20))
    expect(table.list('a')).toEqual([branch('two', 20)])
    expect(table.clear('a')).toEqual(['one', 'two'])
    expect(table.clear('a')).toEqual([])
  })
})

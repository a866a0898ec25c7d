// Stored responses on disk: in pieces, by item, and forgotten with their conversation.

import { beforeEach, describe, expect, it } from 'vitest'
import { createResponseTable, type ResponseRow, type ResponseTable, type StoredItem } from '../../../src/services/conversation/responses-table.ts'
import { foundation } from '../../harness/foundation.ts'
import type { TestSql } from '../../harness/sql.ts'

let sql: TestSql
let table: ResponseTable
beforeEach(() => {
  ;({ sql } = foundation())
  table = createResponseTable(sql)
})

const item = (id: string, more = ''): StoredItem => ({ type: 'message', id, ...(more && { content: more }) })
const row = (id: string, changes: Partial<ResponseRow> = {}): ResponseRow => ({ id, owner: 'operator', sessionKey: 'agent:main:x', previousId: null, thread: id, createdAt: 1000, ...changes })
const put = (id: string, changes: Partial<ResponseRow> = {}) => table.put(row(id, changes), `{"id":"${id}"}`, [item(`in_${id}`)], [item(`out_${id}`)])
const left = () => sql.all<{ id: string }>('SELECT id FROM responses ORDER BY id').map(({ id }) => id)

describe('a response', () => {
  it('is there as it was put, also with items that no row could hold', () => {
    const long = 'ä'.repeat(700_000)
    table.put(row('resp_1'), '{"a":1}', [item('a', long), item('b')], [item('c')])
    expect(table.get('resp_1')).toEqual(row('resp_1'))
    expect([table.head('resp_1'), table.items('resp_1', 'input'), table.items('resp_1', 'output')]).toEqual(['{"a":1}', [item('a', long), item('b')], [item('c')]])
    expect(table.item('a', 'operator')).toEqual(item('a', long))
    expect(table.size('resp_1')).toBeGreaterThan(700_000)
    const widest = sql.get<{ n: number }>('SELECT max(length(CAST(json AS BLOB))) AS n FROM response_items')!.n
    expect(widest).toBeLessThan(1_000_000)
  })

  it('is replaced by one of the same id, and deleted with its items', () => {
    put('resp_1')
    table.put(row('resp_1', { createdAt: 2000 }), '{}', [], [])
    expect([table.get('resp_1')?.createdAt, table.items('resp_1', 'input')]).toEqual([2000, []])
    table.delete('resp_1')
    expect([table.get('resp_1'), table.size('resp_1'), sql.all('SELECT 1 FROM response_items')]).toEqual([null, 0, []])
  })

  it('has items that are found by their owner alone, the newest of an id', () => {
    put('resp_1')
    table.put(row('resp_2', { createdAt: 2000 }), '{}', [item('in_resp_1', 'newer')], [])
    expect(table.item('in_resp_1', 'operator')).toEqual(item('in_resp_1', 'newer'))
    expect([table.item('in_resp_1', 'somebody'), table.item('nothing', 'operator')]).toEqual([null, null])
  })
})

describe('forgetting', () => {
  it('takes conversations in which nothing was said for long, and no others', () => {
    put('resp_1', { createdAt: 1000 })
    put('resp_2', { createdAt: 1000, thread: 'resp_2' })
    put('resp_3', { createdAt: 9000, thread: 'resp_2', previousId: 'resp_2' })
    table.prune(5000, 100)
    expect(left()).toEqual(['resp_2', 'resp_3'])
    table.prune(9999, 100)
    expect([left(), sql.all('SELECT 1 FROM response_items')]).toEqual([[], []])
  })

  it('takes the oldest when there are too many', () => {
    for (let n = 1; n <= 5; n++) put(`resp_${n}`, { createdAt: n * 1000 })
    table.prune(0, 3)
    expect(left()).toEqual(['resp_3', 'resp_4', 'resp_5'])
  })
})

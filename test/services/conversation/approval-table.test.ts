import { describe, expect, it } from 'vitest'
import { createApprovalTable, type Approval } from '../../../src/services/conversation/approval-table.ts'
import { foundation } from '../../harness/foundation.ts'

const row = (id: string, more: Partial<Approval> = {}): Approval => ({
  id,
  kind: 'exec',
  status: 'pending',
  decision: null,
  reason: null,
  agentId: 'main',
  sessionKey: 'agent:main:a',
  runId: 'r1',
  cwd: '/tmp',
  facts: 'f',
  grantFacts: 'g',
  binding: 'b',
  request: { command: 'ls' },
  presentation: { kind: 'exec', commandText: 'ls', commandPreview: null, warningText: null, host: null, nodeId: null, agentId: null, allowedDecisions: ['deny'] },
  createdAtMs: 1000,
  expiresAtMs: 2000,
  resolvedAtMs: null,
  resolver: null,
  spentAtMs: null,
  askedBy: 'operator',
  ...more,
})
const DENIED = { status: 'denied', decision: 'deny', reason: 'user', resolver: { kind: 'runtime', id: 'x' } } as const
const ALLOWED = { status: 'allowed', decision: 'allow-once', reason: 'user', resolver: { kind: 'system' } } as const

function open() {
  const { sql } = foundation()
  return { sql, table: createApprovalTable(sql) }
}

describe('the table of approvals', () => {
  it('gives back what was put into it', () => {
    const { table } = open()
    table.insert(row('a'))
    expect(table.get('a')).toEqual(row('a'))
    expect(table.get('b')).toBeNull()
    table.end('a', ALLOWED, 1500)
    expect(table.get('a')).toEqual(row('a', { status: 'allowed', decision: 'allow-once', reason: 'user', resolver: { kind: 'system' }, resolvedAtMs: 1500 }))
  })

  it('ends once, and is used once', () => {
    const { table } = open()
    table.insert(row('a'))
    expect(table.spend('a', 1)).toBe(false)
    expect([table.end('a', ALLOWED, 1), table.end('a', DENIED, 2), table.end('none', DENIED, 2)]).toEqual([true, false, false])
    expect([table.spend('a', 3), table.spend('a', 4), table.spend('none', 4)]).toEqual([true, false, false])
    expect(table.get('a')).toMatchObject({ decision: 'allow-once', resolvedAtMs: 1, spentAtMs: 3 })
  })

  it('finds what waits, in the order of asking', () => {
    const { table } = open()
    table.insert(row('z', { kind: 'plugin', expiresAtMs: 3000 }))
    table.insert(row('a', { runId: 'r2' }))
    table.insert(row('m', { sessionKey: 'agent:main:b' }))
    table.insert(row('done'))
    table.end('done', DENIED, 1)
    const ids = (which?: Parameters<typeof table.pending>[0], limit?: number) => table.pending(which, limit).map(({ id }) => id)
    expect(ids()).toEqual(['z', 'a', 'm'])
    expect(ids({ kind: 'exec' })).toEqual(['a', 'm'])
    expect(ids({ runId: 'r2' })).toEqual(['a'])
    expect(ids({ sessionKey: 'agent:main:b' })).toEqual(['m'])
    expect(ids({ dueAt: 2000 })).toEqual(['a', 'm'])
    expect(ids({}, 1)).toEqual(['z'])
    expect([table.countPending(), table.nextExpiry()]).toEqual([3, 2000])
    for (const id of ['z', 'a', 'm']) table.end(id, DENIED, 1)
    expect([table.countPending(), table.nextExpiry()]).toEqual([0, null])
  })

  it('finds the latest of the same facts that is of use', () => {
    const { table } = open()
    table.insert(row('old'))
    table.insert(row('new'))
    expect(table.open('f', 1500)?.id).toBe('new')
    expect(table.open('f', 2000)).toBeNull()
    expect(table.open('other', 1500)).toBeNull()
    table.end('new', ALLOWED, 1)
    expect(table.open('f', 1500)?.id).toBe('new')
    table.spend('new', 2)
    expect(table.open('f', 1500)?.id).toBe('old')
    table.end('old', DENIED, 3)
    expect(table.open('f', 1500)).toBeNull()
  })

  it('turns the pages of what has ended, the latest first, also within a millisecond', () => {
    const { table } = open()
    for (const id of ['a', 'b', 'c', 'd', 'e']) {
      table.insert(row(id, { kind: id === 'c' ? 'plugin' : 'exec' }))
      if (id !== 'e') table.end(id, DENIED, id === 'a' ? 1 : 2)
    }
    const seen: string[] = []
    for (let before; ; ) {
      const [next] = table.history({ ...(before && { before }), limit: 1 })
      if (!next) break
      seen.push(next.id)
      before = { resolvedAtMs: next.resolvedAtMs!, id: next.id }
    }
    expect(seen).toEqual(['d', 'c', 'b', 'a'])
    expect(table.history({ kind: 'plugin', limit: 9 }).map(({ id }) => id)).toEqual(['c'])
  })

  it('forgets what is old, and the oldest of too many; never what waits', () => {
    const { table } = open()
    for (let n = 0; n < 10; n++) {
      table.insert(row(`r${n}`))
      if (n > 0) table.end(`r${n}`, DENIED, n)
    }
    table.prune(4, 100)
    expect(table.history({ limit: 20 }).map(({ id }) => id)).toEqual(['r9', 'r8', 'r7', 'r6', 'r5', 'r4'])
    table.prune(0, 2)
    expect(table.history({ limit: 20 }).map(({ id }) => id)).toEqual(['r9', 'r8'])
    expect(table.get('r0')).not.toBeNull()
  })
})

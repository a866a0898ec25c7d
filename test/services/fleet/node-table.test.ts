// What of a declared surface counts, and when a node asks for more.

import { describe, expect, it } from 'vitest'
import { approvalStateOf, createNodeTable, effectiveSurface, isWider, type NodeRow, type Surface } from '../../../src/services/fleet/node-table.ts'
import { foundation } from '../../harness/foundation.ts'

const row = (declared: Surface, approved?: Surface, changes: Partial<NodeRow> = {}): NodeRow => ({
  nodeId: 'n',
  platform: 'linux',
  version: '1',
  clientId: 'node-host',
  clientMode: 'node',
  declared,
  ...(approved && { approved: { ...approved, createdAtMs: 1, approvedAtMs: 1 } }),
  lastConnectedAtMs: 1,
  lastSeenAtMs: 1,
  lastSeenReason: 'connect',
  ...changes,
})

describe('of what a node declares', () => {
  it('nothing counts before it was approved', () => {
    expect(effectiveSurface(row({ caps: ['a'], commands: ['b'], permissions: { c: true } }))).toEqual({ caps: [], commands: [] })
  })

  it('counts what was approved and is still declared', () => {
    const surface = effectiveSurface(row({ caps: ['a', 'new'], commands: ['x', 'y'] }, { caps: ['a', 'gone'], commands: ['y', 'z'] }))
    expect(surface).toEqual({ caps: ['a'], commands: ['y'] })
  })

  it('counts a permission that is off, and one that is on when that was approved', () => {
    const permissions = { off: false, on: true, unasked: true }
    expect(effectiveSurface(row({ caps: [], commands: [], permissions }, { caps: [], commands: [], permissions: { on: true, off: true } }))).toEqual({
      caps: [],
      commands: [],
      permissions: { off: false, on: true },
    })
  })
})

describe('more than was approved', () => {
  const approved: Surface = { caps: ['a'], commands: ['x', 'y'], permissions: { p: true } }

  it.each<readonly [what: string, declared: Surface, isMore: boolean]>([
    ['the same', approved, false],
    ['less', { caps: [], commands: ['x'] }, false],
    ['a permission that is off now', { ...approved, permissions: { p: false } }, false],
    ['a cap', { ...approved, caps: ['a', 'b'] }, true],
    ['a command', { ...approved, commands: ['x', 'z'] }, true],
    ['a permission', { ...approved, permissions: { p: true, q: true } }, true],
  ])('%s', (_, declared, isMore) => {
    expect(isWider(row(declared, approved))).toBe(isMore)
  })

  it('is anything of a node of which nothing was approved', () => {
    expect(isWider(row({ caps: [], commands: [] }))).toBe(true)
  })
})

it('has a state for each of what is approved and what is asked for', () => {
  const surface: Surface = { caps: [], commands: [] }
  const pending = { ...surface, requestId: 'r', ts: 1 }
  expect(approvalStateOf(row(surface))).toBe('unapproved')
  expect(approvalStateOf(row(surface, undefined, { pending }))).toBe('pending-approval')
  expect(approvalStateOf(row(surface, surface))).toBe('approved')
  expect(approvalStateOf(row(surface, surface, { pending }))).toBe('pending-reapproval')
})

it('keeps rows, changes those that are there, and no others', () => {
  const { sql, commit } = foundation()
  const table = createNodeTable(sql)
  commit.tx(() => table.put(row({ caps: [], commands: ['x'] })))
  commit.tx(() => table.change('n', { lastSeenReason: 'later' }))
  commit.tx(() => table.change('nobody', { lastSeenReason: 'later' }))
  expect(table.get('n')).toMatchObject({ lastSeenReason: 'later', declared: { commands: ['x'] } })
  expect(table.list()).toHaveLength(1)
  commit.tx(() => table.delete('n'))
  expect(table.get('n')).toBeNull()
})

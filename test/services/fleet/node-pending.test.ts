// What waits for a node: in order of its urgency, for a time, on disk.

import { describe, expect, it } from 'vitest'
import { createNodePending } from '../../../src/services/fleet/node-pending.ts'
import { foundation } from '../../harness/foundation.ts'

const create = (base = foundation()) => ({ ...base, pending: createNodePending(base) })

describe('requests', () => {
  it('wait one of each type, and keep their place', async () => {
    const { pending, clock } = create()
    const first = pending.enqueue('n', { type: 'status.request', priority: 'normal' })
    expect(first).toMatchObject({ revision: 1, queued: { type: 'status.request', priority: 'normal', expiresAtMs: clock.now() + 86_400_000 } })
    await clock.advance(1000)
    expect(pending.enqueue('n', { type: 'status.request', priority: 'normal' })).toEqual(first)
    const raised = pending.enqueue('n', { type: 'status.request', priority: 'high' })
    expect(raised).toMatchObject({ revision: 2, queued: { id: first.queued.id, priority: 'high', createdAtMs: first.queued.createdAtMs } })
    expect(pending.enqueue('n', { type: 'status.request', priority: 'normal' }).queued.priority).toBe('high')
    expect(pending.enqueue('other', { type: 'status.request', priority: 'normal' }).revision).toBe(1)
  })

  it('are taken the most urgent first, and are gone then', () => {
    const { pending } = create()
    pending.enqueue('n', { type: 'status.request', priority: 'normal' })
    pending.enqueue('n', { type: 'location.request', priority: 'high' })
    expect(pending.drain('n', 1)).toMatchObject({ revision: 3, items: [{ type: 'location.request' }], hasMore: true })
    expect(pending.drain('n')).toMatchObject({ revision: 4, items: [{ type: 'status.request', priority: 'normal' }], hasMore: false })
    expect(pending.drain('n')).toMatchObject({ revision: 4, items: [{ id: 'baseline-status', priority: 'default', expiresAtMs: null }], hasMore: false })
  })

  it('come with the one for the state, if there is room and nobody asked for that', () => {
    const { pending } = create()
    pending.enqueue('n', { type: 'location.request', priority: 'normal' })
    expect(pending.drain('n', 1).items.map(({ type }) => type)).toEqual(['location.request'])
    pending.enqueue('n', { type: 'location.request', priority: 'normal' })
    expect(pending.drain('n').items.map(({ id, type }) => [type, id === 'baseline-status'])).toEqual([['location.request', false], ['status.request', true]])
  })

  it('expire', async () => {
    const { pending, clock, sql } = create()
    pending.enqueue('n', { type: 'location.request', priority: 'high', ttlMs: 1000 })
    await clock.advance(1000)
    expect(pending.drain('n').items.map(({ id }) => id)).toEqual(['baseline-status'])
    pending.enqueue('n', { type: 'location.request', priority: 'high', ttlMs: 5000 })
    pending.prune(clock.now())
    expect(sql.get('SELECT count(*) AS n FROM node_pending')).toEqual({ n: 1 })
  })

  it('outlive a restart', async () => {
    const first = create()
    const { queued } = first.pending.enqueue('n', { type: 'location.request', priority: 'high' })
    await first.commit.flush()
    const second = create(foundation(first.sql, first.clock))
    expect(second.pending.drain('n').items[0]).toEqual(queued)
  })
})

describe('commands for an app in the background', () => {
  it('wait until they are acknowledged', () => {
    const { pending, clock } = create()
    const id = pending.addAction('n', 'talk.ptt.start', '{"a":1}')!
    const other = pending.addAction('n', 'talk.ptt.stop', undefined)!
    const actions = [
      { id, command: 'talk.ptt.start', paramsJSON: '{"a":1}', enqueuedAtMs: clock.now() },
      { id: other, command: 'talk.ptt.stop', enqueuedAtMs: clock.now() },
    ]
    expect(pending.actions('n')).toEqual(expect.arrayContaining(actions))
    expect(pending.actions('n')).toHaveLength(2)
    expect(pending.drain('n').items.map((item) => item.id)).toEqual(['baseline-status'])
    expect(pending.ack('n', [id, id, 'nothing'])).toBe(1)
    expect(pending.ack('other', [other])).toBe(0)
    expect(pending.actions('n')).toEqual([actions[1]])
  })

  it('expire after ten minutes', async () => {
    const { pending, clock } = create()
    pending.addAction('n', 'talk.ptt.start', undefined)
    await clock.advance(599_999)
    expect(pending.actions('n')).toHaveLength(1)
    await clock.advance(1)
    expect(pending.actions('n')).toEqual([])
  })

  it('are not kept when there are too many, or one is too large', () => {
    const { pending } = create()
    for (let n = 0; n < 64; n++) expect(pending.addAction('n', 'talk.ptt.start', undefined)).toEqual(expect.any(String))
    expect(pending.addAction('n', 'talk.ptt.start', undefined)).toBeNull()
    expect(pending.addAction('other', 'talk.ptt.start', 'x'.repeat(70_000))).toBeNull()
  })

  it('are forgotten with the node', () => {
    const { pending } = create()
    pending.addAction('n', 'talk.ptt.start', undefined)
    pending.enqueue('n', { type: 'status.request', priority: 'high' })
    pending.forget('n')
    expect(pending.actions('n')).toEqual([])
    expect(pending.drain('n')).toMatchObject({ revision: 0, items: [{ id: 'baseline-status' }] })
  })
})

// What nodes tell: believed is what is theirs to tell.

import { describe, expect, it } from 'vitest'
import type { ExecEvent } from '../../../src/services/fleet/node-events.ts'
import { createFleet, OPERATOR } from './fleet.ts'

function create(permissions: Record<string, boolean> = { accessibility: true }) {
  const fleet = createFleet()
  const connection = fleet.approve('n', { permissions, commands: ['system.run'] })
  const tell = (event: string, payload?: unknown, from = { nodeId: 'n', connection }) =>
    fleet.nodeEvents.handle(event, { payload }, from, fleet.nodePairing.approved(from.nodeId))
  return { ...fleet, connection, tell }
}

const INVALID = { handled: false, reason: 'invalid_payload' }

describe('payloads', () => {
  it('come as values or as text', () => {
    const { nodeEvents, connection, nodePairing } = create()
    const given: unknown[] = []
    nodeEvents.on('some.event', (payload) => {
      given.push(payload)
      return { handled: true }
    })
    const origin = { nodeId: 'n', connection }
    const handle = (each: { payload?: unknown; payloadJSON?: string }) => nodeEvents.handle('some.event', each, origin, nodePairing.approved('n'))
    for (const each of [{ payload: { a: 1 } }, { payloadJSON: '{"a":1}' }, {}, { payload: 1, payloadJSON: '2' }]) expect(handle(each)).toEqual({ handled: true })
    expect(given).toEqual([{ a: 1 }, { a: 1 }, undefined, 2])
    for (const payloadJSON of ['', '{no', '['.repeat(100) + ']'.repeat(100)]) expect(handle({ payloadJSON })).toEqual(INVALID)
  })

  it('of an event that nobody knows change nothing', () => {
    const { tell, heard } = create()
    const before = heard.length
    for (const event of ['nope', 'constructor', '__proto__', ' ', 'node.host.stats ']) expect(tell(event, {})).toEqual({ handled: false, reason: 'unsupported_event' })
    expect(heard).toHaveLength(before)
  })
})

describe('figures of the machine', () => {
  const STATS = { cpuCount: 2, loadAverage: [0.1, 0.2, 0.3], memoryTotalBytes: 10, memoryFreeBytes: 5, diskTotalBytes: 9, diskAvailableBytes: 1 }

  it('are kept and told', async () => {
    const { tell, told, nodes, clock } = create()
    expect(tell('node.host.stats', STATS)).toEqual({ handled: true, reason: 'updated' })
    const hostStats = { ...STATS, updatedAtMs: clock.now() }
    expect(await told('node.hostStats')).toEqual([{ nodeId: 'n', hostStats }])
    expect(nodes.get('n').row.hostStats).toEqual(hostStats)
  })

  it.each([[{}], [{ ...STATS, cpuCount: 0 }], [{ ...STATS, memoryFreeBytes: 11 }], [{ ...STATS, more: 1 }], [{ ...STATS, loadAverage: ['1'] }], ['text'], [null], [undefined]])('are not %j', (payload) => {
    expect(create().tell('node.host.stats', payload)).toEqual(INVALID)
  })
})

describe('signs of life', () => {
  it('are kept once a minute', async () => {
    const { tell, nodes, clock } = create()
    expect(tell('node.presence.alive', { trigger: 'silent_push', sentAtMs: 1 })).toEqual({ handled: true, reason: 'persisted' })
    expect(nodes.get('n').row.lastSeenReason).toBe('silent_push')
    await clock.advance(59_999)
    expect(tell('node.presence.alive', { trigger: 'manual' })).toEqual({ handled: true, reason: 'throttled' })
    expect(nodes.get('n').row.lastSeenReason).toBe('silent_push')
    await clock.advance(1)
    expect(tell('node.presence.alive', { trigger: 'something else' })).toEqual({ handled: true, reason: 'persisted' })
    expect(nodes.get('n').row).toMatchObject({ lastSeenReason: 'background', lastSeenAtMs: clock.now() })
    for (const payload of [undefined, {}, { trigger: '' }, 'x']) expect(tell('node.presence.alive', payload)).toEqual(INVALID)
  })
})

describe('a person at the machine', () => {
  it('was there so long ago', () => {
    const { tell, nodes, clock } = create()
    for (const payload of [{ idleSeconds: 4 }, { idleSeconds: 4, source: 'app' }, { idleSeconds: 4, saturated: true }]) expect(tell('node.presence.activity', payload)).toEqual({ handled: true, reason: 'updated' })
    expect(nodes.get('n').activity).toEqual({ lastActiveAtMs: clock.now() - 4000, presenceUpdatedAtMs: clock.now() })
    expect(tell('node.presence.activity', { action: 'clear' })).toEqual({ handled: true, reason: 'cleared' })
    expect(tell('node.presence.activity', { action: 'clear' })).toEqual({ handled: true, reason: 'already_clear' })
    for (const payload of [{ idleSeconds: -1 }, { idleSeconds: 1.5 }, { idleSeconds: 9_999_999 }, { action: 'other' }, {}]) expect(tell('node.presence.activity', payload)).toEqual(INVALID)
  })

  it('is known only to a node that may see input', () => {
    for (const permissions of [{}, { accessibility: false }, { screenRecording: true }] as Record<string, boolean>[]) {
      const { tell, nodes } = create(permissions)
      expect(tell('node.presence.activity', { idleSeconds: 4 })).toEqual({ handled: false, reason: 'permission_required' })
      expect(nodes.get('n').activity).toBeNull()
    }
  })
})

describe('runs', () => {
  it('are told of by the node that was given them, to whoever listens', async () => {
    const { tell, approve, nodeInvokes, nodeEvents, told } = create()
    const other = approve('other', { commands: ['system.run'] })
    const events: ExecEvent[] = []
    nodeEvents.onExec((event) => void events.push(event))
    void nodeInvokes.invoke({ nodeId: 'n', command: 'system.run', params: { command: ['uname'], runId: 'r1' }, key: 'k', principal: OPERATOR })
    await expect.poll(async () => (await told('node.invoke.request')).length).toBe(1)
    const payload = { runId: 'r1', sessionKey: 'agent:main:main', exitCode: 0 }
    const unmatched = { handled: false, reason: 'unmatched_exec_event' }
    expect(tell('exec.started', payload, { nodeId: 'other', connection: other })).toEqual(unmatched)
    for (const wrong of [{ runId: 'r2' }, {}, null, { runId: '' }]) expect(tell('exec.started', wrong)).toEqual(unmatched)
    expect(tell('exec.started', payload)).toEqual({ handled: true })
    expect(tell('exec.finished', payload)).toEqual({ handled: true })
    expect(tell('exec.finished', payload)).toEqual(unmatched)
    expect(tell('exec.denied', payload)).toEqual(unmatched)
    expect(events).toEqual(['exec.started', 'exec.finished'].map((event) => ({ nodeId: 'n', event, runId: 'r1', payload })))
  })
})

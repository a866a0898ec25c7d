// An accepted invoke has one outcome, whatever happens meanwhile; a key has the outcome of the first call.

import { describe, expect, it } from 'vitest'
import type { InvokeRequest } from '../../../src/services/fleet/open-invokes.ts'
import type { Data } from '../../harness/client.ts'
import { settled } from '../../harness/clock.ts'
import { foundation, holdDisk } from '../../harness/foundation.ts'
import { ASKER, createFleet, holding, OPERATOR } from './fleet.ts'

function create(base = foundation()) {
  const fleet = createFleet(base)
  let count = 0
  const invoke = (nodeId: string, changes: Partial<InvokeRequest> = {}) =>
    fleet.nodeInvokes.invoke({ nodeId, command: 'location.get', params: {}, key: `k${++count}`, principal: OPERATOR, ...changes })
  /** What the nodes were asked for, the last first, as soon as it is that much. (Hashing takes time of its own.) */
  async function asked(atLeast = 1): Promise<Data[]> {
    await expect.poll(async () => (await fleet.told('node.invoke.request')).length, { interval: 1 }).toBeGreaterThanOrEqual(atLeast)
    return (await fleet.told('node.invoke.request')).toReversed()
  }
  /** As many invokes as this wait for their nodes. */
  const opened = (count: number) => expect.poll(() => fleet.nodeInvokes.open, { interval: 1 }).toBe(count)
  const answer = (request: Data, connectionId: string, given: object = { ok: true, payload: 'done' }) =>
    fleet.nodeInvokes.answer({ id: request.id, nodeId: request.nodeId, ok: true, ...given }, connectionId)
  const rows = () => fleet.sql.all<{ ended_at: number | null }>('SELECT ended_at FROM node_invokes')
  return { ...fleet, invoke, asked, opened, answer, rows }
}

const DONE = { state: 'ok', payload: 'done', payloadJSON: null }

describe('an invoke', () => {
  it('is on disk before the node hears of it', async () => {
    const { sql, heard, rows, approve, invoke, answer, asked, opened } = create()
    const { id } = approve('n')
    await settled()
    const disk = holdDisk(sql)
    const outcome = invoke('n')
    await opened(1)
    await settled()
    expect(heard.filter(({ event }) => event === 'node.invoke.request')).toEqual([])
    await disk.release()
    const [request] = await asked()
    expect(request).toMatchObject({ nodeId: 'n', command: 'location.get', paramsJSON: '{}', timeoutMs: 30_000, idempotencyKey: 'k1' })
    expect(answer(request, id)).toBe(true)
    expect(await outcome).toEqual(DONE)
    expect(rows()).toEqual([{ ended_at: expect.any(Number) }])
  })

  it('leaves no timer behind', async () => {
    const { clock, approve, invoke, answer, asked, nodeInvokes } = create()
    const { id } = approve('n')
    await settled()
    const before = clock.pending
    const outcome = invoke('n')
    answer((await asked())[0], id)
    await outcome
    expect(clock.pending).toBe(before)
    expect(nodeInvokes.open).toBe(0)
  })

  it('ends when its time is over, and the node is told', async () => {
    const { clock, approve, invoke, answer, asked, told, logged } = create()
    const { id } = approve('n')
    const outcome = invoke('n', { timeoutMs: 5000 })
    const [request] = await asked()
    await clock.advance(4999)
    expect(await told('node.invoke.cancel')).toEqual([])
    await clock.advance(1)
    expect(await outcome).toEqual({ state: 'timeout', error: { code: 'TIMEOUT', message: 'node invoke timed out' }, dispatched: true })
    expect(await told('node.invoke.cancel')).toEqual([{ invokeId: request.id, nodeId: 'n' }])
    expect(answer(request, id)).toBe(false)
    expect(logged.at(-1)).toMatchObject({ level: 'warn', message: expect.stringContaining('came too late') })
  })

  it('without a time-out goes on for a day at most', async () => {
    const { clock, approve, invoke, asked } = create()
    approve('n')
    const outcome = invoke('n', { timeoutMs: 0 })
    expect((await asked())[0].timeoutMs).toBe(0)
    await clock.advance(24 * 60 * 60 * 1000)
    expect(await outcome).toMatchObject({ state: 'timeout' })
  })

  it('ends when its connection does, not when another of the node does', async () => {
    const { approve, connect, leave, invoke, asked, answer } = create()
    const first = approve('n')
    const onFirst = invoke('n')
    await asked()
    const second = connect('n')
    const onSecond = invoke('n')
    const [request] = await asked(2)
    leave(first)
    expect(await onFirst).toMatchObject({ state: 'disconnected', error: { code: 'DISCONNECTED', message: 'node disconnected (location.get)' }, dispatched: true })
    expect(answer(request, first.id)).toBe(false)
    expect(answer(request, second.id)).toBe(true)
    expect(await onSecond).toEqual(DONE)
  })

  it('is cancelled when the node is removed, or its caller gives up', async () => {
    const { approve, invoke, asked, nodes, told } = create()
    approve('n')
    const caller = new AbortController()
    const [removed, given, early] = [invoke('n'), invoke('n', { signal: caller.signal }), invoke('n', { signal: AbortSignal.abort() })]
    await asked(3)
    caller.abort()
    expect(await given).toMatchObject({ state: 'cancelled', error: { code: 'CANCELLED' } })
    expect(await early).toMatchObject({ state: 'cancelled' })
    nodes.remove('n', ASKER)
    expect(await removed).toMatchObject({ state: 'cancelled', error: { code: 'PAIRING_CHANGED' } })
    expect(await told('node.invoke.cancel')).toHaveLength(3)
  })

  it('is refused without a trace when the node is not there, or too much is open', async () => {
    const { approve, leave, invoke, rows, opened } = create()
    leave(approve('n'))
    await expect(invoke('n')).rejects.toThrow('node not connected')
    approve('n')
    const all = Array.from({ length: 256 }, () => invoke('n'))
    await opened(256)
    await expect(invoke('n')).rejects.toThrow('too many invokes of this node are open')
    expect(rows()).toHaveLength(256)
    expect(all).toHaveLength(256)
  })

  it('that could not be written is not sent', async () => {
    const { sql, approve, invoke, told } = create()
    approve('n')
    sql.exec('CREATE TRIGGER no_invokes BEFORE INSERT ON node_invokes BEGIN SELECT RAISE(ABORT, \'full\'); END')
    await expect(invoke('n')).rejects.toThrow('full')
    expect(await told('node.invoke.request')).toEqual([])
  })

  it('whose outcome could not be written says so, also to a repetition', async () => {
    const { sql, approve, invoke, answer, asked } = create()
    const { id } = approve('n')
    const outcome = invoke('n', { key: 'same' })
    const [request] = await asked()
    sql.exec('CREATE TRIGGER no_ends BEFORE UPDATE ON node_invokes BEGIN SELECT RAISE(ABORT, \'full\'); END')
    answer(request, id)
    expect(await outcome).toMatchObject({ state: 'interrupted', error: { code: 'STORAGE_FAILED' } })
    expect(await invoke('n', { key: 'same' })).toMatchObject({ error: { code: 'STORAGE_FAILED' } })
  })
})

describe('a key', () => {
  it('asks once, and has one outcome for everybody who repeats it', async () => {
    const { approve, leave, invoke, answer, asked } = create()
    const connection = approve('n')
    const repeats = [invoke('n', { key: 'same' }), invoke('n', { key: 'same' })]
    const requests = await asked()
    expect(requests).toHaveLength(1)
    repeats.push(invoke('n', { key: 'same' }))
    await settled()
    answer(requests[0], connection.id)
    expect(await Promise.all(repeats)).toEqual([DONE, DONE, DONE])
    leave(connection)
    expect(await invoke('n', { key: 'same' })).toEqual(DONE)
    expect(await asked()).toHaveLength(1)
  })

  it('is refused for another request, and is another of another caller', async () => {
    const { approve, invoke, answer, asked } = create()
    const { id } = approve('n')
    const first = invoke('n', { key: 'same' })
    answer((await asked())[0], id)
    await first
    await expect(invoke('n', { key: 'same', params: { a: 1 } })).rejects.toMatchObject({ options: { details: { code: 'IDEMPOTENCY_CONFLICT' } } })
    await expect(invoke('n', { key: 'same', command: 'system.which' })).rejects.toThrow('idempotency key')
    void invoke('n', { key: 'same', principal: { ...holding('operator.write'), id: 'device:x' } })
    expect(await asked(2)).toHaveLength(2)
  })

  it('of any length is known again', async () => {
    const { approve, invoke, answer, asked, sql } = create()
    const { id } = approve('n')
    const key = 'k'.repeat(100_000)
    const first = invoke('n', { key })
    const [request] = await asked()
    expect(request.idempotencyKey).toBe(key)
    answer(request, id)
    await first
    expect(await invoke('n', { key })).toEqual(DONE)
    expect(sql.get<{ n: number }>('SELECT max(length(key)) AS n FROM node_invokes')!.n).toBeLessThan(100)
  })

  it('of an outcome that was too large says that it was done', async () => {
    const { approve, invoke, answer, asked } = create()
    const { id } = approve('n')
    const first = invoke('n', { key: 'same' })
    answer((await asked())[0], id, { payload: undefined, payloadJSON: JSON.stringify('x'.repeat(300_000)) })
    expect(await first).toMatchObject({ state: 'ok' })
    await expect(invoke('n', { key: 'same' })).rejects.toMatchObject({ options: { details: { code: 'OUTCOME_NOT_KEPT', nodeCommandDispatched: true } } })
  })

  it('is forgotten after a day', async () => {
    const { clock, approve, invoke, answer, asked, upkeep, rows } = create()
    const { id } = approve('n')
    const first = invoke('n', { key: 'same' })
    answer((await asked())[0], id)
    await first
    await clock.advance(24 * 60 * 60 * 1000)
    upkeep.run(clock.now())
    expect(rows()).toHaveLength(1)
    await clock.advance(1)
    upkeep.run(clock.now())
    expect(rows()).toEqual([])
  })
})

describe('an answer', () => {
  it('counts once, and from the connection that was asked', async () => {
    const { approve, invoke, answer, asked } = create()
    const [a, b] = [approve('a'), approve('b')]
    const outcome = invoke('a')
    const [request] = await asked()
    expect(answer(request, b.id)).toBe(false)
    expect(answer({ ...request, nodeId: 'b' }, a.id)).toBe(false)
    expect(answer({ ...request, id: 'made up' }, a.id)).toBe(false)
    expect(answer(request, a.id)).toBe(true)
    expect(answer(request, a.id, { ok: false })).toBe(false)
    expect(await outcome).toEqual(DONE)
  })

  it('that the node is not ready is not the last: it is asked again, later and later', async () => {
    const { clock, approve, invoke, answer, asked } = create()
    const { id } = approve('n')
    const outcome = invoke('n', { timeoutMs: 10_000 })
    const notReady = { ok: false, error: { code: 'NODE_NOT_READY', message: 'later' } }
    const left: number[] = []
    for (const [index, wait] of [100, 250, 500, 1000].entries()) {
      const [request] = await asked(index + 1)
      left.push(request.timeoutMs)
      expect(answer(request, id, notReady)).toBe(true)
      expect(answer(request, id)).toBe(false) // it was answered
      await clock.advance(wait - 1)
      expect((await asked())[0]).toBe(request)
      await clock.advance(1)
    }
    expect(left).toEqual([10_000, 9900, 9650, 9150])
    const requests = await asked(5)
    expect(requests).toHaveLength(5)
    answer(requests[0], id, notReady)
    expect(await outcome).toEqual({ state: 'error', error: { code: 'NODE_NOT_READY', message: 'later' }, dispatched: true })
  })

  it('that it is not ready ends at the time-out too, and when it goes away', async () => {
    const { clock, approve, leave, invoke, answer, asked, told } = create()
    const connection = approve('n')
    const outcomes = [invoke('n', { timeoutMs: 50 }), invoke('n')]
    for (const request of await asked(2)) answer(request, connection.id, { ok: false, error: { code: 'NODE_NOT_READY' } })
    await clock.advance(50)
    expect(await outcomes[0]).toMatchObject({ state: 'timeout' })
    leave(connection)
    expect(await outcomes[1]).toMatchObject({ state: 'disconnected' })
    await clock.advance(5000)
    expect(await asked()).toHaveLength(2)
    expect(await told('node.invoke.cancel')).toEqual([])
  })

  it('that an app is in the background is kept for later, on iOS and for what shows something', async () => {
    const { approve, invoke, answer, asked, nodePending } = create()
    const phone = approve('phone', { client: { platform: 'iOS 18', deviceFamily: 'iPhone' }, commands: ['talk.ptt.start', 'location.get'] })
    const desk = approve('desk', { commands: ['talk.ptt.start'] })
    const background = { ok: false, error: { code: 'NODE_BACKGROUND_UNAVAILABLE', message: 'x' } }
    let count = 0
    const ask = async (nodeId: string, command: string, connectionId: string) => {
      const outcome = invoke(nodeId, { command })
      answer((await asked(++count))[0], connectionId, background)
      return outcome
    }
    const queued = await ask('phone', 'talk.ptt.start', phone.id)
    expect(queued).toMatchObject({ state: 'queued', queuedActionId: nodePending.actions('phone')[0]!.id })
    expect(await ask('phone', 'location.get', phone.id)).toMatchObject({ state: 'error' })
    expect(await ask('desk', 'talk.ptt.start', desk.id)).toMatchObject({ state: 'error' })
    for (let n = 0; n < 63; n++) nodePending.addAction('phone', 'talk.ptt.start', undefined)
    expect(await ask('phone', 'talk.ptt.start', phone.id)).toMatchObject({ state: 'error' }) // no room
  })
})

describe('progress', () => {
  it('reaches who listens, in order, from the connection that was asked', async () => {
    const { approve, invoke, asked, nodeInvokes } = create()
    const { id } = approve('n')
    const chunks: string[] = []
    void invoke('n', { onProgress: (chunk) => void chunks.push(chunk) })
    const [request] = await asked()
    const tell = (seq: number, chunk: string, from = id) => nodeInvokes.progress(request.id, seq, chunk, from)
    expect([tell(0, 'a'), tell(1, 'b'), tell(1, 'b'), tell(0, 'a'), tell(2, 'c', 'other'), tell(2, 'c')]).toEqual([true, true, false, false, false, true])
    expect(chunks).toEqual(['a', 'b', 'c'])
    void invoke('n')
    expect(nodeInvokes.progress((await asked(2))[0].id, 0, 'x', id)).toBe(false)
    expect(nodeInvokes.progress('made up', 0, 'x', id)).toBe(false)
  })
})

describe('an approval', () => {
  const run = { command: 'system.run', params: { command: ['uname'], approved: true, runId: 'approval-1' } }

  it('that a caller claims is none, unless the gateway keeps it', async () => {
    const { approve, invoke, asked, nodeInvokes, rows } = create()
    approve('n', { commands: ['system.run'] })
    await expect(invoke('n', run)).rejects.toThrow('unknown or expired approval id')
    expect(rows()).toEqual([])
    const seen: unknown[] = []
    nodeInvokes.approveBy(async (request) => {
      seen.push(request)
      return request.approvalId === 'approval-1' ? 'allow-once' : null
    })
    void invoke('n', run)
    const [request] = await asked()
    expect(JSON.parse(request.paramsJSON)).toEqual({ command: ['uname'], runId: 'approval-1', approved: true, approvalDecision: 'allow-once' })
    expect(seen).toEqual([{ approvalId: 'approval-1', nodeId: 'n', caller: OPERATOR, params: { command: ['uname'], runId: 'approval-1' } }])
    await expect(invoke('n', { ...run, params: { ...run.params, runId: 'other' } })).rejects.toThrow('unknown or expired approval id')
  })

  it('is not used up by a repetition', async () => {
    const { approve, invoke, asked, nodeInvokes } = create()
    approve('n', { commands: ['system.run'] })
    let used = 0
    nodeInvokes.approveBy(async () => (used++ === 0 ? 'allow-once' : null))
    void invoke('n', { ...run, key: 'same' })
    await asked()
    void invoke('n', { ...run, key: 'same' })
    await settled()
    expect(used).toBe(1)
  })
})

describe('a run', () => {
  it('may be told of by the node that runs it, once for each end', async () => {
    const { approve, invoke, asked, answer, nodeInvokes } = create()
    const { id } = approve('n', { commands: ['system.run'] })
    approve('other', { commands: ['system.run'] })
    const outcome = invoke('n', { command: 'system.run', params: { command: ['uname'] } })
    const [request] = await asked()
    const { runId } = JSON.parse(request.paramsJSON)
    expect(nodeInvokes.claimRun('other', runId, 'started')).toBe(false)
    expect([1, 2].map(() => nodeInvokes.claimRun('n', runId, 'started'))).toEqual([true, false])
    expect([1, 2].map(() => nodeInvokes.claimRun('n', runId, 'ended'))).toEqual([true, false])
    answer(request, id)
    await outcome
    expect(nodeInvokes.claimRun('n', runId, 'ended')).toBe(false)
  })
})

describe('a restart', () => {
  it('R16 ends what was open, once, and says that it may have been done', async () => {
    const first = create()
    const { id } = first.approve('n')
    const done = first.invoke('n', { key: 'done' })
    first.answer((await first.asked())[0], id)
    await done
    void first.invoke('n', { key: 'open' })
    await first.opened(1)
    await first.commit.flush()
    const second = create(foundation(first.sql, first.clock))
    second.nodeInvokes.recover()
    second.nodeInvokes.recover()
    expect(second.logged.filter(({ level }) => level === 'warn')).toHaveLength(1)
    second.connect('n')
    expect(await second.invoke('n', { key: 'done' })).toEqual(DONE)
    expect(await second.invoke('n', { key: 'open' })).toEqual({
      state: 'interrupted',
      error: { code: 'INTERRUPTED', message: 'the gateway stopped before the node had answered' },
      dispatched: true,
    })
    expect(await second.told('node.invoke.request')).toEqual([])
  })

  it('ends any number', async () => {
    const first = create()
    first.sql.exec(`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2500)
      INSERT INTO node_invokes SELECT 'i' || i, 'p', 'k' || i, 'h', 'n', 'c', i, i, NULL, NULL FROM n`)
    first.nodeInvokes.recover()
    expect(first.rows().filter(({ ended_at }) => ended_at === null)).toEqual([])
  })
})

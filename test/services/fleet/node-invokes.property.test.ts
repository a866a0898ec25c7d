// Ten thousand invokes of a hundred nodes, of which a third come and go: each has exactly one outcome, and what comes
// afterwards changes nothing.

import { expect, it } from 'vitest'
import type { InvokeOutcome } from '../../../src/services/fleet/invoke-outcome.ts'
import type { Connection } from '../../../src/services/identity/connections.ts'
import type { Data } from '../../harness/client.ts'
import { settled } from '../../harness/clock.ts'
import { createFleet, OPERATOR } from './fleet.ts'

const NODES = 100
const FLAPPING = 30
const INVOKES = 10_000
const ROUNDS = 50

/** A small generator of numbers that is the same each time. */
function createRandom(seed: number) {
  let state = seed
  return (below: number): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state % below
  }
}

it('R16 has one outcome for each', async () => {
  const fleet = createFleet()
  const { nodeInvokes, heard, clock, sql } = fleet
  const random = createRandom(7)
  const live = new Map<string, Connection>()
  for (let n = 0; n < NODES; n++) live.set(`n${n}`, fleet.approve(`n${n}`))
  await settled()
  heard.splice(0)

  const outcomes = new Map<string, InvokeOutcome[]>()
  const refused: string[] = []
  const waiting: { request: Data; connectionId: string }[] = []
  const late: { request: Data; connectionId: string }[] = []
  let taken = 0

  function start(key: string, nodeId: string) {
    const request = { nodeId, command: 'location.get', params: { key }, key, principal: OPERATOR, timeoutMs: 500 + random(2000) }
    nodeInvokes.invoke(request).then(
      (outcome) => void outcomes.set(key, [...(outcomes.get(key) ?? []), outcome]),
      () => void refused.push(key),
    )
  }

  /** A node answers, well or badly, now or never, once or twice, also when it is too late. */
  function act({ request, connectionId }: { request: Data; connectionId: string }) {
    const answer = (given: object) => {
      if (nodeInvokes.answer({ id: request.id, nodeId: request.nodeId, ok: true, payload: request.idempotencyKey, ...given }, connectionId)) taken++
    }
    const kind = random(10)
    if (kind < 6) answer({})
    if (kind === 6) answer({ ok: false, error: { code: 'BOOM', message: 'x' } })
    if (kind === 7) answer({ ok: false, error: { code: 'NODE_NOT_READY', message: 'x' } })
    if (kind === 8) [1, 2].forEach(() => answer({}))
    late.push({ request, connectionId })
  }

  /** Until all of a round were accepted or refused: hashing takes time of its own. */
  async function begun(round: number) {
    const isDone = () => sql.get<{ n: number }>('SELECT count(*) AS n FROM node_invokes')!.n + refused.length === (round + 1) * (INVOKES / ROUNDS)
    while (!isDone()) await settled()
    await settled()
  }

  for (let round = 0; round < ROUNDS; round++) {
    for (let n = 0; n < INVOKES / ROUNDS; n++) start(`k${round}-${n}`, `n${random(NODES)}`)
    await begun(round)
    for (const { event, payload, audience } of heard.splice(0)) {
      if (event === 'node.invoke.request') waiting.push({ request: payload, connectionId: audience.connection! })
    }
    for (const each of waiting.splice(0, waiting.length - random(50))) act(each)
    for (let n = 0; n < FLAPPING; n++) {
      const nodeId = `n${n}`
      const connection = live.get(nodeId)
      if (connection && random(2) === 0) {
        fleet.leave(connection)
        live.delete(nodeId)
      } else if (!connection) live.set(nodeId, fleet.connect(nodeId))
    }
    await clock.advance(random(400))
  }
  await clock.advance(60_000)
  for (const each of late.splice(0)) act(each)
  await settled()

  expect(outcomes.size + refused.length).toBe(INVOKES)
  expect([...outcomes.values()].filter((all) => all.length !== 1)).toEqual([])
  expect(nodeInvokes.open).toBe(0)
  const rows = sql.all<{ key: string; ended_at: number | null; outcome: string }>('SELECT key, ended_at, outcome FROM node_invokes')
  expect(rows).toHaveLength(outcomes.size)
  for (const { key, outcome } of rows) expect(JSON.parse(outcome)).toEqual(outcomes.get(key)![0])
  for (const [key, [outcome]] of outcomes) if (outcome?.state === 'ok') expect(outcome.payload).toBe(key)
  const states = Object.groupBy([...outcomes.values()].flat(), ({ state }) => state)
  for (const state of ['ok', 'error', 'timeout', 'disconnected'] as const) expect(states[state]!.length, state).toBeGreaterThan(100)
  expect(refused.length).toBeGreaterThan(100)
  expect(taken).toBeGreaterThanOrEqual(states.ok!.length + states.error!.length)
  expect(clock.pending).toBeLessThan(5)
}, 30_000)

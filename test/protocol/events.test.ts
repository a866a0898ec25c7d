// Events: their definitions agree with the published ones, and merged deltas lose nothing.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { agent, chat, CHAT_PHASES, ERROR_KINDS, EVENTS, TOOL_STREAMS } from '../../src/protocol/events.ts'
import type { PayloadOf } from '../../src/protocol/event.ts'
import { SCOPES } from '../../src/protocol/scopes.ts'
import { loadPublished } from '../harness/published.ts'

type Chat = PayloadOf<typeof chat>

const published = loadPublished()
const fields = { runId: 'r', sessionKey: 'agent:main:main', agentId: 'main', seq: 1 }

describe('the list', () => {
  it('names each event once, with a scope that exists', () => {
    expect(new Set(EVENTS.map((event) => event.name)).size).toBe(EVENTS.length)
    for (const event of EVENTS) {
      expect([null, ...SCOPES], event.name).toContain(event.scope)
      expect(event.summary, event.name).toMatch(/\.$/)
    }
  })

  it('drops only what the next one of its kind makes up for', () => {
    expect(EVENTS.filter((event) => event.dropIfSlow).map((event) => event.name)).toEqual(['tick', 'health', 'node.hostStats'])
  })

  it('lets anybody see only what says nothing of conversations', () => {
    expect(EVENTS.filter((event) => event.scope === null).map((event) => event.name)).toEqual(['connect.challenge', 'tick', 'shutdown', 'health', 'node.invoke.request', 'node.invoke.cancel'])
  })
})

describe('chat', () => {
  const message = { role: 'assistant', content: [{ type: 'text', text: 'x' }] }
  const payloads: readonly Chat[] = [
    ...CHAT_PHASES.map((phase) => ({ ...fields, state: 'status' as const, phase })),
    { ...fields, state: 'delta', deltaText: '' },
    { ...fields, state: 'delta', deltaText: 'x', message },
    { ...fields, state: 'final', message, stopReason: 'stop', usage: { input: 1 } },
    { ...fields, state: 'aborted', message, stopReason: 'aborted' },
    ...ERROR_KINDS.map((errorKind) => ({ ...fields, state: 'error' as const, errorMessage: 'm', errorKind, errorDetail: { httpStatus: 500 } })),
  ]

  it('has the states of the published schema', () => {
    for (const payload of payloads) {
      expect(chat.payload.parse(payload)).toEqual(payload)
      expect(published.check({ type: 'event', event: 'chat', payload, seq: 1 })).toBeNull()
    }
  })

  it('has no member beside them', () => {
    for (const wrong of [{ ...fields, state: 'delta' }, { ...fields, state: 'done' }, { ...fields, state: 'delta', deltaText: 'x', extra: 1 }, { state: 'final' }]) {
      expect(chat.payload.safeParse(wrong).success).toBe(false)
    }
  })

  it('hides the delta, and nothing else, from a client of protocol 3', () => {
    for (const payload of payloads) {
      const { deltaText: _, ...rest } = payload as Chat & { deltaText?: string }
      expect(chat.legacy!(payload)).toEqual(rest)
    }
  })

  it('joins deltas of one run only', () => {
    const { key, join } = chat.merge!
    for (const payload of payloads) {
      expect(key(payload)).toBe(payload.state === 'delta' ? 'r' : null)
      if (payload.state === 'delta') continue
      const delta: Chat = { ...fields, state: 'delta', deltaText: 'x' }
      expect([join(payload, delta), join(delta, payload), join(payload, payload)]).toEqual([null, null, null])
    }
  })
})

// --- merging ---

/** Any text, cut anywhere: through a surrogate pair, too. */
const text = fc.oneof(fc.string({ maxLength: 60 }), fc.string({ maxLength: 40, unit: 'binary' }), fc.constant('👩‍👩‍👧 é'))
const cuts = fc.array(fc.nat(), { maxLength: 20 })

function cut(whole: string, at: readonly number[]): string[] {
  const places = [...new Set(at.map((place) => place % (whole.length + 1)))].toSorted((a, b) => a - b)
  return [0, ...places].map((place, index) => whole.slice(place, places[index] ?? whole.length))
}

interface Run {
  readonly runId: string
  readonly whole: string
  readonly deltas: readonly Chat[]
}

/** As a run tells its deltas: numbered, some with the whole text so far, with a status here and there. */
const run = (runId: string): fc.Arbitrary<Run> =>
  fc.tuple(text, cuts, fc.infiniteStream(fc.nat({ max: 5 }))).map(([whole, at, dice]) => {
    let seq = 0
    let soFar = ''
    const deltas = cut(whole, at).flatMap((deltaText): Chat[] => {
      const roll = dice.next().value!
      soFar += deltaText
      const status: Chat[] = roll === 5 ? [{ ...fields, runId, seq: ++seq, state: 'status', phase: 'starting_model' }] : []
      return [...status, { ...fields, runId, seq: ++seq, state: 'delta', deltaText, ...(roll < 2 && { message: soFar }) }]
    })
    return { runId, whole, deltas }
  })

/** Joins neighbours where `merge` says so, as far as they can be joined. */
function mergeNeighbours(payloads: readonly Chat[], merge: () => boolean): Chat[] {
  const out: Chat[] = []
  for (const payload of payloads) {
    const last = out.at(-1)
    const sameKey = last !== undefined && chat.merge!.key(last) !== null && chat.merge!.key(last) === chat.merge!.key(payload)
    const joined = sameKey && merge() ? chat.merge!.join(last, payload) : null
    if (joined) out.splice(-1, 1, joined)
    else out.push(payload)
  }
  return out
}

const textOf = (payloads: readonly Chat[]) => payloads.map((payload) => (payload.state === 'delta' ? payload.deltaText : '')).join('')

describe('merged deltas', () => {
  it('concatenate to the text, for any cutting of it and any merging of neighbours', () => {
    fc.assert(
      fc.property(run('r'), fc.infiniteStream(fc.boolean()), fc.infiniteStream(fc.boolean()), ({ whole, deltas }, first, second) => {
        expect(textOf(deltas)).toBe(whole)
        const once = mergeNeighbours(deltas, () => first.next().value!)
        const twice = mergeNeighbours(once, () => second.next().value!)
        expect(textOf(once)).toBe(whole)
        expect(textOf(twice)).toBe(whole)
        for (const payload of twice) expect(chat.payload.parse(payload)).toEqual(payload)
      }),
      { numRuns: 1000 },
    )
  })

  it('concatenate to the text of each run, when runs are told in turns', () => {
    fc.assert(
      fc.property(run('a'), run('b'), fc.infiniteStream(fc.boolean()), fc.infiniteStream(fc.boolean()), (a, b, turn, merge) => {
        const left = [[...a.deltas], [...b.deltas]]
        const told: Chat[] = []
        while (left.some((list) => list.length > 0)) {
          const next = (turn.next().value! ? left[0] : left[1])!.shift()
          if (next) told.push(next)
        }
        const merged = mergeNeighbours(told, () => merge.next().value!)
        for (const { runId, whole } of [a, b]) expect(textOf(merged.filter((payload) => payload.runId === runId))).toBe(whole)
      }),
      { numRuns: 300 },
    )
  })

  it('keep the place of the last, and a whole text only where it is the whole text', () => {
    fc.assert(
      fc.property(run('r'), fc.infiniteStream(fc.boolean()), ({ deltas }, merge) => {
        let soFar = ''
        let seq = 0
        for (const payload of mergeNeighbours(deltas, () => merge.next().value!)) {
          expect(payload.seq).toBeGreaterThan(seq)
          seq = payload.seq
          if (payload.state !== 'delta') continue
          soFar += payload.deltaText
          if (payload.message !== undefined) expect(payload.message).toBe(soFar)
        }
        expect(seq).toBe(deltas.at(-1)!.seq)
      }),
      { numRuns: 500 },
    )
  })

  it('are the same in whatever order they are joined', () => {
    const delta = fc.record({ deltaText: text, seq: fc.nat(), message: fc.option(text, { nil: undefined }) }).map(({ message, ...rest }): Chat => ({
      ...fields,
      ...rest,
      state: 'delta',
      ...(message !== undefined && { message }),
    }))
    const join = (a: Chat | null, b: Chat | null) => chat.merge!.join(a!, b!)
    fc.assert(
      fc.property(delta, delta, delta, (a, b, c) => {
        expect(join(join(a, b), c)).toEqual(join(a, join(b, c)))
      }),
    )
  })

  it('change neither of the two that are joined', () => {
    const a: Chat = Object.freeze({ ...fields, state: 'delta' as const, deltaText: 'a', message: 'a' })
    const b: Chat = Object.freeze({ ...fields, seq: 2, state: 'delta' as const, deltaText: 'b' })
    expect(chat.merge!.join(a, b)).toEqual({ ...fields, seq: 2, state: 'delta', deltaText: 'ab' })
  })
})

describe('merged agent events', () => {
  const said = (text: string, delta: unknown, seq: number, changes: object = {}) => ({
    ...fields, seq, stream: 'assistant', ts: seq, isHeartbeat: false, data: { text, delta, itemId: 'r:1' }, ...changes,
  }) // prettier-ignore
  const { key, join } = agent.merge!

  it('are those of the text of a reply only', () => {
    expect(key(said('a', 'a', 1))).toBe(fields.runId)
    for (const stream of ['lifecycle', 'run_status', ...TOOL_STREAMS]) expect(key(said('a', 'a', 1, { stream }))).toBeNull()
  })

  it('have the later text, and both pieces', () => {
    const [a, b, c] = [said('a', 'a', 1), said('ab', 'b', 2), said('abc', 'c', 3)].map((each) => Object.freeze(each))
    expect(join(a!, b!)).toEqual(said('ab', 'ab', 2))
    expect(join(join(a!, b!)!, c!)).toEqual(said('abc', 'abc', 3))
    expect(join(a!, join(b!, c!)!)).toEqual(said('abc', 'abc', 3))
  })

  it('are two when they are of two items, or have no pieces', () => {
    expect(join(said('a', 'a', 1), said('b', 'b', 2, { data: { text: 'b', delta: 'b', itemId: 'r:2' } }))).toBeNull()
    expect(join(said('a', undefined, 1), said('b', 'b', 2))).toBeNull()
    expect(join(said('a', 'a', 1), said('b', null, 2))).toBeNull()
  })
})

it('agent events are those of the published schema', () => {
  const payload = { ...fields, sessionId: 's', stream: 'assistant', ts: 1, isHeartbeat: false, data: { text: 'x' } }
  expect(agent.payload.parse(payload)).toEqual(payload)
  expect(published.check({ type: 'event', event: 'agent', payload, seq: 1 })).toBeNull()
})

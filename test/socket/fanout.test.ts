// From the bus to the sockets: who receives what, in which form, with which number, and what happens to the slow.

import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import { defineEvent, type AnyEvent } from '../../src/protocol/event.ts'
import { agent, chat, EVENTS, health, presence, sessionMessage, sessionsChanged, shutdown, tick } from '../../src/protocol/events.ts'
import { MAX_BUFFERED_BYTES, MERGE_ABOVE_BYTES } from '../../src/protocol/version.ts'
import type { SharedText } from '../../src/ports/peer.ts'
import type { Audience } from '../../src/services/bus.ts'
import { createConnections, type Session } from '../../src/services/identity/connections.ts'
import { SESSIONS_TOPIC, sessionTopic } from '../../src/services/identity/topics.ts'
import { createFanout } from '../../src/socket/fanout.ts'
import { createLink, type Link } from '../../src/socket/link.ts'
import type { Data, Frame } from '../harness/client.ts'
import { fakeClock } from '../harness/clock.ts'

const FACTS = { address: null, direct: false, host: null, origin: null }
const SESSION: Session = {
  dialect: 'typed',
  protocol: 4,
  client: { id: 'cli', version: '1', platform: 'linux', mode: 'cli' },
  principalId: 'operator',
  role: 'operator',
  scopes: ['operator.read'],
  caps: [],
}

function create() {
  const clock = fakeClock()
  const connections = createConnections()
  const links: Link[] = []
  const version = { presence: 7, health: 3 }
  const fanout = createFanout({ links: () => links, clock, version: () => version })

  /** A connection, and what reaches its other end. `null`: it has not connected. */
  function connect(session: Partial<Session> | null = {}, topics: readonly string[] = []) {
    const frames: Frame[] = []
    const heads: SharedText[] = []
    const closed: unknown[] = []
    const peer = {
      id: `c${links.length + 1}`,
      waiting: 0,
      load: () => null,
      save: () => {},
      send: (text: string) => void frames.push(JSON.parse(text)),
      sendShared(head: SharedText, tail: string) {
        heads.push(head)
        frames.push(JSON.parse(head.text + tail))
      },
      buffered: () => peer.waiting,
      close: (code: number, reason: string) => void closed.push([code, reason]),
    }
    const connection = connections.open(peer.id, FACTS, 'a nonce', 0, () => {})
    if (session) connection.establish({ ...SESSION, ...session })
    for (const topic of topics) connection.subscribe(topic)
    const link = createLink(peer, connection)
    links.push(link)
    return { link, peer, frames, heads, closed, connection, id: peer.id }
  }

  const deliver = (event: unknown, payload: unknown, audience: Audience = {}) => fanout.deliver(event as AnyEvent, () => payload, audience)
  return { fanout, clock, links, connect, deliver, version }
}

const delta = (text: string, runId = 'r1', more: object = {}) => ({ runId, sessionKey: 'k', agentId: 'main', seq: 1, state: 'delta', deltaText: text, ...more })
const assistant = (text: string, piece: string, seq: number, runId = 'r1') => ({
  runId, sessionKey: 'k', agentId: 'main', seq, stream: 'assistant', ts: seq, isHeartbeat: false, data: { text, delta: piece, itemId: `${runId}:1` },
}) // prettier-ignore
const textOf = (frames: readonly Frame[], runId = 'r1') =>
  frames
    .filter((frame) => frame.event === 'chat' && frame.payload.runId === runId)
    .map((frame) => frame.payload.deltaText as string)
    .join('')
const numbers = (frames: readonly Frame[]) => frames.map((frame) => frame.seq)

/** Goes to one connection alone, as the challenge does. */
const direct = defineEvent({ name: 'test.direct', scope: null, reach: 'direct', summary: 'x', payload: z.unknown() })

describe('who receives', () => {
  it.each([
    ['all, without a scope', tick, {}, [], {}, true],
    ['all, without a scope, a node', tick, { role: 'node', scopes: [] }, [], {}, true],
    ['all, without a scope, somebody with none', tick, { scopes: [] }, [], {}, true],
    ['all, with the scope', chat, {}, [], {}, true],
    ['all, with a scope that implies it', chat, { scopes: ['operator.write'] }, [], {}, true],
    ['all, without the scope', chat, { scopes: ['operator.approvals'] }, [], {}, false],
    ['all, a node', chat, { role: 'node', scopes: [] }, [], {}, false],
    ['all, a node that claims the scope', chat, { role: 'node', scopes: ['operator.read'] }, [], {}, false],
    ['sessions, subscribed', sessionsChanged, {}, [SESSIONS_TOPIC], {}, true],
    ['sessions, not subscribed', sessionsChanged, {}, [], {}, false],
    ['sessions, subscribed to one of them', sessionsChanged, {}, [sessionTopic('k')], { session: 'k' }, false],
    ['sessions, subscribed, without the scope', sessionsChanged, { scopes: [] }, [SESSIONS_TOPIC], {}, false],
    ['a session, subscribed to all', sessionMessage, {}, [SESSIONS_TOPIC], { session: 'k' }, true],
    ['a session, subscribed to it', sessionMessage, {}, [sessionTopic('k')], { session: 'k' }, true],
    ['a session, subscribed to another', sessionMessage, {}, [sessionTopic('k2')], { session: 'k' }, false],
    ['a session, not subscribed', sessionMessage, {}, [], { session: 'k' }, false],
    ['no session, subscribed to one', sessionMessage, {}, [sessionTopic('k')], {}, false],
    ['a capability, named', agent, { caps: ['tool-events'] }, [], { capability: 'tool-events' }, true],
    ['a capability, not named', agent, { caps: ['other'] }, [], { capability: 'tool-events' }, false],
    ['a connection, this one', tick, {}, [], { connection: 'c1' }, true],
    ['a connection, another', tick, {}, [], { connection: 'c2' }, false],
    ['this connection, without the scope', chat, { scopes: [] }, [], { connection: 'c1' }, false],
    ['directly, this one', direct, {}, [], { connection: 'c1' }, true],
    ['directly, nobody named', direct, {}, [], {}, false],
  ] as const)('%s', (_, event, session, topics, audience, receives) => {
    const { connect, deliver, fanout } = create()
    const { frames } = connect(session as Partial<Session>, topics)
    deliver(event, {}, audience)
    expect(frames).toHaveLength(Number(receives))
    expect(fanout.isHeard(event as AnyEvent, audience), 'what is received is heard, and nothing else').toBe(receives)
  })

  it('is nobody who has not connected, or is gone', () => {
    const { connect, deliver, fanout } = create()
    const stranger = connect(null)
    const gone = connect()
    gone.link.close(1000, '')
    deliver(tick, { ts: 1 })
    expect([...stranger.frames, ...gone.frames]).toEqual([])
    expect(fanout.isHeard(tick as AnyEvent)).toBe(false)
  })

  it('is not heard when nobody may receive it', () => {
    const { connect, fanout } = create()
    connect({ scopes: [] })
    const heard = EVENTS.filter((event) => fanout.isHeard(event)).map(({ name }) => name)
    expect(heard).toEqual(['tick', 'shutdown', 'health'])
  })

  it('is nobody before hello-ok is out, but heard: what is told now comes behind it', () => {
    const { connect, deliver, fanout } = create()
    const { link, frames } = connect()
    link.greeted = false
    deliver(tick, { ts: 1 })
    expect(frames).toEqual([])
    expect(fanout.isHeard(tick as AnyEvent)).toBe(true)
    link.greeted = true
    deliver(tick, { ts: 2 })
    expect(frames.map((frame) => frame.payload)).toEqual([{ ts: 2 }])
  })

  it('costs no payload when it is nobody', () => {
    const { connect, fanout } = create()
    connect({ scopes: [] })
    let built = 0
    fanout.deliver(chat as AnyEvent, () => built++, {})
    expect(built).toBe(0)
  })
})

describe('the form', () => {
  it('is typed, with a number', () => {
    const { connect, deliver } = create()
    const { frames } = connect()
    deliver(tick, { ts: 5 })
    expect(frames).toEqual([{ type: 'event', event: 'tick', payload: { ts: 5 }, seq: 1 }])
  })

  it('carries the version of the state where that matters', () => {
    const { connect, deliver, version } = create()
    const { frames } = connect()
    deliver(presence, { presence: [] })
    version.presence = 8
    deliver(health, {})
    deliver(tick, { ts: 1 })
    expect(frames.map((frame) => frame.stateVersion)).toEqual([{ presence: 7, health: 3 }, { presence: 8, health: 3 }, undefined])
  })

  it('has the version that belongs to a payload which is made only now', () => {
    const { connect, fanout, version } = create()
    const { frames } = connect()
    fanout.deliver(health as AnyEvent, () => ({ n: ++version.health }), {})
    expect(frames[0]).toMatchObject({ payload: { n: 4 }, stateVersion: { health: 4 } })
  })

  it('is plain for those who speak plainly: no type, no number, no version', () => {
    const { connect, deliver } = create()
    const { frames } = connect({ dialect: 'plain' })
    deliver(presence, { presence: [] })
    deliver(chat, delta('a'))
    expect(frames).toEqual([
      { event: 'presence', payload: { presence: [] } },
      { event: 'chat', payload: delta('a') },
    ])
  })

  it('is that of protocol 3 for a client of protocol 3', () => {
    const { connect, deliver } = create()
    const [old, current] = [connect({ protocol: 3 }), connect({ protocol: 4 })]
    const { deltaText: _, ...rest } = delta('a', 'r1', { message: 'whole' })
    deliver(chat, delta('a', 'r1', { message: 'whole' }))
    deliver(tick, { ts: 1 })
    expect(old.frames).toEqual([
      { type: 'event', event: 'chat', payload: rest, seq: 1 },
      { type: 'event', event: 'tick', payload: { ts: 1 }, seq: 2 },
    ])
    expect(current.frames[0]!.payload).toEqual(delta('a', 'r1', { message: 'whole' }))
  })

  it('is made once for all who share it', () => {
    const { connect, deliver } = create()
    const typed = [1, 2, 3].map(() => connect())
    const plain = [1, 2].map(() => connect({ dialect: 'plain' }))
    const old = [1, 2].map(() => connect({ protocol: 3 }))
    deliver(chat, delta('a'))
    const headsOf = (some: readonly { heads: SharedText[] }[]) => new Set(some.map(({ heads }) => heads[0]))
    expect([typed, plain, old].map((some) => headsOf(some).size)).toEqual([1, 1, 1])
    expect(headsOf([...typed, ...plain, ...old]).size).toBe(3)
  })

  it('keeps every character', () => {
    const { connect, deliver } = create()
    const { frames } = connect()
    const text = 'a"\\\n\u2028 🦀 \ud800 </script>'
    deliver(chat, delta(text))
    expect(textOf(frames)).toBe(text)
  })
})

describe('numbers', () => {
  it('grow by one with each event of a connection, whatever others receive', () => {
    const { connect, deliver } = create()
    const [reader, blind] = [connect(), connect({ scopes: [] })]
    for (const [event, payload] of [[tick, { ts: 1 }], [chat, delta('a')], [chat, delta('b')], [tick, { ts: 2 }]] as const) deliver(event, payload)
    expect(numbers(reader.frames)).toEqual([1, 2, 3, 4])
    expect(numbers(blind.frames)).toEqual([1, 2])
  })

  it('are not used for what is directed at one connection', () => {
    const { connect, deliver } = create()
    const { frames, id } = connect()
    deliver(tick, { ts: 1 })
    deliver(direct, {}, { connection: id })
    deliver(tick, { ts: 2 })
    expect(numbers(frames)).toEqual([1, undefined, 2])
    expect(frames[1]).not.toHaveProperty('seq')
  })

  it('have no gap where something was left out or merged', () => {
    const { connect, deliver, fanout } = create()
    const { frames, peer, link } = connect()
    deliver(tick, { ts: 1 })
    peer.waiting = MERGE_ABOVE_BYTES + 1
    deliver(tick, { ts: 2 })
    for (let n = 0; n < 5; n++) deliver(chat, delta('x'))
    peer.waiting = 0
    fanout.drained(link)
    deliver(tick, { ts: 3 })
    expect(numbers(frames)).toEqual([1, 2, 3])
  })
})

describe('R6 a slow reader', () => {
  /** One that has 128 KiB and a byte to read. */
  function slow(session: Partial<Session> = {}) {
    const created = create()
    const reader = created.connect(session)
    reader.peer.waiting = MERGE_ABOVE_BYTES + 1
    const drain = () => {
      reader.peer.waiting = 0
      created.fanout.drained(reader.link)
    }
    return { ...created, reader, drain }
  }

  it('is one that has more than 128 KiB to read', () => {
    const { connect, deliver } = create()
    const { frames, peer } = connect()
    peer.waiting = MERGE_ABOVE_BYTES
    deliver(chat, delta('a'))
    expect(frames).toHaveLength(1)
    peer.waiting++
    deliver(chat, delta('b'))
    expect(frames).toHaveLength(1)
  })

  it('gets its deltas as one, exactly, when it has room again', () => {
    const { deliver, reader, drain } = slow()
    const pieces = ['one ', 'two ', '🦀', '', ' three', '\n']
    for (const piece of pieces) deliver(chat, delta(piece, 'r1', { seq: pieces.indexOf(piece) + 1, message: `until ${piece}` }))
    expect(reader.frames).toEqual([])
    drain()
    expect(reader.frames).toEqual([{ type: 'event', event: 'chat', payload: delta(pieces.join(''), 'r1', { seq: 6, message: 'until \n' }), seq: 1 }])
    deliver(chat, delta('after'))
    expect(textOf(reader.frames)).toBe(`${pieces.join('')}after`)
  })

  it('does not hold up the others', () => {
    const { deliver, connect } = slow()
    const quick = connect()
    deliver(chat, delta('a'))
    deliver(chat, delta('b'))
    expect(quick.frames).toHaveLength(2)
  })

  it('gets the deltas of different runs apart, in the order in which they began', () => {
    const { deliver, reader, drain } = slow()
    for (const [text, runId] of [['a', 'r1'], ['1', 'r2'], ['b', 'r1'], ['2', 'r2'], ['c', 'r1']] as const) deliver(chat, delta(text, runId))
    drain()
    expect(reader.frames.map((frame) => [frame.payload.runId, frame.payload.deltaText])).toEqual([['r1', 'abc'], ['r2', '12']])
  })

  it('gets the agent events of a reply as one, beside its deltas and in the order of their last words', () => {
    const { deliver, reader, drain } = slow()
    deliver(chat, delta('a', 'r1', { seq: 1 }))
    deliver(agent, assistant('a', 'a', 2))
    deliver(chat, delta('b', 'r1', { seq: 3 }))
    deliver(chat, delta('1', 'r2', { seq: 1 }))
    deliver(chat, delta('c', 'r1', { seq: 4 }))
    deliver(agent, assistant('abc', 'bc', 5))
    deliver(chat, delta('d', 'r1', { seq: 6 }))
    expect(reader.frames).toEqual([])
    drain()
    expect(reader.frames.map(({ payload }) => payload as unknown)).toEqual([assistant('abc', 'abc', 5), delta('abcd', 'r1', { seq: 6 }), delta('1', 'r2', { seq: 1 })])
    expect(numbers(reader.frames)).toEqual([1, 2, 3])
  })

  it('gets each other step of a run when it is taken, and all that came before it', () => {
    const { deliver, reader } = slow()
    deliver(chat, delta('a', 'r1', { seq: 1 }))
    deliver(agent, assistant('a', 'a', 2))
    deliver(agent, { ...assistant('', '', 3), stream: 'lifecycle', data: { phase: 'end' } })
    expect(reader.frames.map(({ payload }) => payload.seq as number)).toEqual([1, 2, 3])
  })

  it('gets what cannot be merged after what was held back, at once', () => {
    const { deliver, reader } = slow()
    deliver(chat, delta('a'))
    deliver(chat, delta('b'))
    deliver(chat, { ...delta(''), state: 'final', deltaText: undefined })
    expect(reader.frames.map((frame) => [frame.payload.state, frame.payload.deltaText, frame.seq])).toEqual([['delta', 'ab', 1], ['final', undefined, 2]])
    deliver(shutdown, { reason: 'over' })
    expect(reader.frames.at(-1)).toMatchObject({ event: 'shutdown', seq: 3 })
  })

  it('does not get what may be left out', () => {
    const { deliver, reader, drain } = slow()
    deliver(tick, { ts: 1 })
    deliver(health, {})
    drain()
    expect(reader.frames).toEqual([])
    deliver(tick, { ts: 2 })
    expect(reader.frames).toHaveLength(1)
  })

  it('stays one until what was held back is out: nothing overtakes it', () => {
    const { deliver, reader, drain } = slow()
    deliver(chat, delta('a'))
    reader.peer.waiting = 0 // nobody has told of that yet
    deliver(chat, delta('b'))
    deliver(tick, { ts: 1 })
    expect(reader.frames).toEqual([])
    drain()
    expect(textOf(reader.frames)).toBe('ab')
  })

  it('is looked after each 100 ms where no runtime tells that it has room', async () => {
    const { deliver, reader, clock } = slow()
    deliver(chat, delta('a'))
    await clock.advance(1000)
    expect(reader.frames).toEqual([])
    deliver(chat, delta('b'))
    reader.peer.waiting = MERGE_ABOVE_BYTES
    await clock.advance(99)
    expect(reader.frames).toEqual([])
    await clock.advance(1)
    expect(textOf(reader.frames)).toBe('ab')
    expect(clock.pending).toBe(0)
  })

  it('is one timer, however many there are', async () => {
    const { deliver, connect, reader, clock } = slow()
    const others = [1, 2, 3].map(() => connect())
    for (const { peer } of others) peer.waiting = MERGE_ABOVE_BYTES + 1
    for (const text of ['a', 'b', 'c']) deliver(chat, delta(text))
    expect(clock.pending).toBe(1)
    for (const { peer } of [reader, ...others.slice(1)]) peer.waiting = 0
    await clock.advance(100)
    expect([reader, ...others].map(({ frames }) => textOf(frames))).toEqual(['abc', '', 'abc', 'abc'])
    expect(clock.pending).toBe(1)
  })

  it('has nothing to be told again when it has no more room than before', () => {
    const { deliver, reader, fanout } = slow()
    deliver(chat, delta('a'))
    fanout.drained(reader.link)
    expect(reader.frames).toEqual([])
  })

  it('is forgotten when it goes', async () => {
    const { deliver, reader, clock } = slow()
    deliver(chat, delta('a'))
    reader.link.end()
    await clock.advance(100)
    expect(reader.frames).toEqual([])
    expect(clock.pending).toBe(0)
  })

  it('is let go when more than 50 MiB wait', () => {
    const { deliver, reader, connect } = slow()
    const quick = connect()
    reader.peer.waiting = MAX_BUFFERED_BYTES
    deliver(shutdown, { reason: 'a' })
    expect(reader.closed).toEqual([])
    reader.peer.waiting++
    deliver(chat, delta('kept back'))
    deliver(shutdown, { reason: 'b' })
    deliver(shutdown, { reason: 'c' })
    expect(reader.closed).toEqual([[1008, 'slow consumer']])
    expect(reader.frames.map((frame: Data) => frame.payload.reason)).toEqual(['a'])
    expect(quick.frames).toHaveLength(4)
  })

  it('of protocol 3, or of plain words, gets the same in its own form', () => {
    for (const session of [{ protocol: 3 }, { dialect: 'plain' as const }]) {
      const { deliver, reader, drain } = slow(session)
      deliver(chat, delta('a', 'r1', { message: 'a' }))
      deliver(chat, delta('b', 'r1', { message: 'ab' }))
      drain()
      expect(reader.frames).toHaveLength(1)
      expect(reader.frames[0]!.payload.message).toBe('ab')
      expect(reader.frames[0]!.payload.deltaText).toBe(session.protocol === 3 ? undefined : 'ab')
    }
  })
})

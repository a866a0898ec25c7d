// Nodes that listen to a session.

import { describe, expect, it } from 'vitest'
import { agent, chat } from '../../../src/protocol/events.ts'
import { settled } from '../../harness/clock.ts'
import { createFleet } from './fleet.ts'

function create() {
  const fleet = createFleet()
  const tell = (nodeId: string, event: string, payload: unknown) => {
    const connection = fleet.nodes.connectionOf(nodeId)!
    return fleet.nodeEvents.handle(event, { payload }, { nodeId, connection }, fleet.nodePairing.approved(nodeId))
  }
  const delta = (sessionKey: string) => ({ runId: 'r', sessionKey, agentId: 'main', seq: 1, state: 'delta' as const, deltaText: 'x' })
  /** To which connections events of this name went. */
  const directed = async (name: string) => {
    await settled()
    return fleet.heard.filter(({ event, audience }) => event === name && audience.connection !== undefined).map(({ audience }) => audience.connection)
  }
  return { ...fleet, tell, delta, directed }
}

describe('a node that listens', () => {
  it('is told of the runs of that session, until it listens no more', async () => {
    const { bus, approve, tell, delta, directed } = create()
    const { id, topics } = approve('n')
    approve('other')
    expect(tell('n', 'chat.subscribe', { sessionKey: 'Notes' })).toEqual({ handled: true })
    expect([...topics]).toEqual(['session:agent:main:notes'])
    for (const key of ['notes', 'else']) bus.publish(chat, delta(`agent:main:${key}`))
    bus.publish(agent, { runId: 'r', sessionKey: 'agent:main:notes', agentId: 'main', seq: 2, stream: 'lifecycle', ts: 1, isHeartbeat: false, data: {} })
    expect(await directed('chat')).toEqual([id])
    expect(await directed('agent')).toEqual([id])
    expect(tell('n', 'chat.unsubscribe', { sessionKey: 'notes' })).toEqual({ handled: true })
    bus.publish(chat, delta('agent:main:notes'))
    expect(await directed('chat')).toEqual([id])
  })

  it('hears what needs a capability only if it named that', async () => {
    const { bus, approve, tell, directed } = create()
    const able = approve('a', { caps: ['tool-events'] })
    approve('b')
    for (const nodeId of ['a', 'b']) tell(nodeId, 'chat.subscribe', { sessionKey: 'x' })
    const step = { runId: 'r', sessionKey: 'agent:main:x', agentId: 'main', seq: 2, stream: 'tool', ts: 1, isHeartbeat: false, data: {} }
    bus.publish(agent, step, { capability: 'tool-events' })
    bus.publish(agent, step, { connection: 'somebody' })
    expect((await directed('agent')).filter((id) => id !== 'somebody')).toEqual([able.id])
  })

  it('is told of nothing when it is gone', async () => {
    const { bus, approve, leave, tell, delta, directed } = create()
    const connection = approve('n')
    tell('n', 'chat.subscribe', { sessionKey: 'x' })
    leave(connection)
    bus.publish(chat, delta('agent:main:x'))
    expect(await directed('chat')).toEqual([])
  })

  it('goes on listening after a sleep', async () => {
    const { bus, approve, leave, connect, delta, directed } = create()
    leave(approve('n'))
    const { id } = connect('n', { said: false, topics: ['session:agent:main:x'] })
    bus.publish(chat, delta('agent:main:x'))
    expect(await directed('chat')).toEqual([id])
  })

  it('must name a session, and can listen to a bounded number', () => {
    const { approve, tell } = create()
    approve('n')
    for (const payload of [undefined, {}, { sessionKey: '' }, { sessionKey: 1 }]) expect(tell('n', 'chat.subscribe', payload)).toEqual({ handled: false, reason: 'invalid_payload' })
    for (let n = 0; n < 256; n++) tell('n', 'chat.subscribe', { sessionKey: `s${n}` })
    expect(() => tell('n', 'chat.subscribe', { sessionKey: 'one more' })).toThrow('too many subscriptions')
  })
})

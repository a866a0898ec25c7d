// The presence list: who is shown, what of it, when it is told, and how long it can get.

import { describe, expect, it } from 'vitest'
import { createConnections, type Connection, type Facts, type Session } from '../../../src/services/identity/connections.ts'
import { createPresence } from '../../../src/services/identity/presence.ts'
import { watchTopic } from '../../../src/services/identity/topics.ts'
import { foundation } from '../../harness/foundation.ts'

const SELF = { host: 'the gateway', mode: 'gateway', reason: 'self', ts: 1 }
const DIRECT: Facts = { address: '127.0.0.1', direct: true, host: 'localhost', origin: null }
const REMOTE: Facts = { address: '203.0.113.7', direct: false, host: 'gateway.example', origin: null }

interface Choice {
  readonly facts?: Facts
  readonly session?: Partial<Session>
  readonly client?: Partial<Session['client']>
  readonly openedAt?: number
}

function create() {
  const base = foundation()
  const connections = createConnections()
  const presence = createPresence({ ...base, self: () => SELF })
  const first = presence.version
  /** How often the list has changed. */
  const changes = () => presence.version - first
  let count = 0

  /** A Mac with an instance of its own, unless said otherwise. */
  function connect({ facts = DIRECT, session = {}, client = {}, openedAt = base.clock.now() }: Choice = {}): Connection {
    const id = `c${++count}`
    const connection = connections.open(id, facts, 'a nonce', openedAt, () => {})
    connection.establish({
      dialect: 'typed',
      protocol: 4,
      client: { id: 'openclaw-macos', version: '1.2', platform: 'macos', mode: 'ui', instanceId: `i${count}`, ...client },
      principalId: 'operator',
      role: 'operator',
      scopes: ['operator.read'],
      caps: [],
      ...session,
    })
    return connection
  }
  return { ...base, connections, presence, connect, changes }
}

describe('the list', () => {
  it('begins with the gateway itself', () => {
    expect(create().presence.list()).toEqual([SELF])
  })

  it('shows what a client says of itself', () => {
    const { presence, connect, clock } = create()
    const client = { displayName: 'A Mac', deviceFamily: 'Mac', modelIdentifier: 'Mac16,1', timeZone: 'Europe/Berlin', instanceId: 'mine' }
    presence.join(connect({ client, facts: REMOTE, session: { deviceId: 'a device' } }))
    expect(presence.list()[1]).toEqual({
      host: 'A Mac',
      ip: '203.0.113.7',
      version: '1.2',
      platform: 'macos',
      deviceFamily: 'Mac',
      modelIdentifier: 'Mac16,1',
      timeZone: 'Europe/Berlin',
      instanceId: 'mine',
      deviceId: 'a device',
      mode: 'ui',
      reason: 'connect',
      roles: ['operator'],
      scopes: ['operator.read'],
      ts: clock.now(),
      onlineSince: clock.now(),
    })
  })

  it('shows the address of those that come from elsewhere only', () => {
    const { presence, connect } = create()
    presence.join(connect())
    presence.join(connect({ facts: { ...REMOTE, address: null } }))
    expect(presence.list().map((entry) => entry.ip)).toEqual([undefined, undefined, undefined])
  })

  it('lets nothing into a terminal, and cuts what is long', () => {
    const { presence, connect } = create()
    presence.join(connect({ client: { displayName: 'evil\u001b[2J\nname', version: 'v'.repeat(500), platform: '\u202a'.repeat(200) } }))
    const entry = presence.list()[1]!
    expect(entry.host).toBe('evil [2J name')
    expect(entry.version).toHaveLength(128)
    expect(entry.platform!.length).toBeLessThanOrEqual(128)
  })

  it.each(['cli', 'probe'] as const)('does not show %s: it only passes by', (mode) => {
    const { presence, connect, changes } = create()
    const visitor = connect({ client: { mode } })
    presence.join(visitor)
    presence.leave(visitor)
    expect(presence.list()).toEqual([SELF])
    expect(changes()).toBe(0)
  })

  it('does not show who cannot be told from others, or has not connected', () => {
    const { presence, connect, connections } = create()
    presence.join(connect({ session: { client: { id: 'openclaw-macos', version: '1', platform: 'macos', mode: 'ui' } } }))
    presence.join(connections.open('stranger', DIRECT, 'a nonce', 0, () => {}))
    expect(presence.list()).toEqual([SELF])
  })

  it('shows a device once, however many connections it has, until the last has gone', () => {
    const { presence, connect, changes } = create()
    const tabs = [1, 2, 3].map(() => connect({ session: { deviceId: 'one' } }))
    for (const tab of tabs) presence.join(tab)
    expect(presence.list()).toHaveLength(2)
    expect(changes()).toBe(1)
    presence.leave(tabs[0]!)
    presence.leave(tabs[0]!)
    presence.leave(tabs[2]!)
    expect(presence.list()).toHaveLength(2)
    expect(changes()).toBe(1)
    presence.leave(tabs[1]!)
    expect(presence.list()).toEqual([SELF])
    expect(changes()).toBe(2)
  })

  it('shows a device twice when it has two roles', () => {
    const { presence, connect } = create()
    presence.join(connect({ session: { deviceId: 'one' } }))
    presence.join(connect({ session: { deviceId: 'one', role: 'node', scopes: [] } }))
    expect(presence.list()).toHaveLength(3)
  })

  it('is not changed by somebody who was never in it', () => {
    const { presence, connect, changes } = create()
    presence.leave(connect())
    expect(changes()).toBe(0)
  })

  it('has at most 500 entries; a place that is given up can be taken', () => {
    const { presence, connect } = create()
    const all = Array.from({ length: 502 }, () => connect())
    for (const each of all) presence.join(each)
    expect(presence.list()).toHaveLength(501)
    presence.leave(all[501]!) // it never was in it
    expect(presence.list()).toHaveLength(501)
    presence.leave(all[0]!)
    presence.join(connect())
    expect(presence.list()).toHaveLength(501)
    presence.join(connect())
    expect(presence.list()).toHaveLength(501)
  })

  it('says since when somebody is here, also of a connection that is taken up again', () => {
    const { presence, connect, clock } = create()
    const openedAt = clock.now() - 60_000
    presence.join(connect({ openedAt }))
    expect(presence.list()[1]!.onlineSince).toBe(openedAt)
  })
})

describe('telling', () => {
  it('makes one event of a thousand changes', async () => {
    const { presence, connect, clock, heard, changes } = create()
    const all = Array.from({ length: 400 }, () => connect())
    for (const each of all) presence.join(each)
    for (const each of all.slice(1)) presence.leave(each)
    for (const each of all.slice(1)) presence.join(each)
    expect(changes()).toBe(400 + 399 + 399)
    expect(heard).toEqual([])
    await clock.advance(99)
    expect(heard).toEqual([])
    await clock.advance(1)
    expect(heard).toHaveLength(1)
    expect(heard[0]).toMatchObject({ event: 'presence', audience: {} })
    expect(heard[0]!.payload.presence).toEqual(presence.list())
  })

  it('tells again of what changes later, and nothing when nothing does', async () => {
    const { presence, connect, clock, heard } = create()
    const first = connect()
    presence.join(first)
    await clock.advance(100)
    await clock.advance(60_000)
    expect(heard).toHaveLength(1)
    presence.leave(first)
    await clock.advance(100)
    expect(heard.map(({ payload }) => payload.presence.length)).toEqual([2, 1])
    expect(clock.pending).toBe(0)
  })
})

describe('what somebody looks at', () => {
  it('is shown with whoever does, all of their connections together', () => {
    const { presence, connect, changes } = create()
    const tabs = [connect({ client: { instanceId: 'i' } }), connect({ client: { instanceId: 'i' } })]
    for (const tab of tabs) presence.join(tab)
    const before = changes()
    tabs[0]!.subscribe(watchTopic('agent:main:b'))
    tabs[1]!.subscribe(watchTopic('agent:main:a'))
    tabs[1]!.subscribe('sessions')
    presence.changed()
    expect(changes()).toBe(before + 1)
    expect(presence.list()[1]).toMatchObject({ watchedSessions: ['agent:main:a', 'agent:main:b'] })
    presence.leave(tabs[0]!)
    expect(presence.list()[1]).toMatchObject({ watchedSessions: ['agent:main:a'] })
    tabs[1]!.unsubscribe(watchTopic('agent:main:a'))
    expect(presence.list()[1]).not.toHaveProperty('watchedSessions')
  })
})

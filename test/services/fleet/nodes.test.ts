// Which nodes there are, which connection speaks for each, and what is known when one is gone.

import { describe, expect, it } from 'vitest'
import { settled } from '../../harness/clock.ts'
import { foundation } from '../../harness/foundation.ts'
import { ASKER, createFleet, holding, identity, OPERATOR, REMOTE } from './fleet.ts'

describe('a node', () => {
  it('is kept with what it says of itself, cut to what is bounded', () => {
    const fleet = createFleet()
    const permissions = Object.fromEntries([...Array.from({ length: 100 }, (_, n) => [`p${n}`, true] as const), ['__proto__', true] as const])
    fleet.connect('n', {
      caps: ['system', 'system', 'x'.repeat(60)],
      commands: ['location.get', 'location.get', 'nope', 'system.run'],
      permissions,
      pathEnv: 'p'.repeat(50_000),
      client: { modelIdentifier: 'Model 1' },
      facts: REMOTE,
    })
    const { row } = fleet.nodes.get('n')
    expect(row.declared.caps).toEqual(['system', 'x'.repeat(60)])
    expect(row.declared.commands).toEqual(['location.get', 'system.run'])
    expect(Object.keys(row.declared.permissions!)).toHaveLength(64)
    expect(row.pathEnv).toHaveLength(8192)
    expect(row).toMatchObject({ displayName: 'The n', modelIdentifier: 'Model 1', remoteIp: '203.0.113.7', lastSeenReason: 'connect', lastConnectedAtMs: fleet.clock.now() })
  })

  it('keeps the name by which it was first known, unless it is renamed', () => {
    const fleet = createFleet()
    fleet.leave(fleet.connect('n'))
    fleet.leave(fleet.connect('n', { client: { displayName: 'Other' } }))
    expect(fleet.nodes.get('n').row.displayName).toBe('The n')
    fleet.nodes.rename('n', 'Kitchen', ASKER)
    fleet.connect('n')
    expect(fleet.nodes.get('n').row.displayName).toBe('Kitchen')
  })

  it('is there while one of its connections is; the newest speaks for it', () => {
    const fleet = createFleet()
    const first = fleet.connect('n')
    const second = fleet.connect('n')
    expect(fleet.nodes.connectionOf('n')).toBe(second)
    fleet.leave(second)
    expect(fleet.nodes.connectionOf('n')).toBe(first)
    expect(fleet.nodes.get('n').connected).toBe(true)
    fleet.leave(first)
    expect(fleet.nodes.connectionOf('n')).toBeNull()
    expect(fleet.nodes.get('n')).toMatchObject({ connected: false, paired: true, connectedAtMs: undefined })
  })

  it('was last seen when it left, or gave a sign of life', async () => {
    const fleet = createFleet()
    const connection = fleet.connect('n')
    await fleet.clock.advance(5000)
    fleet.nodes.seen('n', 'background')
    expect(fleet.nodes.get('n').row).toMatchObject({ lastSeenAtMs: fleet.clock.now(), lastSeenReason: 'background' })
    await fleet.clock.advance(5000)
    fleet.leave(connection)
    expect(fleet.nodes.get('n').row).toMatchObject({ lastSeenAtMs: fleet.clock.now(), lastSeenReason: 'disconnect' })
  })

  it('is listed before those that are gone', () => {
    const fleet = createFleet()
    fleet.leave(fleet.connect('a'))
    fleet.connect('b')
    expect(fleet.nodes.list().map(({ row, connected }) => [row.nodeId, connected])).toEqual([['b', true], ['a', false]])
  })

  it('is not paired any more when its access was revoked', () => {
    const fleet = createFleet()
    fleet.connect('n')
    fleet.devices.revokeTokens('n', 'node', ASKER)
    expect(fleet.closed).toHaveLength(1)
    expect(fleet.nodes.get('n')).toMatchObject({ paired: false, connected: false })
  })

  it('is no operator, and nobody else is one', () => {
    const fleet = createFleet()
    expect(() => fleet.nodes.get('nobody')).toThrow('unknown nodeId')
    expect(fleet.nodes.connectionOf('nobody')).toBeNull()
    expect(fleet.nodes.list()).toEqual([])
  })
})

describe('joining', () => {
  it('is told once hello-ok is on its way, and not of a connection that is gone by then', async () => {
    const fleet = createFleet()
    const joined: string[] = []
    fleet.nodes.onJoin((nodeId, connection) => void joined.push(`${nodeId} ${connection.id}`))
    const stays = fleet.connect('a')
    fleet.leave(fleet.connect('b'))
    expect(joined).toEqual([])
    await settled()
    expect(joined).toEqual([`a ${stays.id}`])
  })

  it('after a sleep is told to nobody, and changes nothing', async () => {
    const first = createFleet()
    first.approve('n', { commands: ['system.run', 'location.get'] })
    await first.commit.flush()
    const second = createFleet(foundation(first.sql, first.clock))
    const joined: string[] = []
    second.nodes.onJoin((nodeId) => void joined.push(nodeId))
    second.connect('n', { said: false })
    await settled()
    expect(joined).toEqual([])
    expect(second.nodes.get('n')).toMatchObject({ connected: true, approvalState: 'approved', commands: ['system.run', 'location.get'] })
    expect(await second.told('node.pair.requested')).toEqual([])
  })

  it('of a connection that ended during the handshake does not happen', () => {
    const fleet = createFleet()
    const connection = fleet.connect('n')
    fleet.leave(connection)
    fleet.connections.joined(connection, { commands: [] })
    expect(fleet.nodes.connectionOf('n')).toBeNull()
  })
})

describe('a person at the machine', () => {
  it('is told of, and the node where that was last is the active one', async () => {
    const fleet = createFleet()
    const [first] = [fleet.connect('a'), fleet.connect('b')]
    const now = fleet.clock.now()
    fleet.nodes.setActivity('a', now - 1000)
    fleet.nodes.setActivity('b', now - 5000)
    expect(fleet.nodes.get('a')).toMatchObject({ isActive: true, activity: { lastActiveAtMs: now - 1000, presenceUpdatedAtMs: now } })
    expect(fleet.nodes.get('b').isActive).toBe(false)
    expect(fleet.nodes.setActivity('a', null)).toBe(true)
    expect(fleet.nodes.setActivity('a', null)).toBe(false)
    expect(fleet.nodes.setActivity('nobody', now)).toBe(false)
    expect(fleet.nodes.get('b').isActive).toBe(true)
    fleet.nodes.setActivity('a', now)
    fleet.leave(first)
    expect((await fleet.told('node.presence')).at(-1)).toEqual({ nodeId: 'a', lastActiveAtMs: null, presenceUpdatedAtMs: null })
    expect(fleet.nodes.get('a').activity).toBeNull()
  })
})

describe('removing', () => {
  it('closes its sockets, and forgets everything', async () => {
    const fleet = createFleet()
    const connection = fleet.approve('n')
    const [left, gone]: [string[], string[]] = [[], []]
    fleet.nodes.onLeave((nodeId, { id }, reason) => void left.push(`${nodeId} ${id} ${reason}`))
    fleet.nodes.onRemoved((nodeId) => void gone.push(nodeId))
    fleet.nodePending.enqueue('n', { type: 'status.request', priority: 'high' })
    fleet.nodes.remove('n', ASKER)
    expect(fleet.closed).toEqual([connection.id])
    expect(left).toEqual([`n ${connection.id} removed`])
    expect(gone).toEqual(['n'])
    expect(fleet.nodes.list()).toEqual([])
    expect(fleet.devices.find('n')).toBeNull()
    expect(fleet.nodePending.drain('n').revision).toBe(0)
    expect((await fleet.told('node.pair.resolved')).at(-1)).toMatchObject({ requestId: '', nodeId: 'n', decision: 'removed' })
  })

  it('happens too when its device is removed, and to a node whose device is gone already', async () => {
    const fleet = createFleet()
    fleet.connect('n')
    fleet.devices.remove('n', ASKER)
    expect(fleet.nodes.list()).toEqual([])
    fleet.connect('m')
    fleet.sql.run("DELETE FROM collections WHERE name = 'devices'")
    fleet.nodes.remove('m', ASKER)
    expect(fleet.nodes.list()).toEqual([])
  })

  it('leaves a device that is an operator too', () => {
    const fleet = createFleet()
    fleet.connect('n')
    fleet.devices.approveSilently(identity('n'), 'operator', ['operator.read'])
    fleet.nodes.remove('n', ASKER)
    expect(fleet.devices.grantOf('n', 'node')).toBeNull()
    expect(fleet.devices.grantOf('n', 'operator')).toEqual(['operator.read'])
  })

  it('and renaming is for admins, holders of the secret, and the node’s own device', () => {
    const fleet = createFleet()
    for (const name of ['a', 'b']) fleet.connect(name)
    const device = (deviceId: string, admin = false) => ({ caller: { ...holding(admin ? 'operator.admin' : 'operator.pairing'), id: `device:${deviceId}`, deviceId }, connectionId: null })
    expect(() => fleet.nodes.rename('b', 'x', device('a'))).toThrow('node rename denied')
    expect(() => fleet.nodes.remove('b', device('a'))).toThrow('node removal denied')
    fleet.nodes.rename('a', 'mine', device('a'))
    fleet.nodes.rename('a', 'admin', device('b', true))
    fleet.nodes.rename('a', 'secret', { caller: holding('operator.pairing'), connectionId: null })
    expect(() => fleet.nodes.remove('nobody', { caller: OPERATOR, connectionId: null })).toThrow('unknown nodeId')
  })
})

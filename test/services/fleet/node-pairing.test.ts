// What nodes may do is approved apart from their devices.

import { describe, expect, it } from 'vitest'
import { foundation } from '../../harness/foundation.ts'
import { createFleet, holding, OPERATOR, REMOTE } from './fleet.ts'

describe('a request', () => {
  it('is made by the first connect, and is told', async () => {
    const fleet = createFleet()
    fleet.connect('n', { commands: ['system.run', 'demo.echo'], caps: ['system'], permissions: { camera: true } })
    const request = fleet.requestOf('n')!
    expect(request).toMatchObject({
      nodeId: 'n',
      commands: ['system.run'],
      caps: ['system'],
      permissions: { camera: true },
      requiredApproveScopes: ['operator.pairing', 'operator.admin'],
      silent: true,
      displayName: 'The n',
    })
    expect(await fleet.told('node.pair.requested')).toEqual([request])
  })

  it('is silent only for a node of this machine, where that is trusted, and only the first time', () => {
    expect(createFleetRequest(REMOTE, {})).not.toHaveProperty('silent')
    expect(createFleetRequest(undefined, { pairing: { autoApproveLocal: false } })).not.toHaveProperty('silent')
    const fleet = createFleet()
    fleet.leave(fleet.approve('n', { commands: ['location.get'] }))
    fleet.connect('n', { commands: ['location.get', 'system.run'] })
    expect(fleet.requestOf('n')).not.toHaveProperty('silent')
  })

  it('stays the same when the node asks for the same again', async () => {
    const fleet = createFleet()
    fleet.leave(fleet.connect('n', { commands: ['location.get', 'system.which'] }))
    const first = fleet.requestOf('n')!
    fleet.connect('n', { commands: ['system.which', 'location.get'], client: { version: '2' } })
    expect(fleet.requestOf('n')!.requestId).toBe(first.requestId)
    expect(await fleet.told('node.pair.requested')).toHaveLength(1)
  })

  it('is given up when the node asks for something else, or for no more', async () => {
    const fleet = createFleet()
    fleet.leave(fleet.approve('n', { commands: ['location.get'] }))
    fleet.leave(fleet.connect('n', { commands: ['location.get', 'system.run'] }))
    const wider = fleet.requestOf('n')!
    fleet.leave(fleet.connect('n', { commands: ['location.get', 'system.which'] }))
    const other = fleet.requestOf('n')!
    expect(other.requestId).not.toBe(wider.requestId)
    fleet.connect('n', { commands: ['location.get'] })
    expect(fleet.requestOf('n')).toBeUndefined()
    const rejected = (await fleet.told('node.pair.resolved')).filter(({ decision }) => decision === 'rejected')
    expect(rejected.map(({ requestId }) => requestId)).toEqual([wider.requestId, other.requestId])
  })

  it('outlives a restart', async () => {
    const first = createFleet()
    first.connect('n')
    const { requestId } = first.requestOf('n')!
    await first.commit.flush()
    const second = createFleet(foundation(first.sql, first.clock))
    expect(second.nodePairing.approve(requestId, OPERATOR)).toMatchObject({ nodeId: 'n', commands: ['location.get', 'system.which'] })
  })
})

function createFleetRequest(facts: typeof REMOTE | undefined, config: unknown) {
  const fleet = createFleet(foundation(), config)
  fleet.connect('n', facts ? { facts } : {})
  return fleet.requestOf('n')
}

describe('an approval', () => {
  it('is given once, and told to operators and to the node', async () => {
    const fleet = createFleet()
    const connection = fleet.connect('n')
    const resolved: string[] = []
    fleet.nodePairing.onResolved((nodeId) => void resolved.push(nodeId))
    const { requestId } = fleet.requestOf('n')!
    const now = fleet.clock.now()
    expect(fleet.nodePairing.approve(requestId, OPERATOR)).toMatchObject({ createdAtMs: now, approvedAtMs: now })
    expect(() => fleet.nodePairing.approve(requestId, OPERATOR)).toThrow('unknown requestId')
    expect(() => fleet.nodePairing.reject(requestId)).toThrow('unknown requestId')
    await fleet.told('node.pair.resolved')
    const told = fleet.heard.filter(({ event }) => event === 'node.pair.resolved').map(({ audience }) => audience)
    expect(told).toEqual([{}, { connection: connection.id }])
    expect(resolved).toEqual(['n'])
    expect(fleet.nodePairing.surfacesOf('n')).toEqual({ nodeSurface: expect.objectContaining({ commands: ['location.get', 'system.which'], version: '1' }) })
    expect(fleet.nodePairing.surfacesOf('nobody')).toEqual({})
  })

  it.each([
    ['system.run', ['operator.pairing', 'operator.write'], 'operator.admin'],
    ['location.get', ['operator.pairing', 'operator.read'], 'operator.write'],
  ] as const)('of %s is not given by who holds %j', (command, scopes, missing) => {
    const fleet = createFleet()
    fleet.connect('n', { commands: [command] })
    const { requestId } = fleet.requestOf('n')!
    expect(() => fleet.nodePairing.approve(requestId, holding(...scopes))).toThrow(`missing scope: ${missing}`)
    expect(fleet.requestOf('n')).toBeDefined()
    expect(fleet.nodePairing.approve(requestId, OPERATOR).commands).toEqual([command])
  })

  it('keeps when it was first given', async () => {
    const fleet = createFleet()
    const bornAt = fleet.clock.now()
    fleet.leave(fleet.approve('n', { commands: ['location.get'] }))
    await fleet.clock.advance(5000)
    fleet.approve('n', { commands: ['location.get', 'system.notify'] })
    expect(fleet.nodePairing.list().paired).toMatchObject([{ createdAtMs: bornAt, approvedAtMs: fleet.clock.now() }])
  })

  it('is needed to act', () => {
    const fleet = createFleet()
    fleet.connect('n')
    expect(() => fleet.nodePairing.approved('n')).toThrow(`run \`openclaw nodes approve ${fleet.requestOf('n')!.requestId}\``)
    fleet.nodePairing.reject(fleet.requestOf('n')!.requestId)
    expect(() => fleet.nodePairing.approved('n')).toThrow('nothing of what this node can do was approved')
    expect(() => fleet.nodePairing.approved('nobody')).toThrow(expect.objectContaining({ code: 'UNAVAILABLE' }))
  })

  it('is not needed by what an admin has just paired with a setup code', async () => {
    for (const [access, command, isApproved] of [['full', 'system.run', true], ['limited', 'location.get', true], ['limited', 'system.run', false], ['node', 'location.get', false]] as const) {
      const fleet = createFleet()
      const { bootstrapToken } = await fleet.setupCodes.make(access)
      await fleet.setupCodes.redeem(bootstrapToken, { deviceId: 'n', publicKey: 'k', platform: 'linux', clientId: 'node-host', clientMode: 'node' }, 'node', () => [])
      fleet.connect('n', { commands: [command] })
      expect(fleet.nodePairing.list().paired.length === 1, `${access} ${command}`).toBe(isApproved)
    }
  })
})

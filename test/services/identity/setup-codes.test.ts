// A setup code pairs one device, once, with what its profile says.

import { describe, expect, it } from 'vitest'
import { SCOPES, type Scope } from '../../../src/protocol/scopes.ts'
import { SETUP_PROFILES } from '../../../src/services/identity/setup-codes.ts'
import { settled } from '../../harness/clock.ts'
import { foundation } from '../../harness/foundation.ts'
import { createIdentities, identity } from './identities.ts'

const MINUTE = 60_000
const all = (profile: readonly Scope[]) => profile
const none = () => []

describe('a code', () => {
  it('is kept as a hash, and told to nobody', async () => {
    const { setupCodes, sql, heard } = createIdentities()
    const { bootstrapToken, setupId } = await setupCodes.make('limited')
    await settled()
    expect(JSON.stringify([sql.all('SELECT * FROM collections'), heard])).not.toContain(bootstrapToken)
    expect(setupCodes.status(setupId)).toBeNull()
    expect(setupCodes.status('nothing')).toBeNull()
  })

  it('works for ten minutes', async () => {
    const { setupCodes, clock } = createIdentities()
    const [first, second] = [await setupCodes.make('node'), await setupCodes.make('node')]
    expect(first.expiresAtMs).toBe(clock.now() + 10 * MINUTE)
    await clock.advance(10 * MINUTE - 1)
    expect(await setupCodes.redeem(first.bootstrapToken, identity('a'), 'node', none)).not.toBeNull()
    await clock.advance(1)
    expect(await setupCodes.redeem(second.bootstrapToken, identity('b'), 'node', none)).toBeNull()
  })

  it('works once, of a thousand that try at the same time', async () => {
    const { setupCodes, devices } = createIdentities()
    const { bootstrapToken } = await setupCodes.make('full')
    const tries = await Promise.all(Array.from({ length: 1000 }, (_, n) => setupCodes.redeem(bootstrapToken, identity(`d${n % 10}`), 'node', none)))
    expect(tries.filter((each) => each !== null)).toHaveLength(1)
    expect(devices.list().paired).toHaveLength(1)
  })

  it('is none that was made up', async () => {
    const { setupCodes } = createIdentities()
    await setupCodes.make('full')
    for (const token of ['', 'x', 'undefined']) expect(await setupCodes.redeem(token, identity('a'), 'node', none)).toBeNull()
  })

  it('works after a restart, and not again after another', async () => {
    const first = createIdentities()
    const { bootstrapToken } = await first.setupCodes.make('node')
    await first.commit.flush()
    const second = createIdentities(foundation(first.sql, first.clock))
    expect(await second.setupCodes.redeem(bootstrapToken, identity('a'), 'node', none)).not.toBeNull()
    await second.commit.flush()
    const third = createIdentities(foundation(first.sql, first.clock))
    expect(await third.setupCodes.redeem(bootstrapToken, identity('a'), 'node', none)).toBeNull()
  })

  it('makes room for others, and is forgotten after a day', async () => {
    const { setupCodes, sql, clock } = createIdentities()
    const count = () => sql.get<{ n: number }>("SELECT count(*) AS n FROM collections WHERE name = 'setup-codes'")!.n
    const first = await setupCodes.make('node')
    await clock.advance(1)
    for (let n = 0; n < 100; n++) await setupCodes.make('node')
    expect(count()).toBe(100)
    expect(await setupCodes.redeem(first.bootstrapToken, identity('a'), 'node', none)).toBeNull()
    await clock.advance(24 * 60 * MINUTE)
    setupCodes.prune(clock.now())
    expect(count()).toBe(0)
  })
})

describe('a device', () => {
  it('that pairs as a node is the operator too that its profile says, with a token for each', async () => {
    const { setupCodes, devices, clock, heard } = createIdentities()
    const { bootstrapToken, setupId } = await setupCodes.make('full')
    const redeemed = (await setupCodes.redeem(bootstrapToken, identity('a'), 'node', none))!
    expect(redeemed).toMatchObject({ scopes: [], others: [{ role: 'operator', scopes: SETUP_PROFILES.full }] })
    expect(await devices.tokenScopes('a', 'node', redeemed.token.deviceToken)).toEqual([])
    expect(await devices.tokenScopes('a', 'operator', redeemed.others[0]!.token.deviceToken)).toEqual(SETUP_PROFILES.full)
    expect(devices.find('a')).toMatchObject({ approvedVia: 'bootstrap' })
    const completion = { setupId, deviceId: 'a', deviceName: 'The a', access: 'full', ts: clock.now() }
    expect(setupCodes.status(setupId)).toEqual(completion)
    await settled()
    expect(heard.map(({ event }) => event)).toEqual(['device.pair.resolved', 'device.pair.setup.completed'])
    expect(heard.at(-1)!.payload).toEqual(completion)
  })

  it('that pairs as an operator has what it chose of the profile', async () => {
    const { setupCodes, devices } = createIdentities()
    const { bootstrapToken } = await setupCodes.make('limited')
    const redeemed = await setupCodes.redeem(bootstrapToken, identity('a'), 'operator', (profile) => profile.filter((scope) => scope === 'operator.read'))
    expect(redeemed).toMatchObject({ scopes: ['operator.read'], others: [] })
    expect(devices.grantOf('a', 'operator')).toEqual(['operator.read'])
    expect(devices.grantOf('a', 'node')).toBeNull()
  })

  it('with a code for nodes is a node, and nothing else', async () => {
    const { setupCodes, devices } = createIdentities()
    const { bootstrapToken } = await setupCodes.make('node')
    expect(await setupCodes.redeem(bootstrapToken, identity('a'), 'operator', all)).toBeNull()
    expect(await setupCodes.redeem(bootstrapToken, identity('a'), 'node', none)).toMatchObject({ scopes: [], others: [] })
    expect(devices.grantOf('a', 'operator')).toBeNull()
  })

  it('that was paired before has what the code gives, not what it had', async () => {
    const { setupCodes, devices } = createIdentities()
    devices.approveSilently(identity('a'), 'operator', ['operator.admin'])
    const { bootstrapToken } = await setupCodes.make('limited')
    await setupCodes.redeem(bootstrapToken, identity('a'), 'operator', none)
    expect(devices.grantOf('a', 'operator')).toEqual([])
  })

  it('is vouched for as long as a code lives', async () => {
    const { setupCodes, clock } = createIdentities()
    const { bootstrapToken } = await setupCodes.make('limited')
    expect(setupCodes.accessOf('a')).toBeNull()
    await setupCodes.redeem(bootstrapToken, identity('a'), 'node', none)
    expect(setupCodes.accessOf('a')).toBe('limited')
    expect(setupCodes.accessOf('b')).toBeNull()
    await clock.advance(10 * MINUTE)
    expect(setupCodes.accessOf('a')).toBeNull()
  })
})

it('has no profile that gives pairing, and only the full one is an admin’s', () => {
  expect(Object.values(SETUP_PROFILES).flat().filter((scope) => scope === 'operator.pairing')).toEqual([])
  expect(Object.entries(SETUP_PROFILES).filter(([, scopes]) => scopes.includes('operator.admin')).map(([name]) => name)).toEqual(['full'])
  expect(Object.values(SETUP_PROFILES).flat().every((scope) => SCOPES.includes(scope))).toBe(true)
})

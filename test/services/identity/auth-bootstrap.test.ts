// Getting in by a setup code, and from a network that is trusted to pair nodes.

import { describe, expect, it } from 'vitest'
import type { Credentials } from '../../../src/protocol/connect.ts'
import type { Role } from '../../../src/protocol/scopes.ts'
import { createAuthMode } from '../../../src/services/identity/auth-modes.ts'
import { createAuth, type AuthRequest } from '../../../src/services/identity/auth.ts'
import type { Facts } from '../../../src/services/identity/connections.ts'
import { createDevice, deviceParams, type Device } from '../../harness/device.ts'
import { createIdentities } from './identities.ts'

const SECRET = 'the secret of the tests'
const LAN: Facts = { address: '192.168.1.77', direct: false, host: 'gateway.example', origin: null }

function create(cidrs: readonly string[] = []) {
  const base = createIdentities()
  const { devices, setupCodes, clock } = base
  const auth = createAuth({ mode: () => createAuthMode({ mode: 'token', secret: SECRET }), devices, setupCodes, clock, autoApproveLocal: () => true, autoApproveCidrs: () => cidrs })
  async function connect(device: Device, credentials: Credentials, choice: { role?: Role; scopes?: readonly string[]; facts?: Facts } = {}) {
    const { role = 'node', scopes = [], facts = LAN } = choice
    const given = Object.fromEntries(Object.entries(credentials).filter(([name]) => name !== 'password'))
    const params = await deviceParams(device, { nonce: 'n', ts: clock.now() }, { auth: given, role, scopes })
    return auth.connect({ client: params.client, role, scopes, credentials, device: params.device as unknown as NonNullable<AuthRequest['device']>, nonce: 'n', facts })
  }
  return { ...base, connect }
}

const refusedWith = (code: string) => expect.objectContaining({ options: expect.objectContaining({ details: expect.objectContaining({ code }) }) })

describe('a setup code', () => {
  it('lets a device in whose signature is over it', async () => {
    const { connect, setupCodes } = create()
    const device = await createDevice()
    const { bootstrapToken } = await setupCodes.make('limited')
    const authenticated = await connect(device, { bootstrapToken })
    expect(authenticated).toMatchObject({ principalId: `device:${device.id}`, role: 'node', scopes: [], deviceId: device.id })
    expect(authenticated.deviceTokens).toMatchObject([{ role: 'operator', deviceToken: expect.any(String), issuedAtMs: expect.any(Number) }])
    expect(await connect(device, { deviceToken: authenticated.deviceTokens![0]!.deviceToken }, { role: 'operator', scopes: ['operator.write'] })).toMatchObject({ scopes: ['operator.write'] })
    await expect(connect(device, { bootstrapToken })).rejects.toEqual(refusedWith('AUTH_BOOTSTRAP_TOKEN_INVALID'))
  })

  it('counts only where nothing better is offered: a wrong secret is a wrong secret', async () => {
    const { connect, setupCodes } = create()
    const { bootstrapToken, setupId } = await setupCodes.make('limited')
    await expect(connect(await createDevice(), { bootstrapToken, token: 'wrong' })).rejects.toEqual(refusedWith('AUTH_TOKEN_MISMATCH'))
    await expect(connect(await createDevice(), { bootstrapToken, password: 'wrong' })).rejects.toEqual(refusedWith('AUTH_TOKEN_MISMATCH'))
    expect(setupCodes.status(setupId)).toBeNull()
  })

  it('gives no scope that the profile does not have', async () => {
    const { connect, setupCodes } = create()
    const { bootstrapToken } = await setupCodes.make('limited')
    const scopes = ['operator.admin', 'operator.pairing', 'operator.talk', 'made.up']
    expect((await connect(await createDevice(), { bootstrapToken }, { role: 'operator', scopes })).scopes).toEqual(['operator.talk'])
  })
})

describe('a new node with the secret', () => {
  it('is paired without asking from a network that is trusted for that', async () => {
    const { connect, devices } = create(['192.168.1.0/24'])
    const device = await createDevice()
    expect(await connect(device, { token: SECRET })).toMatchObject({ role: 'node', deviceToken: expect.any(String) })
    expect(devices.find(device.id)).toMatchObject({ approvedVia: 'trusted-cidr' })
  })

  it.each([
    ['from elsewhere', ['10.0.0.0/8'], {}, 'node'],
    ['through a proxy of that network', ['192.168.1.0/24'], { forwarded: true }, 'node'],
    ['from a page', ['192.168.1.0/24'], { origin: 'https://evil.example' }, 'node'],
    ['as an operator', ['192.168.1.0/24'], {}, 'operator'],
  ] as const)('is asked for %s', async (_, cidrs, facts, role) => {
    const { connect } = create(cidrs)
    await expect(connect(await createDevice(), { token: SECRET }, { role, facts: { ...LAN, ...facts } })).rejects.toEqual(refusedWith('PAIRING_REQUIRED'))
  })
})

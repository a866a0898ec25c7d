// Who gets in as what: modes, credentials, where a connection comes from, and what is known of its device.

import { beforeAll, describe, expect, it } from 'vitest'
import type { Client, Credentials } from '../../../src/protocol/connect.ts'
import { GatewayError } from '../../../src/protocol/errors.ts'
import { expandScopes, SCOPES, type Role, type Scope } from '../../../src/protocol/scopes.ts'
import { createAuthMode, type AuthSettings } from '../../../src/services/identity/auth-modes.ts'
import { createAuth, type AuthRequest } from '../../../src/services/identity/auth.ts'
import type { Facts } from '../../../src/services/identity/connections.ts'
import { createDevices } from '../../../src/services/identity/devices.ts'
import { BACKEND } from '../../harness/client.ts'
import { createDevice, deviceParams, type Device } from '../../harness/device.ts'
import { foundation } from '../../harness/foundation.ts'

const SECRET = 'the secret of the tests'
const TOKEN: AuthSettings = { mode: 'token', secret: SECRET }
const PASSWORD: AuthSettings = { mode: 'password', secret: SECRET }
const NONE: AuthSettings = { mode: 'none' }

/** On this machine; a page of this machine; somewhere else. */
const DIRECT: Facts = { address: '127.0.0.1', direct: true, host: 'localhost', origin: null }
const PAGE: Facts = { ...DIRECT, origin: 'http://localhost' }
const REMOTE: Facts = { address: '203.0.113.7', direct: false, host: 'gateway.example', origin: null }

const CLI: Client = { id: 'cli', version: '1', platform: 'linux', mode: 'cli' }
const MAC: Client = { id: 'openclaw-macos', version: '1', platform: 'macos', mode: 'ui' }

function create(settings: AuthSettings = TOKEN, autoApproveLocal = true) {
  const base = foundation()
  const devices = createDevices(base)
  let current = settings
  const auth = createAuth({ mode: () => createAuthMode(current), devices, clock: base.clock, autoApproveLocal: () => autoApproveLocal })
  return { ...base, devices, auth, setMode: (next: AuthSettings) => void (current = next) }
}

type Created = ReturnType<typeof create>

const request = (changes: Partial<AuthRequest> = {}): AuthRequest => ({
  client: CLI,
  role: 'operator',
  scopes: ['operator.read'],
  credentials: { token: SECRET },
  nonce: 'a nonce',
  facts: DIRECT,
  ...changes,
})

interface DeviceAttempt {
  readonly auth?: Credentials
  readonly role?: Role
  readonly scopes?: readonly string[]
  readonly facts?: Facts
  readonly nonce?: string
}

/** Connects as a device, with a proof that is right unless `nonce` says that the challenge was another. */
async function attempt({ auth, clock }: Created, device: Device, choice: DeviceAttempt = {}) {
  const { auth: credentials = { token: SECRET }, role = 'operator', scopes = ['operator.read'], facts = DIRECT, nonce = 'a nonce' } = choice
  const { token, deviceToken } = credentials
  const given = { ...(token !== undefined && { token }), ...(deviceToken !== undefined && { deviceToken }) }
  const params = await deviceParams(device, { nonce: 'a nonce', ts: clock.now() }, { auth: given, role, scopes })
  const proof = params.device as unknown as NonNullable<AuthRequest['device']>
  return auth.connect({ client: params.client, role, scopes, credentials, device: proof, nonce, facts })
}

/** What the refusal says in its details. */
async function refusal(work: Promise<unknown>): Promise<{ code: string; details: Record<string, unknown>; message: string }> {
  const error = await work.then(
    () => new Error('it was let in'),
    (caught: unknown) => caught,
  )
  if (!(error instanceof GatewayError)) throw error
  return { code: error.code, details: { ...error.options.details }, message: error.message }
}

describe('without a device', () => {
  it.each([
    ['a program with the token', TOKEN, { token: SECRET }, DIRECT, CLI, 'operator', ['operator.read']],
    ['from anywhere', TOKEN, { token: SECRET }, REMOTE, BACKEND, 'operator', ['operator.read']],
    ['with the password', PASSWORD, { password: SECRET }, REMOTE, CLI, 'operator', ['operator.read']],
    ['with nothing, on this machine, where nothing is asked for', NONE, {}, DIRECT, CLI, 'local', ['operator.read']],
    ['any other client: no scopes', TOKEN, { token: SECRET }, DIRECT, MAC, 'operator', []],
    ['a program in a mode that is not its own: no scopes', TOKEN, { token: SECRET }, DIRECT, { ...CLI, mode: 'ui' as const }, 'operator', []],
  ])('%s', async (_, settings, credentials, facts, client, principalId, scopes) => {
    const { auth } = create(settings)
    expect(await auth.connect(request({ credentials, facts, client }))).toEqual({ principalId, role: 'operator', scopes })
  })

  it.each([
    ['a wrong token', TOKEN, { token: 'wrong' }, DIRECT, 'operator', 'AUTH_TOKEN_MISMATCH'],
    ['a wrong password', PASSWORD, { password: 'wrong' }, DIRECT, 'operator', 'AUTH_TOKEN_MISMATCH'],
    ['nothing', TOKEN, {}, DIRECT, 'operator', 'DEVICE_IDENTITY_REQUIRED'],
    ['nothing, from elsewhere, where nothing is asked for here', NONE, {}, { ...DIRECT, direct: false }, 'operator', 'DEVICE_IDENTITY_REQUIRED'],
    ['a node', TOKEN, { token: SECRET }, DIRECT, 'node', 'DEVICE_IDENTITY_REQUIRED'],
    ['a device token alone', TOKEN, { deviceToken: SECRET }, DIRECT, 'operator', 'DEVICE_IDENTITY_REQUIRED'],
  ] as const)('refuses %s', async (_, settings, credentials, facts, role, code) => {
    const { auth } = create(settings)
    const { details, message } = await refusal(auth.connect(request({ credentials, facts, role })))
    expect(details['code']).toBe(code)
    expect(message).not.toContain(SECRET)
  })

  it('grants what was asked for and exists, once, in the order asked for', async () => {
    const { auth } = create()
    const scopes = ['operator.write', 'operator.invented', 'operator.read', 'operator.write', 'node.anything', '']
    expect((await auth.connect(request({ scopes }))).scopes).toEqual(['operator.write', 'operator.read'])
  })

  it('grants everything to a program that names no scopes, and nothing to one that names none of ours', async () => {
    const { auth } = create()
    expect((await auth.connect(request({ scopes: null }))).scopes).toEqual(SCOPES)
    expect((await auth.connect(request({ scopes: [] }))).scopes).toEqual([])
  })
})

describe('a device with the secret', () => {
  let device: Device
  beforeAll(async () => {
    device = await createDevice()
  })

  it('is paired without asking on its own machine, and gets a token', async () => {
    const created = create()
    const granted = await attempt(created, device, { scopes: ['operator.write'] })
    expect(granted).toEqual({
      principalId: `device:${device.id}`,
      role: 'operator',
      scopes: ['operator.write'],
      deviceId: device.id,
      deviceToken: expect.stringMatching(/^[\w-]{43}$/),
      issuedAtMs: created.clock.now(),
    })
    expect(created.devices.list().paired).toEqual([expect.objectContaining({ deviceId: device.id, approvedVia: 'silent', clientId: 'gateway-client' })])
  })

  it('may have more later on its own machine, and keeps what it had when it asks for less', async () => {
    const created = create()
    await attempt(created, device, { scopes: ['operator.read'] })
    await attempt(created, device, { scopes: ['operator.admin'] })
    expect((await attempt(created, device, { scopes: [] })).scopes).toEqual([])
    expect(created.devices.grantOf(device.id, 'operator')).toEqual(['operator.admin', 'operator.read'])
  })

  it('must be approved from elsewhere, for what it asks', async () => {
    const created = create()
    const wish = { facts: REMOTE, scopes: ['operator.read', 'operator.invented'] }
    const { code, details, message } = await refusal(attempt(created, device, wish))
    expect(code).toBe('NOT_PAIRED')
    expect(details).toEqual({ code: 'PAIRING_REQUIRED', requestId: expect.any(String), recommendedNextStep: 'wait_then_retry' })
    expect(message).toContain(String(details['requestId']))
    expect(created.devices.list()).toMatchObject({
      pending: [{ requestId: details['requestId'], deviceId: device.id, scopes: ['operator.read'], role: 'operator', remoteIp: REMOTE.address }],
      paired: [],
    })
    approve(created, details['requestId'])
    expect(await attempt(created, device, wish)).toMatchObject({ scopes: ['operator.read'], deviceId: device.id })
  })

  it('must be approved again for more', async () => {
    const created = create()
    const first = await refusal(attempt(created, device, { facts: REMOTE }))
    approve(created, first.details['requestId'])
    const { details } = await refusal(attempt(created, device, { facts: REMOTE, scopes: ['operator.admin'] }))
    expect(details['code']).toBe('PAIRING_REQUIRED')
    expect(created.devices.grantOf(device.id, 'operator')).toEqual(['operator.read'])
  })

  it('need not be approved again for what is implied', async () => {
    const created = create()
    await attempt(created, device, { scopes: ['operator.write'] })
    expect((await attempt(created, device, { facts: REMOTE, scopes: ['operator.read', 'operator.talk'] })).scopes).toEqual(['operator.read', 'operator.talk'])
  })

  it('is not paired when it is a page of this machine: it acts with the secret', async () => {
    const created = create()
    expect(await attempt(created, device, { facts: PAGE, scopes: ['operator.admin'] })).toEqual({
      principalId: 'operator',
      role: 'operator',
      scopes: ['operator.admin'],
    })
    expect(created.devices.list()).toEqual({ pending: [], paired: [] })
  })

  it('is not paired without asking where the configuration says so', async () => {
    const created = create(TOKEN, false)
    expect(await attempt(created, device)).toMatchObject({ principalId: 'operator' })
    const { details } = await refusal(attempt(created, device, { role: 'node', scopes: [] }))
    expect(details['code']).toBe('PAIRING_REQUIRED')
    expect(created.devices.list()).toMatchObject({ pending: [{ role: 'node' }], paired: [] })
  })

  it('is paired where nothing is asked for, as whoever it is', async () => {
    const created = create(NONE)
    expect(await attempt(created, device, { auth: {} })).toMatchObject({ principalId: `device:${device.id}` })
  })

  it('has no scopes as a node, whatever it asks for', async () => {
    const created = create()
    expect(await attempt(created, device, { role: 'node', scopes: ['operator.admin'] })).toMatchObject({ role: 'node', scopes: [] })
    expect(created.devices.grantOf(device.id, 'node')).toEqual([])
    expect(created.devices.grantOf(device.id, 'operator')).toBeNull()
  })

  it('is nobody when its proof is wrong, secret or not', async () => {
    const created = create()
    const { details } = await refusal(attempt(created, device, { nonce: 'the nonce of another connection' }))
    expect(details['code']).toBe('DEVICE_AUTH_NONCE_MISMATCH')
    expect(created.devices.list()).toEqual({ pending: [], paired: [] })
  })
})

describe('a device without the secret', () => {
  let device: Device
  let other: Device
  beforeAll(async () => {
    ;[device, other] = await Promise.all([createDevice(), createDevice()])
  })

  async function paired(scopes: readonly string[] = ['operator.write'], role: Role = 'operator') {
    const created = create()
    const { deviceToken } = await attempt(created, device, { scopes, role })
    return { created, deviceToken: deviceToken! }
  }

  it.each(['deviceToken', 'token'] as const)('gets in by its own token, as %s, from anywhere', async (field) => {
    const { created, deviceToken } = await paired()
    const granted = await attempt(created, device, { auth: { [field]: deviceToken }, facts: REMOTE, scopes: ['operator.write', 'operator.read'] })
    expect(granted).toEqual({ principalId: `device:${device.id}`, role: 'operator', scopes: ['operator.write', 'operator.read'], deviceId: device.id })
  })

  it('gets in by its key alone, as long as its access was not taken back', async () => {
    const { created } = await paired()
    expect(await attempt(created, device, { auth: {}, facts: REMOTE })).toMatchObject({ deviceId: device.id })
    expect(await attempt(created, device, { auth: { token: '' }, facts: REMOTE })).toMatchObject({ deviceId: device.id })
  })

  it('gets in by its token beside a wrong secret', async () => {
    const { created, deviceToken } = await paired()
    expect(await attempt(created, device, { auth: { token: 'wrong', deviceToken }, facts: REMOTE })).toMatchObject({ deviceId: device.id })
  })

  it('has what was approved when it names no scopes', async () => {
    const { created, deviceToken } = await paired(['operator.write', 'operator.pairing'])
    const { auth, clock } = created
    const params = await deviceParams(device, { nonce: 'a nonce', ts: clock.now() }, { auth: { deviceToken }, scopes: [] })
    const proof = params.device as unknown as NonNullable<AuthRequest['device']>
    const granted = await auth.connect(request({ client: params.client, scopes: null, credentials: { deviceToken }, device: proof, facts: REMOTE }))
    expect(granted.scopes).toEqual(['operator.pairing', 'operator.write'])
  })

  it('gets no more than was approved', async () => {
    const { created, deviceToken } = await paired(['operator.read'])
    const { details } = await refusal(attempt(created, device, { auth: { deviceToken }, scopes: ['operator.read', 'operator.write'], facts: DIRECT }))
    expect(details).toEqual({ code: 'AUTH_SCOPE_MISMATCH', approvedScopes: ['operator.read'] })
  })

  it.each([
    ['nothing, unknown', { auth: {} }, 'AUTH_TOKEN_MISSING', false],
    ['a token of no one, unknown', { auth: { token: 'x' } }, 'AUTH_TOKEN_MISMATCH', false],
    ['a device token of no one', { auth: { deviceToken: 'x' } }, 'AUTH_DEVICE_TOKEN_MISMATCH', false],
  ] as const)('is refused with %s', async (_, choice, code, retry) => {
    const { created } = await paired()
    const { details } = await refusal(attempt(created, other, choice))
    expect(details).toMatchObject({ code, canRetryWithDeviceToken: retry })
  })

  it('is told that its own token would do, when the secret is wrong', async () => {
    const { created } = await paired()
    const { details } = await refusal(attempt(created, device, { auth: { token: 'wrong' } }))
    expect(details).toMatchObject({ code: 'AUTH_TOKEN_MISMATCH', canRetryWithDeviceToken: true, recommendedNextStep: 'retry_with_device_token' })
  })

  it('is refused with the token of another device, or of another role', async () => {
    const { created, deviceToken } = await paired()
    await attempt(created, other)
    expect((await refusal(attempt(created, other, { auth: { deviceToken } }))).details['code']).toBe('AUTH_DEVICE_TOKEN_MISMATCH')
    expect((await refusal(attempt(created, device, { auth: { deviceToken }, role: 'node', scopes: [] }))).details['code']).toBe('AUTH_DEVICE_TOKEN_MISMATCH')
  })

  it('is refused with its token when its proof is wrong', async () => {
    const { created, deviceToken } = await paired()
    const { details } = await refusal(attempt(created, device, { auth: { deviceToken }, nonce: 'another' }))
    expect(details['code']).toBe('DEVICE_AUTH_NONCE_MISMATCH')
  })
})

describe('a bearer', () => {
  const HEADERS: readonly (readonly [what: string, header: string | null, isRight: boolean])[] = [
    ['the right one', `Bearer ${SECRET}`, true],
    ['in other letters', `bearer ${SECRET}`, true],
    ['with blanks', `BEARER   ${SECRET}  `, true],
    ['none', null, false],
    ['an empty one', '', false],
    ['a scheme alone', 'Bearer ', false],
    ['no scheme', SECRET, false],
    ['another scheme', `Basic ${SECRET}`, false],
    ['two schemes', `Bearer Bearer ${SECRET}`, false],
    ['a wrong one', 'Bearer wrong', false],
    ['more than it', `Bearer ${SECRET}, Bearer x`, false],
  ]

  for (const settings of [TOKEN, PASSWORD]) {
    it.each(HEADERS)(`in mode ${settings.mode}: %s`, (_, header, isRight) => {
      const { auth } = create(settings)
      const get = () => auth.bearer(header, REMOTE)
      if (isRight) expect(get()).toEqual({ id: 'operator', role: 'operator', scopes: new Set(SCOPES) })
      else expect(get).toThrow(expect.objectContaining({ code: 'UNAUTHORIZED', options: { code: 'invalid_api_key' } }))
    })
  }

  it('is not asked for on this machine in mode none, and does not help elsewhere', () => {
    const { auth } = create(NONE)
    for (const header of [null, 'Bearer anything', `Bearer ${SECRET}`]) {
      expect(auth.bearer(header, DIRECT)).toMatchObject({ id: 'local' })
      expect(() => auth.bearer(header, REMOTE)).toThrow(GatewayError)
    }
  })

  it('says whether one is missing or wrong, and never which would be right', () => {
    const { auth } = create()
    expect(() => auth.bearer(null, DIRECT)).toThrow(/^missing API key/)
    expect(() => auth.bearer('Bearer nonsense', DIRECT)).toThrow(/^incorrect API key: (?!.*nonsense)/)
  })
})

it('checks by the mode that is set now', async () => {
  const { auth, setMode } = create(TOKEN)
  expect(auth.mode).toBe('token')
  setMode({ mode: 'password', secret: 'another' })
  expect(auth.mode).toBe('password')
  expect((await refusal(auth.connect(request()))).details['code']).toBe('AUTH_TOKEN_MISMATCH')
  setMode(NONE)
  expect((await auth.connect(request({ credentials: {} }))).principalId).toBe('local')
})

function approve({ devices }: Created, requestId: unknown) {
  const scopes: readonly Scope[] = ['operator.admin']
  devices.approve(String(requestId), { id: 'operator', role: 'operator', scopes: expandScopes(scopes) })
}

// Devices: signatures, silent approval on this machine, pairing from elsewhere, device tokens.

import { expect, it } from 'vitest'
import type { Client, Data, Frame } from '../harness/client.ts'
import { connectDevice, createDevice, type Device, type DeviceChoice } from '../harness/device.ts'
import type { Reach, Target } from './target.ts'

export function deviceCases(at: Reach, get: () => Target): void {
  const attempt = async (device: Device, choice: DeviceChoice = {}): Promise<{ client: Client; answer: Frame }> => {
    const client = await at.open()
    return { client, answer: await connectDevice(client, device, choice) }
  }
  const withToken = (choice: DeviceChoice = {}): DeviceChoice => ({ auth: { token: get().token }, ...choice })

  /** A device that is paired, however that is done here; and its token. */
  async function paired(choice: DeviceChoice = {}): Promise<{ device: Device; deviceToken: string }> {
    const device = await createDevice()
    const first = await attempt(device, withToken(choice))
    if (first.answer.ok) return { device, deviceToken: first.answer.payload.auth.deviceToken }
    const { client: admin } = await at.join()
    await admin.call('device.pair.approve', { requestId: first.answer.error!.details.requestId })
    const second = await attempt(device, withToken(choice))
    return { device, deviceToken: second.answer.payload.auth.deviceToken }
  }

  it('pairs silently on its own machine, and asks elsewhere', async () => {
    const device = await createDevice()
    const { client: admin } = await at.join()
    const { answer, client } = await attempt(device, withToken())
    if (get().local) {
      expect(answer.payload.auth).toMatchObject({ role: 'operator', scopes: ['operator.read', 'operator.write'] })
      expect(answer.payload.auth.deviceToken.length).toBeGreaterThan(20)
      expect(await admin.event('device.pair.resolved', (payload) => payload.deviceId === device.id)).toMatchObject({ decision: 'approved' })
      return
    }
    expect(answer.error).toMatchObject({ code: 'NOT_PAIRED', details: { code: 'PAIRING_REQUIRED', recommendedNextStep: 'wait_then_retry' } })
    expect((await client.closed).code).toBe(1008)
    const requested = await admin.event('device.pair.requested', (payload) => payload.deviceId === device.id)
    expect(requested.requestId).toBe(answer.error!.details.requestId)
  })

  it('lists, approves and rejects requests', async () => {
    const { client: admin } = await at.join()
    const { device } = await paired()
    const { paired: rows } = await admin.call('device.pair.list', {})
    expect(rows.find((row: { deviceId: string }) => row.deviceId === device.id)).toMatchObject({ role: 'operator', publicKey: device.publicKey })
    const { error } = await admin.request('device.pair.approve', { requestId: 'nothing' })
    expect(error!.message).toContain('unknown or expired pairing request')
    if (get().local) return
    const other = await createDevice()
    const refused = await attempt(other, withToken())
    const { requestId } = refused.answer.error!.details
    expect(await admin.call('device.pair.reject', { requestId })).toEqual({ requestId, deviceId: other.id })
    expect((await admin.request('device.pair.approve', { requestId })).ok).toBe(false)
  })

  it('accepts signatures of versions 3 and 2', async () => {
    const { device } = await paired()
    for (const signature of ['v3', 'v2'] as const) {
      const { answer } = await attempt(device, withToken({ signature }))
      expect(answer.ok, signature).toBe(true)
    }
  })

  it('lets a device in by its own token, without the secret', async () => {
    const { device, deviceToken } = await paired()
    const { answer, client } = await attempt(device, { auth: { deviceToken } })
    expect(answer.payload.auth.scopes).toEqual(['operator.read', 'operator.write'])
    expect(await client.call('health')).toMatchObject({ ok: true })
  })

  it('does not widen the scopes of a device token', async () => {
    const { device, deviceToken } = await paired({ scopes: ['operator.read'] })
    const { answer } = await attempt(device, { auth: { deviceToken }, scopes: ['operator.read', 'operator.admin'] })
    expect(answer.error).toMatchObject({ details: { code: 'AUTH_SCOPE_MISMATCH' } })
  })

  it('refuses the token of another device', async () => {
    const { deviceToken } = await paired()
    const other = await createDevice()
    const { answer } = await attempt(other, { auth: { deviceToken } })
    expect(answer.error).toMatchObject({ details: { code: 'AUTH_DEVICE_TOKEN_MISMATCH' } })
  })

  const forgeries: readonly (readonly [what: string, code: string, choice: (other: Device) => DeviceChoice])[] = [
    ['a signature of other bytes', 'DEVICE_AUTH_SIGNATURE_INVALID', () => ({ tamper: (proof) => ({ ...proof, signature: 'AAAA' }) })],
    ['the nonce of another connection', 'DEVICE_AUTH_NONCE_MISMATCH', () => ({ tamper: (proof) => ({ ...proof, nonce: crypto.randomUUID() }) })],
    ['a signature of long ago', 'DEVICE_AUTH_SIGNATURE_EXPIRED', () => ({ signedAt: Date.now() - 600_000 })],
    ['a signature of the future', 'DEVICE_AUTH_SIGNATURE_EXPIRED', () => ({ signedAt: Date.now() + 600_000 })],
    ['the id of another device', 'DEVICE_AUTH_DEVICE_ID_MISMATCH', (other) => ({ tamper: (proof) => ({ ...proof, id: other.id }) })],
    ['the key of another device', 'DEVICE_AUTH_SIGNATURE_INVALID', (other) => ({ tamper: (proof) => ({ ...proof, id: other.id, publicKey: other.publicKey }) })],
    ['a key that is none', 'DEVICE_AUTH_PUBLIC_KEY_INVALID', () => ({ tamper: (proof) => ({ ...proof, publicKey: '!' }) })],
  ]
  for (const [what, code, choice] of forgeries) {
    it(`refuses ${what}`, async () => {
      const [device, other] = await Promise.all([createDevice(), createDevice()])
      const { answer, client } = await attempt(device, withToken(choice(other)))
      expect(answer.error?.details).toMatchObject({ code })
      expect((await client.closed).code).toBe(1008)
    })
  }

  it('refuses a proof that was made for another connection', async () => {
    const device = await createDevice()
    const [first, second] = [await at.open(), await at.open()]
    const challenge = await first.event('connect.challenge')
    await second.event('connect.challenge')
    const { deviceParams } = await import('../harness/device.ts')
    const { error } = await second.request('connect', await deviceParams(device, challenge, withToken()))
    expect(error!.details).toMatchObject({ code: 'DEVICE_AUTH_NONCE_MISMATCH' })
  })

  it('connects a node, which may not call what operators call', async () => {
    const node: DeviceChoice = { role: 'node', scopes: [], client: { id: 'node-host', mode: 'node' } }
    const { device } = await paired(node)
    const { answer, client } = await attempt(device, withToken(node))
    expect(answer.payload.auth).toMatchObject({ role: 'node', scopes: [] })
    expect(await client.call('health')).toMatchObject({ ok: true })
    expect((await client.request('sessions.list', {})).error!.message).toBe('unauthorized role: node')
    expect((await client.request('no.such.method')).error!.message).toBe('unauthorized role: node')
  })

  // --- what is done with paired devices ---

  const rowOf = async (client: Client, device: Device): Promise<Data> =>
    (await client.call('device.pair.list', {})).paired.find((row: Data) => row.deviceId === device.id)
  /** Connected as this device, by its own token. */
  async function connected({ device, deviceToken }: { device: Device; deviceToken: string }, scopes: readonly string[]): Promise<Client> {
    const { client, answer } = await attempt(device, { auth: { deviceToken }, scopes })
    expect(answer.ok, JSON.stringify(answer.error)).toBe(true)
    return client
  }
  const PAIRING = ['operator.pairing']
  const BOTH = ['operator.pairing', 'operator.read']

  it('removes a device: its tokens are dead, and its sockets are closed', async () => {
    const known = await paired()
    const { client: admin } = await at.join()
    const own = await connected(known, ['operator.read'])
    expect(await rowOf(admin, known.device)).toMatchObject({ connected: true, tokens: [{ role: 'operator', scopes: ['operator.read', 'operator.write'] }] })
    expect(await admin.call('device.pair.remove', { deviceId: known.device.id })).toEqual({ deviceId: known.device.id })
    expect(await own.closed).toEqual({ code: 4001, reason: 'device removed' })
    expect(await rowOf(admin, known.device)).toBeUndefined()
    const { answer } = await attempt(known.device, { auth: { deviceToken: known.deviceToken } })
    expect(answer.error!.details).toMatchObject({ code: 'AUTH_DEVICE_TOKEN_MISMATCH' })
    expect((await admin.request('device.pair.remove', { deviceId: known.device.id })).error).toMatchObject({ code: 'INVALID_REQUEST', message: 'unknown deviceId' })
  })

  it('renames a device, and tells operators', async () => {
    const { device } = await paired()
    const { client: admin } = await at.join()
    expect(await admin.call('device.pair.rename', { deviceId: device.id, label: '  Desk ' })).toEqual({ deviceId: device.id, label: 'Desk' })
    expect(await admin.event('device.pair.changed')).toEqual({})
    expect(await rowOf(admin, device)).toMatchObject({ operatorLabel: 'Desk' })
    expect((await admin.request('device.pair.rename', { deviceId: device.id, label: ' ' })).error!.message).toBe('label required')
    expect((await admin.request('device.pair.rename', { deviceId: 'nobody', label: 'x' })).error!.message).toBe('unknown deviceId')
    expect((await admin.request('device.pair.rename', { deviceId: device.id, label: 'x'.repeat(65) })).error!.message).toContain('at /label')
  })

  it('rotates a token: the old one is dead, and the new one is told to the device alone', async () => {
    const known = await paired({ scopes: BOTH })
    const { client: admin } = await at.join()
    const own = await connected(known, BOTH)
    const rotated = await own.call('device.token.rotate', { deviceId: known.device.id, role: 'operator' })
    expect(rotated).toMatchObject({ deviceId: known.device.id, role: 'operator', scopes: BOTH, tokenDelivery: 'in-band' })
    expect((await own.closed).code).toBe(4001)
    const { answer } = await attempt(known.device, { auth: { deviceToken: known.deviceToken }, scopes: BOTH })
    expect(answer.error!.details).toMatchObject({ code: 'AUTH_DEVICE_TOKEN_MISMATCH' })
    await connected({ ...known, deviceToken: rotated.token }, BOTH)
    const byOther = await admin.call('device.token.rotate', { deviceId: known.device.id, role: 'operator' })
    expect(byOther).toMatchObject({ tokenDelivery: 'withheld-cross-device' })
    expect(byOther.token).toBeUndefined()
  })

  it('narrows a token when it is rotated, and widens none', async () => {
    const known = await paired({ scopes: ['operator.read', 'operator.write', 'operator.pairing'] })
    const own = await connected(known, ['operator.read', 'operator.write', 'operator.pairing'])
    const rotate = (client: Client, scopes: readonly string[]) => client.request('device.token.rotate', { deviceId: known.device.id, role: 'operator', scopes })
    for (const wider of [['operator.admin'], ['operator.approvals'], ['no.such.scope']]) {
      expect((await rotate(own, wider)).error, wider[0]!).toMatchObject({ code: 'INVALID_REQUEST', message: 'device token rotation denied' })
    }
    const { payload } = await rotate(own, ['operator.read'])
    expect(payload.scopes).toEqual(['operator.read'])
    const { answer } = await attempt(known.device, { auth: { deviceToken: payload.token }, scopes: ['operator.write'] })
    expect(answer.error!.details).toMatchObject({ code: 'AUTH_SCOPE_MISMATCH' })
    const { answer: keyOnly } = await attempt(known.device, { scopes: ['operator.read', 'operator.write'] })
    expect(keyOnly.ok).toBe(false)
  })

  it('rotates nothing that the caller does not hold itself', async () => {
    const strong = await paired({ scopes: ['operator.admin'] })
    const { client: weak } = await at.join({ scopes: PAIRING })
    for (const params of [{}, { scopes: ['operator.admin'] }, { scopes: ['operator.read'] }]) {
      const { error } = await weak.request('device.token.rotate', { deviceId: strong.device.id, role: 'operator', ...params })
      expect(error!.message).toBe('device token rotation denied')
    }
    for (const target of [{ deviceId: 'nobody', role: 'operator' }, { deviceId: strong.device.id, role: 'node' }, { deviceId: strong.device.id, role: 'other' }]) {
      const { client: admin } = await at.join()
      expect((await admin.request('device.token.rotate', target)).error!.message).toBe('device token rotation denied')
    }
  })

  it('revokes a token: the device needs a new approval', async () => {
    const known = await paired()
    const { client: admin } = await at.join()
    const own = await connected(known, ['operator.read'])
    const revoked = await admin.call('device.token.revoke', { deviceId: known.device.id, role: 'operator' })
    expect(revoked).toMatchObject({ deviceId: known.device.id, role: 'operator', revokedAtMs: expect.any(Number) })
    expect((await own.closed).code).toBe(4001)
    expect(await rowOf(admin, known.device)).toMatchObject({ tokens: [{ role: 'operator', revokedAtMs: revoked.revokedAtMs }] })
    for (const auth of [{ deviceToken: known.deviceToken }, {}]) {
      const { answer } = await attempt(known.device, { auth, scopes: ['operator.read'] })
      expect(answer.ok).toBe(false)
    }
    const { answer } = await attempt(known.device, withToken())
    if (get().local) expect(answer.ok).toBe(true)
    else expect(answer.error!.details).toMatchObject({ code: 'PAIRING_REQUIRED' })
    for (const target of [{ deviceId: known.device.id, role: 'node' }, { deviceId: 'nobody', role: 'operator' }]) {
      expect((await admin.request('device.token.revoke', target)).error!.message).toBe('device token revocation denied')
    }
  })

  it('lets a device that is no admin touch itself alone', async () => {
    const [first, second] = [await paired({ scopes: PAIRING }), await paired({ scopes: ['operator.read'] })]
    const own = await connected(first, PAIRING)
    const other = { deviceId: second.device.id }
    for (const [method, params, message] of [
      ['device.pair.remove', {}, 'device pairing removal denied'],
      ['device.pair.rename', { label: 'x' }, 'device pairing rename denied'],
      ['device.token.rotate', { role: 'operator' }, 'device token rotation denied'],
      ['device.token.revoke', { role: 'operator' }, 'device token revocation denied'],
    ] as const) {
      expect((await own.request(method, { ...other, ...params })).error!.message, method).toBe(message)
    }
    expect((await own.request('device.pair.approve', { requestId: 'nothing' })).error!.message).toBe('device pairing approval denied')
    expect((await own.request('device.pair.reject', { requestId: 'nothing' })).error!.message).toBe('device pairing rejection denied')
    const { paired: rows } = await own.call('device.pair.list', {})
    expect(rows.map((row: Data) => row.deviceId)).toEqual([first.device.id])
    expect(await own.call('device.pair.rename', { deviceId: first.device.id, label: 'mine' })).toMatchObject({ label: 'mine' })
    expect(await own.call('device.pair.remove', { deviceId: first.device.id })).toEqual({ deviceId: first.device.id })
    expect((await own.closed).code).toBe(4001)
  })

  // --- setup codes ---

  const decode = (setupCode: string): Data => JSON.parse(Buffer.from(setupCode, 'base64url').toString())
  const makeCode = async (admin: Client, params: Data = {}): Promise<Data> => {
    const made = await admin.call('device.pair.setupCode', { publicUrl: 'wss://gateway.example', includeQr: false, ...params })
    return { ...made, ...decode(made.setupCode) }
  }
  const PHONE = { id: 'openclaw-ios', mode: 'node', platform: 'iOS 18', deviceFamily: 'iPhone', displayName: 'Phone' }
  const asPhone = (bootstrapToken: string, choice: DeviceChoice = {}): DeviceChoice => ({ role: 'node', scopes: [], client: PHONE, auth: { bootstrapToken }, ...choice })

  it('makes a setup code, with a picture of it', async () => {
    const { client: admin } = await at.join()
    const made = await admin.call('device.pair.setupCode', { publicUrl: 'https://gateway.example/path/', bootstrapProfile: 'limited' })
    expect(made).toMatchObject({ gatewayUrl: 'wss://gateway.example/path/', auth: 'token', urlSource: 'request.publicUrl', access: 'limited' })
    expect(decode(made.setupCode)).toEqual({ url: made.gatewayUrl, bootstrapToken: expect.any(String), expiresAtMs: made.expiresAtMs })
    expect(made.qrDataUrl).toMatch(/^data:image\/png;base64,iVBORw0KGgo/)
    expect(made.expiresAtMs).toBeGreaterThan(Date.now() + 300_000)
  })

  it('names no address that others could listen to, or that is none', async () => {
    const { client: admin } = await at.join()
    for (const publicUrl of ['ws://gateway.example', 'http://10.evil.example', 'ftp://gateway.example', 'wss://a:b@gateway.example', `wss://${'x'.repeat(3000)}`]) {
      expect((await admin.request('device.pair.setupCode', { publicUrl })).error!.code, publicUrl.slice(0, 40)).toBe('INVALID_REQUEST')
    }
    expect((await admin.request('device.pair.setupCode', {})).error!.message).toMatch(/publicUrl/)
    const lan = await admin.call('device.pair.setupCode', { publicUrl: 'ws://192.168.1.5:18789', includeQr: false })
    expect(lan).toMatchObject({ access: 'limited', accessDowngraded: true })
  })

  it('makes setup codes for admins alone', async () => {
    const { client } = await at.join({ scopes: ['operator.pairing', 'operator.write'] })
    for (const [method, params] of [['device.pair.setupCode', {}], ['device.pair.setupStatus', { setupId: 'x' }]] as const) {
      expect((await client.request(method, params)).error).toMatchObject({ code: 'FORBIDDEN', details: { missingScope: 'operator.admin' } })
    }
  })

  it('pairs a phone by a setup code: as a node, and as an operator with what the code gives', async () => {
    const { client: admin } = await at.join()
    const code = await makeCode(admin, { bootstrapProfile: 'limited' })
    expect(await admin.call('device.pair.setupStatus', { setupId: code.setupId })).toEqual({})
    const phone = await createDevice()
    const { answer } = await attempt(phone, asPhone(code.bootstrapToken, { more: { caps: ['camera'], commands: ['camera.list'] } }))
    const scopes = ['operator.approvals', 'operator.questions', 'operator.read', 'operator.talk.secrets', 'operator.write']
    expect(answer.payload.auth).toMatchObject({ role: 'node', scopes: [], deviceToken: expect.any(String), deviceTokens: [{ role: 'operator', scopes }] })
    const completion = { setupId: code.setupId, deviceId: phone.id, deviceName: 'Phone', access: 'limited', ts: expect.any(Number) }
    expect(await admin.event('device.pair.setup.completed', (payload) => payload.setupId === code.setupId)).toEqual(completion)
    expect(await admin.call('device.pair.setupStatus', { setupId: code.setupId })).toEqual({ completion })
    const { nodes } = await admin.call('node.list', {})
    expect(nodes.find((row: Data) => row.nodeId === phone.id)).toMatchObject({ approvalState: 'approved', commands: ['camera.list'] })
    const { deviceToken } = answer.payload.auth.deviceTokens[0]
    const { answer: asOperator } = await attempt(phone, { auth: { deviceToken }, scopes: ['operator.write'], client: { ...PHONE, mode: 'ui' } })
    expect(asOperator.payload.auth).toMatchObject({ role: 'operator', scopes: ['operator.write'] })
    const { answer: wider } = await attempt(phone, { auth: { deviceToken }, scopes: ['operator.admin'], client: { ...PHONE, mode: 'ui' } })
    expect(wider.error!.details).toMatchObject({ code: 'AUTH_SCOPE_MISMATCH' })
  })

  it('takes a setup code once, whoever tries at the same time', async () => {
    const { client: admin } = await at.join()
    const code = await makeCode(admin)
    const phones = await Promise.all(Array.from({ length: 10 }, () => createDevice()))
    const answers = await Promise.all(phones.map((phone) => attempt(phone, asPhone(code.bootstrapToken))))
    expect(answers.filter(({ answer }) => answer.ok)).toHaveLength(1)
    const refused = answers.find(({ answer }) => !answer.ok)!
    expect(refused.answer.error!.details).toMatchObject({ code: 'AUTH_BOOTSTRAP_TOKEN_INVALID', authReason: 'bootstrap_token_invalid' })
    expect((await refused.client.closed).code).toBe(1008)
    const winner = phones[answers.findIndex(({ answer }) => answer.ok)]!
    expect((await attempt(winner, asPhone(code.bootstrapToken))).answer.error!.details).toMatchObject({ code: 'AUTH_BOOTSTRAP_TOKEN_INVALID' })
  })

  it('gives by a setup code what its profile says, whatever is asked for', async () => {
    const { client: admin } = await at.join()
    const operator = (bootstrapToken: string): DeviceChoice => asPhone(bootstrapToken, { role: 'operator', client: { ...PHONE, mode: 'ui' }, scopes: ['operator.admin', 'operator.read', 'operator.pairing'] })
    const limited = await makeCode(admin, { bootstrapProfile: 'limited' })
    expect((await attempt(await createDevice(), operator(limited.bootstrapToken))).answer.payload.auth.scopes).toEqual(['operator.read'])
    const node = await makeCode(admin, { bootstrapProfile: 'node' })
    expect((await attempt(await createDevice(), operator(node.bootstrapToken))).answer.error!.details).toMatchObject({ code: 'AUTH_BOOTSTRAP_TOKEN_INVALID' })
    const { answer } = await attempt(await createDevice(), asPhone(node.bootstrapToken, { more: { commands: ['camera.list'] } }))
    expect(answer.payload.auth.deviceTokens).toBeUndefined()
  })

  it('takes no setup code that is made up, or without a device', async () => {
    const { answer } = await attempt(await createDevice(), asPhone('made up'))
    expect(answer.error!.details).toMatchObject({ code: 'AUTH_BOOTSTRAP_TOKEN_INVALID' })
    const client = await at.open()
    await client.event('connect.challenge')
    const { error } = await client.request('connect', { minProtocol: 4, maxProtocol: 4, client: { id: 'cli', version: '1', platform: 'linux', mode: 'cli' }, auth: { bootstrapToken: 'x' } })
    expect(error!.details).toMatchObject({ code: 'DEVICE_IDENTITY_REQUIRED' })
  })
}

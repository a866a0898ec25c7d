// Devices: signatures, silent approval on this machine, pairing from elsewhere, device tokens.

import { expect, it } from 'vitest'
import type { Client, Frame } from '../harness/client.ts'
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
}

// `connect`: what is agreed on, what hello-ok says, and how large the record of a connection can get.

import { describe, expect, it } from 'vitest'
import { helloOk } from '../../src/protocol/connect.ts'
import type { ConnectionRecord } from '../../src/services/identity/connections.ts'
import { BACKEND, connectParams, type Client } from '../harness/client.ts'
import { settled } from '../harness/clock.ts'
import { connectDevice, createDevice, deviceParams } from '../harness/device.ts'
import { holdDisk } from '../harness/foundation.ts'
import { dial, join } from '../harness/peer.ts'
import { startGateway, testPlatform, TOKEN } from '../harness/platform.ts'

const PAGE = { id: 'openclaw-control-ui', mode: 'webchat' } as const
/** What a record may have, with the names of the wire around it. */
const MAX_RECORD_BYTES = 16 * 1024

const sizeOf = (record: unknown): number => Buffer.byteLength(JSON.stringify(record))
const recordOf = (peer: { load(): unknown }): ConnectionRecord => peer.load() as ConnectionRecord

/** The names of what has arrived, answers as `res`. */
const arrivedAt = (client: Client): string[] => client.frames.map((frame) => frame.event ?? 'res')

describe('versions', () => {
  it.each([
    [3, 3, 3],
    [3, 4, 4],
    [4, 4, 4],
    [1, 3, 3],
    [1, 4, 4],
    [4, 99, 4],
    [1, 99, 4],
  ])('%i to %i becomes %i', async (minProtocol, maxProtocol, protocol) => {
    const { gateway } = await startGateway()
    expect((await join(gateway, { more: { minProtocol, maxProtocol } })).hello.protocol).toBe(protocol)
  })

  it.each([
    [1, 2],
    [5, 5],
    [5, 99],
    [4, 3],
    [99, 1],
  ])('%i to %i is refused with 1002', async (minProtocol, maxProtocol) => {
    const { gateway } = await startGateway()
    const { client } = await dial(gateway)
    const { error } = await client.request('connect', connectParams({ token: TOKEN, more: { minProtocol, maxProtocol } }))
    expect(error!.details).toMatchObject({ code: 'PROTOCOL_MISMATCH', clientMinProtocol: minProtocol, clientMaxProtocol: maxProtocol, minimumProbeProtocol: 3 })
    expect(await client.closed).toEqual({ code: 1002, reason: 'protocol mismatch' })
  })
})

describe('hello-ok', () => {
  it('has the published shape, and nothing more', async () => {
    const { gateway } = await startGateway({ platform: { ...testPlatform(), stateDir: '/test/state' }, config: { session: { mainKey: 'Home' } } })
    const { hello } = await join(gateway)
    expect(helloOk.parse(hello)).toEqual(hello)
    expect(hello.snapshot).toMatchObject({ configPath: '/test/openclaw.json', stateDir: '/test/state', appliedConfigHash: expect.stringMatching(/^hmac-sha256:v1:/) })
    expect(hello.snapshot.sessionDefaults).toMatchObject({ mainKey: 'Home', mainSessionKey: 'agent:main:home', modelConfigured: false, ownership: 'sole', scope: 'per-sender' })
    expect(hello.policy).toEqual({
      maxPayload: 25 * 1024 * 1024,
      maxBufferedBytes: 50 * 1024 * 1024,
      tickIntervalMs: 30_000,
      attachments: { maxBytes: 19_464_192, maxImageBytes: 6_291_456 },
    })
  })

  it('is about this connection and this start', async () => {
    const { gateway, clock } = await startGateway()
    const first = await join(gateway)
    await clock.advance(5000)
    const second = await join(gateway)
    expect(first.hello.server.connId).toBe(first.peer.id)
    expect(second.hello.server).toMatchObject({ connId: second.peer.id, bootId: first.hello.server.bootId })
    expect(second.hello.snapshot.uptimeMs - first.hello.snapshot.uptimeMs).toBe(5000)
    const other = await startGateway()
    expect((await join(other.gateway)).hello.server.bootId).not.toBe(first.hello.server.bootId)
  })

  it('promises silence where a tick would keep the gateway awake', async () => {
    const { gateway } = await startGateway({ platform: testPlatform({ hibernates: true }) })
    expect((await join(gateway)).hello.policy.tickIntervalMs).toBe(24 * 60 * 60 * 1000)
  })

  it('has a snapshot and the version that belongs to it', async () => {
    const { gateway, clock } = await startGateway()
    const { client } = await join(gateway)
    const before = (await join(gateway)).hello.snapshot.stateVersion
    await client.call('sessions.create', {})
    await clock.advance(2000)
    const { hello } = await join(gateway)
    expect(hello.snapshot.health.sessions.count).toBe(1)
    expect(hello.snapshot.stateVersion.health).toBe(before.health + 1)
  })

  it('comes before every event, also when looking at the health shows a change', async () => {
    const { gateway, clock } = await startGateway()
    const { client } = await join(gateway)
    await client.call('sessions.create', {})
    await clock.advance(2000)
    const late = await join(gateway)
    await settled()
    expect(arrivedAt(late.client).slice(0, 2)).toEqual(['connect.challenge', 'res'])
  })

  it('comes before every event, also when some wait for the disk', async () => {
    const { gateway, platform } = await startGateway()
    const busy = await join(gateway)
    const { client } = await dial(gateway)
    await settled() // what the start wrote is on disk
    const disk = holdDisk(platform.sql)
    const sent = busy.client.request('chat.send', { sessionKey: 'main', message: 'script:[{"text":"hi"}]', idempotencyKey: 'one' })
    await settled()
    const answered = client.request('connect', connectParams({ token: TOKEN }))
    await disk.reached
    await settled()
    await disk.release()
    await Promise.all([sent, answered, busy.client.ended('one')])
    await settled()
    expect(arrivedAt(client).slice(0, 2)).toEqual(['connect.challenge', 'res'])
  })

  it('comes before every event, and what is told while it waits for the disk comes behind it', async () => {
    const { gateway, platform } = await startGateway()
    const { client } = await dial(gateway)
    await settled() // what the start wrote is on disk
    const disk = holdDisk(platform.sql)
    const answered = connectDevice(client, await createDevice(), { auth: { token: TOKEN } })
    await disk.reached
    await settled()
    const closing = gateway.close('over')
    await settled()
    expect(arrivedAt(client)).toEqual(['connect.challenge'])
    await disk.release()
    expect((await answered).ok).toBe(true)
    await closing
    expect(arrivedAt(client)).toEqual(['connect.challenge', 'res', 'shutdown'])
  })

  it('with a device token waits until that is on disk', async () => {
    const { gateway, platform } = await startGateway()
    const device = await createDevice()
    const { client } = await dial(gateway)
    await settled() // what the start wrote is on disk
    const disk = holdDisk(platform.sql)
    const answered = connectDevice(client, device, { auth: { token: TOKEN } })
    await disk.reached
    await settled()
    expect(arrivedAt(client)).toEqual(['connect.challenge'])
    await disk.release()
    expect((await answered).payload.auth.deviceToken).toMatch(/^[\w-]{43}$/)
  })

  it('is a refusal when the device could not be written', async () => {
    const { gateway, platform } = await startGateway()
    const { client } = await dial(gateway)
    await settled() // what the start wrote is on disk
    const disk = holdDisk(platform.sql)
    const answered = connectDevice(client, await createDevice(), { auth: { token: TOKEN } })
    await disk.reached
    await disk.fail()
    const { error } = await answered
    expect(error).toMatchObject({ code: 'UNAVAILABLE', retryable: true, details: { code: 'STORAGE_FAILED' } })
    expect(JSON.stringify(client.frames)).not.toContain('deviceToken')
    expect((await client.closed).code).toBe(1008)
  })
})

describe('who connects', () => {
  it('as a probe has no scopes, and is not seen', async () => {
    const { gateway } = await startGateway()
    const { hello, client } = await join(gateway, { client: { ...BACKEND, mode: 'probe', instanceId: 'a probe' } })
    expect(hello.auth.scopes).toEqual([])
    expect(hello.snapshot.presence).toHaveLength(1)
    expect((await client.request('status')).error!.details.code).toBe('MISSING_SCOPE')
  })

  it('is seen in the presence of its own hello', async () => {
    const { gateway } = await startGateway()
    const { hello } = await join(gateway, { client: { instanceId: 'mine' } })
    expect(hello.snapshot.presence[1]).toMatchObject({ instanceId: 'mine', scopes: ['operator.admin'] })
  })

  it('from a page that the configuration allows is let in', async () => {
    const { gateway } = await startGateway({ config: { gateway: { controlUi: { allowedOrigins: ['https://app.example'] } } } })
    const headers = { host: '127.0.0.1:18789', origin: 'https://app.example' }
    expect((await join(gateway, { client: PAGE, headers })).hello.type).toBe('hello-ok')
    const { client } = await dial(gateway, { headers: { ...headers, origin: 'https://app.example.evil' } })
    expect((await client.request('connect', connectParams({ token: TOKEN, client: PAGE }))).error!.details.code).toBe('CONTROL_UI_ORIGIN_NOT_ALLOWED')
  })

  it('by the scopes that it sent, those that it did not send, and none', async () => {
    const { gateway } = await startGateway()
    expect((await join(gateway, { scopes: ['operator.read', 'x'] })).hello.auth.scopes).toEqual(['operator.read'])
    expect((await join(gateway, { more: { scopes: undefined } })).hello.auth.scopes).toEqual([]) // JSON leaves it out
    expect((await join(gateway, { scopes: [] })).hello.auth.scopes).toEqual([])
  })

  it('leaves no trace when it goes while it is being checked', async () => {
    const { gateway, clock } = await startGateway()
    const device = await createDevice()
    const { client } = await dial(gateway)
    const challenge = await client.event('connect.challenge')
    client.send({ type: 'req', id: 'a', method: 'connect', params: await deviceParams(device, challenge, { auth: { token: TOKEN } }) })
    client.close()
    // Others that begin later are checked later: once they are in, the first has been checked.
    const others = [await createDevice(), await createDevice()]
    for (const other of others) await connectDevice((await dial(gateway)).client, other, { auth: { token: TOKEN } })
    await clock.advance(1000)
    const { client: admin } = await join(gateway)
    const rows = (await admin.call('system-presence')) as { deviceId?: string }[]
    expect(rows.flatMap(({ deviceId }) => deviceId ?? []).toSorted()).toEqual(others.map(({ id }) => id).toSorted())
    expect(await admin.call('status')).toMatchObject({ connections: 3 })
  })
})

describe('the record', () => {
  const long = (text: string) => text.repeat(300)
  /** A client that says as much of itself as it may. */
  const largest = (text: string) => ({
    client: {
      displayName: long(text),
      version: long(text),
      buildId: text.repeat(Math.floor(96 / text.length)),
      platform: long(text),
      deviceFamily: long(text),
      modelIdentifier: long(text),
      timeZone: text.repeat(Math.floor(64 / text.length)),
      instanceId: long(text),
    },
    more: { caps: Array.from({ length: 64 }, (_, n) => `${n}${text.repeat(100)}`) },
    scopes: ['operator.read', 'operator.write', 'operator.approvals', 'operator.questions', 'operator.pairing', 'operator.talk', 'operator.talk.secrets'],
  })

  it('cuts what a client may say freely', async () => {
    const { gateway } = await startGateway()
    const { peer } = await join(gateway, { client: { displayName: 'n'.repeat(500), instanceId: 'i'.repeat(500) }, more: { caps: ['c'.repeat(500), 'tool-events'] } })
    const { session } = recordOf(peer)
    expect(session!.client).toEqual({ ...BACKEND, displayName: 'n'.repeat(128), instanceId: 'i'.repeat(128) })
    expect(session!.caps).toEqual(['c'.repeat(64), 'tool-events'])
  })

  it.each([
    ['letters', 'x'],
    ['marks that JSON escapes', '"'],
    ['characters of three bytes', '会'],
    ['characters of four', '🦀'],
    ['control characters', '\u0001'],
  ])('fits into 16 KiB for the largest client, in %s', async (_, text) => {
    const { gateway } = await startGateway()
    const { client, peer } = await join(gateway, largest(text))
    for (let n = 0; n < 256; n++) await client.request('sessions.messages.subscribe', { key: `${n}-${'k'.repeat(480)}` })
    expect(recordOf(peer).topics.length).toBeGreaterThan(10)
    expect(sizeOf(peer.load())).toBeLessThanOrEqual(MAX_RECORD_BYTES)
  })

  it('fits into 16 KiB whatever the headers of the upgrade are', async () => {
    const { gateway } = await startGateway()
    const { peer } = await dial(gateway, { address: '192.168.1.9', headers: { host: `${'h'.repeat(12_000)}.example`, origin: `https://${'o'.repeat(12_000)}.example` } })
    expect(sizeOf(peer.load())).toBeLessThanOrEqual(MAX_RECORD_BYTES)
  })
})

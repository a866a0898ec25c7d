// Approvals of whole gateways: one that ends, and one that starts on its database.

import { describe, expect, it } from 'vitest'
import type { Data } from '../harness/client.ts'
import { join } from '../harness/peer.ts'
import { startGateway, testPlatform, type TestPlatform } from '../harness/platform.ts'
import { script, textIn } from '../suites/target.ts'

const APPROVER = { more: { caps: ['approvals'] } }
const KEY = 'agent:main:here'
const CONFIRM = script({ text: 'Asking.' }, { tool: { name: 'gateway_confirm', arguments: { text: 'Shall I?' } } }, { text: 'Went on.' })

/** A gateway with a person before it, on what another one left. */
async function open(platform: TestPlatform = testPlatform()) {
  const { gateway, clock } = await startGateway({ platform })
  const { client } = await join(gateway, APPROVER)
  return { gateway, clock, platform, client }
}

/** The platform of the next process: the same machine, another memory. */
const next = (platform: TestPlatform): TestPlatform => ({ ...testPlatform({ sql: platform.sql, clock: platform.clock, files: platform.files }), secrets: platform.secrets })

describe('over a restart', () => {
  it.each(['kill', 'shutdown'])('goes on with a run that waits, after a %s', async (how) => {
    const before = await open()
    await before.client.call('chat.send', { sessionKey: KEY, message: CONFIRM, idempotencyKey: 'r' })
    const { id } = await before.client.event('plugin.approval.requested')
    if (how === 'shutdown') await before.gateway.close()
    const after = await open(next(before.platform))
    expect(await after.client.call('plugin.approval.list')).toMatchObject([{ id, request: { description: 'Shall I?', runId: 'r' } }])
    expect((await after.client.call('chat.history', { sessionKey: KEY })).inFlightRun).toMatchObject({ runId: 'r' })
    const wait = after.client.call('agent.wait', { runId: 'r', timeoutMs: 60_000 })
    await after.client.call('plugin.approval.resolve', { id, decision: 'allow-once' })
    expect(await wait).toMatchObject({ status: 'ok', terminalReply: { text: 'Asking.\n\nWent on.' } })
    const { messages } = await after.client.call('chat.history', { sessionKey: KEY })
    expect(messages.map((message: Data) => [message.role, textIn(message)])).toEqual([
      ['user', CONFIRM],
      ['assistant', 'Asking.'],
      ['toolResult', '{"decision":"approved"}'],
      ['assistant', 'Went on.'],
    ])
  })

  it('takes up requests of clients, and their alarm', async () => {
    const before = await open()
    const { client: asks } = await join(before.gateway)
    void asks.request('exec.approval.request', { id: 'a', command: 'ls', timeoutMs: 60_000 }).catch(() => {})
    await before.client.event('exec.approval.requested')
    const after = await open(next(before.platform))
    expect(after.platform.alarmAt()).toBe(after.clock.now() + 60_000)
    const wait = after.client.call('exec.approval.waitDecision', { id: 'a' })
    await after.clock.advance(60_000)
    await after.gateway.wake()
    expect(await wait).toMatchObject({ id: 'a', decision: null, terminalReason: 'timeout' })
  })
})

it('forgets approvals after 30 days', async () => {
  const { gateway, platform, client, clock } = await open()
  const { client: asks } = await join(gateway)
  void asks.request('exec.approval.request', { id: 'a', command: 'ls' }).catch(() => {})
  await client.event('exec.approval.requested')
  await client.call('exec.approval.resolve', { id: 'a', decision: 'allow-once' })
  expect((await client.call('approval.history', {})).items).toHaveLength(1)
  await gateway.close()
  await clock.advance(30 * 24 * 60 * 60_000 + 1)
  const after = await open(next(platform))
  expect(await after.client.call('approval.history', {})).toEqual({ items: [] })
})

it('tells the followers of one session though nobody follows all', async () => {
  const { gateway } = await startGateway()
  const [{ client: hears }, { client: acts }] = [await join(gateway), await join(gateway)]
  await acts.call('sessions.create', { key: KEY })
  await hears.call('sessions.messages.subscribe', { key: KEY })
  await acts.call('chat.inject', { sessionKey: KEY, message: 'for you' })
  expect(textIn((await hears.event('session.message')).message)).toBe('for you')
})

it('relays policies of nodes in their own words, and says when it cannot read them', async () => {
  const { gateway } = await startGateway()
  const { client } = await join(gateway)
  const { error } = await client.request('exec.approvals.node.get', { nodeId: 'n' })
  expect(error).toMatchObject({ code: 'UNAVAILABLE', details: { nodeError: { code: 'NOT_CONNECTED' }, nodeCommandDispatched: false } })
})

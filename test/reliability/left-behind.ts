// What a gateway leaves when it dies in the middle of everything: runs of each kind, seen and unseen, queued, waiting for
// a person or for a sub-agent, an invoke of a node, a hook, and a job.

import { connectDevice, createDevice } from '../harness/device.ts'
import { settled } from '../harness/clock.ts'
import { dial, join } from '../harness/peer.ts'
import { startGateway, TOKEN } from '../harness/platform.ts'
import type { TestSql } from '../harness/sql.ts'
import { script } from '../suites/target.ts'

const HOOK_TOKEN = 'token-of-the-hooks'
const HANGS = script({ hang: true })

export const CONFIG = { agents: { defaults: { model: 'builtin/operator' } }, hooks: { enabled: true, token: HOOK_TOKEN } }

/** What is left in each of them is in its name. */
const TURNS: Readonly<Record<string, readonly string[]>> = {
  seen: [script({ text: 'half' }, { hang: true }), script({ text: 'queued' })],
  unseen: [script({ delayMs: 3000 }, { text: 'late' })],
  called: [script({ tool: { name: 'gateway_status' } }, { hang: true })],
  waiting: [script({ tool: { name: 'gateway_confirm', arguments: { text: 'Deploy?' } } }, { text: 'done' })],
  spawning: [script({ tool: { name: 'sessions_spawn', arguments: { task: HANGS } } }, { hang: true })],
}
export const SESSIONS = [...Object.keys(TURNS), 'http'].map((name) => `agent:main:${name}`)

export interface LeftBehind {
  readonly sql: TestSql
  readonly at: number
}

export async function leaveBehind(): Promise<LeftBehind> {
  const { gateway, platform, clock } = await startGateway({ config: CONFIG })
  const { client } = await join(gateway, { more: { caps: ['approvals'] } })
  for (const [name, messages] of Object.entries(TURNS)) {
    for (const [n, message] of messages.entries()) await client.call('chat.send', { sessionKey: `agent:main:${name}`, message, idempotencyKey: `${name} ${n}` })
  }
  const post = (path: string, token: string, body: unknown) => {
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json', 'x-openclaw-session-key': 'agent:main:http' }
    return gateway.fetch(new Request(`http://127.0.0.1:18789${path}`, { method: 'POST', headers, body: JSON.stringify(body) }), { remoteAddress: '127.0.0.1' })
  }
  void post('/v1/chat/completions', TOKEN, { model: 'openclaw', messages: [{ role: 'user', content: HANGS }] })
  await post('/hooks/agent', HOOK_TOKEN, { message: HANGS })
  await client.event('plugin.approval.requested')

  const device = await createDevice()
  const node = { role: 'node', scopes: [], client: { id: 'node-host', mode: 'node' }, auth: { token: TOKEN }, more: { caps: ['location'], commands: ['location.get'] } } as const
  await connectDevice((await dial(gateway)).client, device, node)
  const { pending } = await client.call('node.pair.list', {})
  for (const { requestId } of pending) await client.call('node.pair.approve', { requestId })
  client.send({ type: 'req', id: 'invoke', method: 'node.invoke', params: { nodeId: device.id, command: 'location.get', timeoutMs: 60_000, idempotencyKey: 'invoke' } })

  const job = { name: 'job', sessionTarget: 'isolated', wakeMode: 'now', schedule: { kind: 'every', everyMs: 1000 }, payload: { kind: 'agentTurn', message: HANGS } }
  await client.call('cron.add', job)
  await clock.advance(1000)
  await gateway.wake()
  await settled()
  return { sql: platform.sql.copy(), at: clock.now() }
}

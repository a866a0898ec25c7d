// A whole gateway without a port, as these tests attack it.

import type { GatewayOptions } from '../../src/index.ts'
import type { Client, ConnectChoice, Data } from '../harness/client.ts'
import { approvedNode, type FakeNode, type NodeChoice } from '../harness/node.ts'
import { dial, join } from '../harness/peer.ts'
import { startGateway, TOKEN, type Started, type TestPlatform } from '../harness/platform.ts'
import { script, textIn, type Reach, type Target } from '../suites/target.ts'

export interface Scene extends Started {
  /** Connected with the token of the gateway. */
  join(choice?: ConnectChoice): Promise<Client>
  /** All that it says it can do is approved. */
  node(choice?: NodeChoice): Promise<FakeNode & { admin: Client }>
  /** What the tool answers to a run of this client; the run acts in its name. */
  useTool(client: Client, name: string, args?: unknown): Promise<string>
}

export async function openScene(options: GatewayOptions & { platform?: TestPlatform } = {}): Promise<Scene> {
  const started = await startGateway({ config: { agents: { defaults: { model: 'builtin/operator' } } }, ...options })
  const { gateway } = started
  const at = {
    open: async () => (await dial(gateway)).client,
    join: async (choice: ConnectChoice = {}) => join(gateway, choice),
  } as unknown as Reach
  const target = () => ({ token: TOKEN }) as Target
  return {
    ...started,
    join: async (choice) => (await join(gateway, choice)).client,
    node: (choice) => approvedNode(at, target, choice),
    useTool,
  }
}

async function useTool(client: Client, name: string, args: unknown = {}): Promise<string> {
  const sessionKey = `agent:main:${crypto.randomUUID()}`
  const idempotencyKey = crypto.randomUUID()
  await client.call('chat.send', { sessionKey, message: script({ tool: { name, arguments: args } }, { text: 'done' }), idempotencyKey })
  await client.ended(idempotencyKey)
  const { messages } = await client.call('chat.history', { sessionKey })
  return textIn(messages.find((message: Data) => message.role === 'toolResult'))
}

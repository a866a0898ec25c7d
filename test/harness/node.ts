// A node: a device that connects as one, and answers what it is asked to do as a test says.

import type { Client, Data } from './client.ts'
import { connectDevice, createDevice, type Device, type DeviceChoice } from './device.ts'
import type { Reach, Target } from '../suites/target.ts'

export interface NodeChoice {
  readonly device?: Device
  readonly commands?: readonly string[]
  readonly caps?: readonly string[]
  readonly client?: Record<string, string>
  readonly protocol?: number
  readonly auth?: DeviceChoice['auth']
  /** Further params of `connect`. */
  readonly more?: Record<string, unknown>
}

export interface FakeNode {
  readonly id: string
  readonly device: Device
  readonly client: Client
  readonly hello: Data
  /** Waits for the next invoke that fits and answers it. Returns what it was asked. */
  answer(answer: Record<string, unknown>, fits?: (request: Data) => boolean): Promise<Data>
}

/** Connects a node; where the gateway asks for its device to be paired, that is done. */
export async function connectNode(at: Reach, get: () => Target, choice: NodeChoice = {}): Promise<FakeNode> {
  const device = choice.device ?? (await createDevice())
  const params: DeviceChoice = {
    role: 'node',
    scopes: [],
    client: { id: 'node-host', mode: 'node', displayName: 'A node', ...choice.client },
    auth: choice.auth ?? { token: get().token },
    ...(choice.protocol !== undefined && { protocol: choice.protocol }),
    more: { caps: choice.caps ?? ['system'], commands: choice.commands ?? ['location.get', 'system.which'], ...choice.more },
  }
  const attempt = async () => {
    const client = await at.open()
    return { client, hello: await connectDevice(client, device, params) }
  }
  let { client, hello } = await attempt()
  if (!hello.ok && hello.error?.details?.code === 'PAIRING_REQUIRED') {
    const { client: admin } = await at.join()
    await admin.call('device.pair.approve', { requestId: hello.error.details.requestId })
    ;({ client, hello } = await attempt())
  }
  if (!hello.ok) throw new Error(`the node was refused: ${JSON.stringify(hello.error)}`)
  const seen = new Set<string>()
  return {
    id: device.id,
    device,
    client,
    hello: hello.payload,
    async answer(answer, fits = () => true) {
      const asked = await client.event('node.invoke.request', (request) => !seen.has(request.id) && fits(request))
      seen.add(asked.id)
      await client.call('node.invoke.result', { id: asked.id, nodeId: device.id, ...answer })
      return asked
    },
  }
}

/** What waits for approval of this node. */
export async function requestOf(admin: Client, nodeId: string): Promise<Data> {
  const { pending } = await admin.call('node.pair.list', {})
  return pending.find((each: Data) => each.nodeId === nodeId)
}

/** As `connectNode`, and everything that it declares is approved. */
export async function approvedNode(at: Reach, get: () => Target, choice: NodeChoice = {}): Promise<FakeNode & { admin: Client }> {
  const { client: admin } = await at.join()
  const node = await connectNode(at, get, choice)
  const request = await requestOf(admin, node.id)
  if (request) await admin.call('node.pair.approve', { requestId: request.requestId })
  return { ...node, admin }
}

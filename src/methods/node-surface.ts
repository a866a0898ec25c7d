// What nodes tell of themselves.

import * as z from 'zod'
import { exceedsBytes } from '../kit/bytes.ts'
import type { Json } from '../kit/json.ts'
import { invalid } from '../protocol/errors.ts'
import { defineMethod } from '../rpc/method.ts'
import { callingNode } from './node-invoke.ts'
import { pluginTool } from './nodes.ts'

const text = z.string().min(1)

const MAX_INVENTORY_BYTES = 16 * 1024

export const nodeEvent = defineMethod({
  name: 'node.event',
  scope: null,
  role: 'node',
  summary: 'Something happened on a node. What nobody knows is answered as not handled.',
  params: z.strictObject({ event: text, payload: z.unknown().optional(), payloadJSON: z.string().optional() }),
  result: z.strictObject({ ok: z.literal(true), event: text, handled: z.boolean(), reason: text.optional() }),
  uses: ['nodeEvents', 'nodePairing'],
  handler({ event, ...given }, { nodeEvents, nodePairing, caller, connection }) {
    const origin = callingNode(caller, connection)
    const row = nodePairing.approved(origin.nodeId)
    return { ok: true as const, event, ...nodeEvents.handle(event, given, origin, row) }
  },
})

const skill = z.strictObject({
  name: z
    .string()
    .max(64)
    .regex(/^(?!.*--)[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?$/),
  description: text.max(1024),
  content: text.max(65_536),
})

export const nodeSkillsUpdate = defineMethod({
  name: 'node.skills.update',
  scope: null,
  role: 'node',
  summary: 'The skills that a node brings along, as long as it is connected.',
  params: z.strictObject({ skills: z.array(skill).max(64) }),
  result: z.strictObject({ nodeId: text, skills: z.array(skill) }),
  uses: ['nodeSurface'],
  handler({ skills }, { nodeSurface, caller, connection }) {
    const { nodeId } = callingNode(caller, connection)
    return { nodeId, skills: nodeSurface.setSkills(nodeId, skills).map((each) => ({ ...each })) }
  },
})

const givenTool = z.strictObject({
  pluginId: text,
  name: z.string().regex(/^[A-Za-z][A-Za-z0-9_-]{0,63}$/),
  description: text,
  parameters: z.record(z.string(), z.unknown()).optional(),
  command: text.optional(),
  mcp: z.strictObject({ server: text, tool: text }).optional(),
})

export const nodePluginToolsUpdate = defineMethod({
  name: 'node.pluginTools.update',
  scope: null,
  role: 'node',
  summary: 'The tools that plugins of a node bring along, as long as it is connected. Kept are those whose command was approved.',
  params: z.strictObject({ tools: z.array(givenTool) }),
  result: z.strictObject({ nodeId: text, tools: z.array(pluginTool) }),
  uses: ['nodeSurface'],
  handler({ tools }, { nodeSurface, caller, connection }) {
    const { nodeId } = callingNode(caller, connection)
    return { nodeId, tools: nodeSurface.setTools(nodeId, tools).map((tool) => ({ ...tool })) }
  },
})

export const nodeRunnerInventoryUpdate = defineMethod({
  name: 'node.runnerInventory.update',
  scope: null,
  role: 'node',
  summary: 'What a node could run for sessions.',
  params: z.strictObject({
    protocolFeatures: z.array(text.max(128)).max(64),
    workerHost: z.looseObject({ enabled: z.boolean() }).optional(),
  }),
  result: z.strictObject({ nodeId: text }),
  uses: ['nodePairing', 'nodeSurface'],
  hidden: true,
  handler(inventory, { nodePairing, nodeSurface, caller, connection }) {
    const { nodeId } = callingNode(caller, connection)
    if (exceedsBytes(JSON.stringify(inventory), MAX_INVENTORY_BYTES)) throw invalid('invalid node runner inventory')
    nodePairing.approved(nodeId)
    nodeSurface.setInventory(nodeId, inventory as Record<string, Json>)
    return { nodeId }
  },
})

export const nodePluginSurfaceRefresh = defineMethod({
  name: 'node.pluginSurface.refresh',
  scope: null,
  role: 'node',
  summary: 'Where a node finds a surface of a plugin, anew.',
  params: z.strictObject({ surface: text }),
  result: z.strictObject({ surface: text, pluginSurfaceUrls: z.record(z.string(), text), expiresAtMs: z.int().min(0) }),
  uses: ['nodeSurface'],
  async handler({ surface }, { nodeSurface, caller, connection: given }) {
    const { connection } = callingNode(caller, given)
    const { url, expiresAtMs } = await nodeSurface.pluginSurface(surface, connection)
    return { surface, pluginSurfaceUrls: { [surface]: url }, expiresAtMs }
  },
})

export const skillsBins = defineMethod({
  name: 'skills.bins',
  scope: null,
  role: 'node',
  summary: 'The programs that skills need: a node looks which of them it has.',
  params: z.strictObject({}),
  result: z.strictObject({ bins: z.array(text) }),
  uses: ['nodeSurface'],
  handler: (_, { nodeSurface }) => ({ bins: nodeSurface.bins() }),
})

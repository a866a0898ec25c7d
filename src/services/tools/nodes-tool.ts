// The tool with which an agent looks at nodes and asks them to do something: what the policy of nodes allows, and what a
// person must allow first where it runs programs, reads files or acts as whoever sits there.

import * as z from 'zod'
import { uuid } from '../../kit/ids.ts'
import { invalid } from '../../protocol/errors.ts'
import { describeIssues } from '../../protocol/issues.ts'
import type { ApprovalWish } from '../conversation/approval-wish.ts'
import { formatArgv } from '../conversation/approval-command.ts'
import { defineTool, Shown, type Tool } from '../conversation/tools.ts'
import { toGatewayError } from '../fleet/invoke-outcome.ts'
import type { NodeInvokes } from '../fleet/node-invokes.ts'
import { isAdminCommand } from '../fleet/node-policy.ts'
import type { ListedNode, Nodes } from '../fleet/nodes.ts'

const text = z.string().min(1)
const MAX_TIMEOUT_MS = 10 * 60 * 1000
const MAX_IMAGE_CHARS = 8 * 1024 * 1024

const invokeParams = z.strictObject({
  action: z.literal('invoke'),
  node: text.describe('Its id or its name.'),
  command: text,
  params: z.record(z.string(), z.unknown()).optional(),
  timeoutMs: z.int().min(1).max(MAX_TIMEOUT_MS).optional(),
})
type Invoke = z.output<typeof invokeParams>

export function createNodesTool({ nodes, nodeInvokes }: { nodes: Nodes; nodeInvokes: NodeInvokes }): Tool {
  function find(named: string): ListedNode {
    const wanted = named.trim().toLowerCase()
    const found = nodes.list().filter(({ row }) => row.nodeId.toLowerCase() === wanted || row.displayName?.toLowerCase() === wanted)
    if (found.length === 1) return found[0]!
    throw invalid(found.length === 0 ? `there is no node "${named.slice(0, 128)}": list them` : `several nodes are called "${named.slice(0, 128)}": name one by its id`)
  }

  /** Bound to the very arguments; a command is shown and judged as one. */
  function wishOf({ node, command, params = {} }: Invoke): ApprovalWish | null {
    if (!isAdminCommand(command.trim())) return null
    const { nodeId, displayName } = find(node).row
    if (command.trim() === 'system.run') return commandWish(nodeId, params)
    return { kind: 'plugin', title: `${command} on ${displayName ?? nodeId}`.slice(0, 80), description: 'An agent wants a node to do this.', detail: JSON.stringify(params), facts: { nodeId } }
  }

  return defineTool({
    name: 'nodes',
    description: 'Devices that are connected to this gateway: list them, describe one with the commands that it has, invoke a command of it.',
    group: 'nodes',
    scope: 'operator.read',
    elevate: (params) => (params.action !== 'invoke' ? null : isAdminCommand(params.command.trim()) ? 'operator.admin' : 'operator.write'),
    timeoutMs: MAX_TIMEOUT_MS + 10_000,
    params: z.discriminatedUnion('action', [z.strictObject({ action: z.literal('list') }), z.strictObject({ action: z.literal('describe'), node: text }), invokeParams]),
    approval: (params) => (params.action === 'invoke' ? wishOf(params) : null),
    async run(params, { principal, signal, onProgress }) {
      if (params.action === 'list') return { nodes: nodes.list().map(toRow) }
      if (params.action === 'describe') return describe(find(params.node))
      const { nodeId } = find(params.node).row
      const command = params.command.trim()
      const sent = command === 'system.run' ? toRun(params.params) : params.params
      const outcome = await nodeInvokes.invoke({ nodeId, command, params: sent, timeoutMs: params.timeoutMs, key: uuid(), principal, signal, ...(onProgress && { onProgress }) })
      if (outcome.state !== 'ok') throw toGatewayError(outcome, { nodeId, command })
      return toShown(outcome.payload ?? outcome.payloadJSON ?? null)
    },
  })
}

const toRow = ({ row, commands, connected, paired }: ListedNode) => ({ nodeId: row.nodeId, displayName: row.displayName, platform: row.platform, connected, paired, commands: commands.length })

const describe = (node: ListedNode) => ({ ...toRow(node), caps: node.caps.toSorted(), commands: node.commands.toSorted(), permissions: node.permissions, lastSeenAtMs: node.row.lastSeenAtMs })

const runParams = z.object({
  command: z.custom<readonly string[]>((given) => Array.isArray(given) && given.length > 0 && given.every((word) => typeof word === 'string'), 'must be a list of words'),
  cwd: z.string().optional(),
  env: z.record(z.string(), z.string()).optional(),
  timeoutMs: z.int().min(1).optional(),
})

/** What a person is asked about, and nothing beside it: no plan that says something else, no claim that it was approved. */
function toRun(params: unknown): z.output<typeof runParams> {
  const parsed = runParams.safeParse(params ?? {})
  if (parsed.success) return parsed.data
  throw invalid(`the params of system.run cannot be judged: ${describeIssues(parsed.error.issues)}`)
}

function commandWish(nodeId: string, params: unknown): ApprovalWish {
  const { command: argv, cwd = null, env } = toRun(params)
  const plan = { argv, cwd, commandText: formatArgv(argv), agentId: null, sessionKey: null }
  return { kind: 'exec', host: 'node', nodeId, systemRunPlan: plan, env, security: 'allowlist', ask: 'on-miss' }
}

/** A picture that a node took is shown as one. */
function toShown(payload: unknown): unknown {
  const { base64, format, mimeType, ...rest } = (typeof payload === 'object' && payload !== null ? payload : {}) as Readonly<Record<string, unknown>>
  if (typeof base64 !== 'string' || base64.length > MAX_IMAGE_CHARS) return payload
  const type = typeof mimeType === 'string' ? mimeType : `image/${format === 'png' ? 'png' : 'jpeg'}`
  if (!type.startsWith('image/')) return payload
  return new Shown(JSON.stringify({ ...rest, mimeType: type }), { images: [{ mimeType: type, base64 }], details: rest })
}

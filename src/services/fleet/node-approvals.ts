// Approvals and nodes: what was approved is run by the node that it was asked for, by whoever asked, exactly so and once;
// and the policy of a node is asked of the node.

import { uuid } from '../../kit/ids.ts'
import { formatArgv } from '../conversation/approval-command.ts'
import type { CommandPlan, ExecWish } from '../conversation/approval-wish.ts'
import { nodeNotConnected, type Approvals } from '../conversation/approvals.ts'
import { toGatewayError } from './invoke-outcome.ts'
import type { NodeInvokes } from './node-invokes.ts'
import type { Nodes } from './nodes.ts'

type Fields = Readonly<Record<string, unknown>>

export function connectApprovals(deps: { approvals: Approvals; nodes: Nodes; invokes: NodeInvokes }): void {
  const { approvals, nodes, invokes } = deps

  invokes.approveBy(async ({ approvalId, nodeId, caller, params }) => {
    const approval = approvals.get(approvalId)
    const wish = wishOf(nodeId, params)
    if (!wish || approval?.askedBy !== caller.id) return null
    if (approval.decision !== 'allow-once' && approval.decision !== 'allow-always') return null
    return (await approvals.spend(approvalId, wish)) ? approval.decision : null
  })

  approvals.relayToNode(async ({ nodeId, command, params, caller: principal }) => {
    if (!nodes.connectionOf(nodeId)) throw nodeNotConnected()
    const outcome = await invokes.invoke({ nodeId, command, params, principal, key: uuid(), isInternal: true })
    if (outcome.state !== 'ok') throw toGatewayError(outcome, { nodeId, command })
    return outcome.payload
  })
}

/** What these params of `system.run` would do, as it was asked for; null when they contradict themselves. */
function wishOf(nodeId: string, params: Fields): ExecWish | null {
  const { command, rawCommand, cwd, env, agentId, sessionKey, systemRunPlan } = params
  if (!isWords(command) || !isEnvironment(env)) return null
  const own: CommandPlan = {
    argv: command,
    cwd: textOrNull(cwd),
    commandText: textOrNull(rawCommand) ?? formatArgv(command),
    agentId: textOrNull(agentId),
    sessionKey: textOrNull(sessionKey),
  }
  if (systemRunPlan !== undefined && !isSame(systemRunPlan as Fields | null, own, params)) return null
  const plan = systemRunPlan === undefined ? own : { ...own, ...pick(systemRunPlan as Fields) }
  return { kind: 'exec', host: 'node', nodeId, systemRunPlan: plan, env }
}

const textOrNull = (value: unknown): string | null => (typeof value === 'string' && value !== '' ? value : null)
const isWords = (value: unknown): value is string[] => Array.isArray(value) && value.length > 0 && value.every((word) => typeof word === 'string')
const isEnvironment = (value: unknown): value is Record<string, string> | undefined =>
  value === undefined || (typeof value === 'object' && value !== null && Object.values(value).every((each) => typeof each === 'string'))

const PLACES = ['cwd', 'agentId', 'sessionKey'] as const

const pick = (plan: Fields): Pick<CommandPlan, (typeof PLACES)[number] | 'policySnapshot' | 'mutableFileOperand'> => ({
  cwd: textOrNull(plan['cwd']),
  agentId: textOrNull(plan['agentId']),
  sessionKey: textOrNull(plan['sessionKey']),
  policySnapshot: plan['policySnapshot'],
  mutableFileOperand: plan['mutableFileOperand'],
})

/** Whether a plan says the same as the params beside it, wherever both say something. */
function isSame(plan: Fields | null, own: CommandPlan, params: Fields): boolean {
  if (typeof plan !== 'object' || plan === null || !isWords(plan['argv'])) return false
  const { argv } = plan as { argv: string[] }
  if (argv.length !== own.argv.length || argv.some((word, at) => word !== own.argv[at])) return false
  return PLACES.every((place) => params[place] === undefined || textOrNull(plan[place]) === own[place])
}

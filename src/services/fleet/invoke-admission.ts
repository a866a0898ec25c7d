// Whether a node may be asked for a command now: allowed where it runs, approved, and there.

import { invalid } from '../../protocol/errors.ts'
import { notConnected } from './invoke-outcome.ts'
import type { NodePairing } from './node-pairing.ts'
import type { NodePolicy } from './node-policy.ts'
import type { Nodes } from './nodes.ts'

export interface Asked {
  readonly nodeId: string
  readonly command: string
  /** The gateway itself asks: for commands that have a method of their own. */
  readonly isInternal?: boolean
}

export interface Admission {
  /** Throws the refusal. */
  check(asked: Asked): void
}

export function createAdmission(deps: { nodes: Nodes; pairing: NodePairing; policy: NodePolicy }): Admission {
  const { nodes, pairing, policy } = deps
  return {
    check({ nodeId, command, isInternal }) {
      const node = nodes.get(nodeId)
      const details = { reason: 'command not allowlisted', command: command.slice(0, 128) }
      if (command.startsWith('system.execApprovals.') && !isInternal) {
        throw invalid('node.invoke does not allow system.execApprovals.*; use exec.approvals.node.*', { details: { command: details.command } })
      }
      if (!policy.allows(command, node.row)) throw invalid(policy.explain(command, node.row), { details })
      pairing.approved(nodeId)
      if (!nodes.connectionOf(nodeId)) throw notConnected()
      if (node.commands.includes(command)) return
      throw invalid(`node command not allowed: this node does not have "${details.command}", or nobody has approved it: see node.describe`, { details })
    },
  }
}

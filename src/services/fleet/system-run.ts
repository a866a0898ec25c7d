// What of the params of an invoke goes to the node. Whoever calls cannot bring an approval along: for `system.run` only
// the fields that are listed here are passed on, and that it was approved is said by the gateway alone, out of an
// approval that it keeps itself.

import { isDangerousKey } from '../../kit/keys.ts'
import { uuid } from '../../kit/ids.ts'
import { invalid } from '../../protocol/errors.ts'
import type { Principal } from '../../protocol/scopes.ts'
import { formatArgv, scriptIn } from '../conversation/approval-command.ts'

const RUN_FIELDS = [
  'command', 'rawCommand', 'systemRunPlan', 'cwd', 'env', 'timeoutMs', 'needsScreenRecording', 'agentId', 'sessionKey',
  'runId', 'suppressNotifyOnExit',
] // prettier-ignore
const PLAN_FIELDS = ['argv', 'cwd', 'commandText', 'commandPreview', 'agentId', 'sessionKey', 'policySnapshot', 'mutableFileOperand']
const CONTROL_FIELDS = ['approved', 'approvalDecision', 'approvalId', 'approvalRunId', 'approvedBy', 'resolvedBy']

export type RunDecision = 'allow-once' | 'allow-always'

/** To run something that a person is said to have approved under `runId`. */
export interface RunApprovalRequest {
  readonly approvalId: string
  readonly nodeId: string
  readonly caller: Principal
  /** What will be run: the approval must be one of exactly this. */
  readonly params: Readonly<Record<string, unknown>>
}
/** Uses an approval up; null when there is none that covers this. */
export type RunApprovals = (request: RunApprovalRequest) => Promise<RunDecision | null>

type Fields = Readonly<Record<string, unknown>>

/** The params as the node gets them. Throws for what cannot be meant. */
export function toNodeParams(command: string, params: unknown): unknown {
  if (typeof params !== 'object' || params === null || Array.isArray(params)) {
    if (command === 'system.run' && params !== undefined) throw invalid('system.run params must be an object')
    return command === 'system.run' ? { runId: uuid() } : params
  }
  const entries = Object.entries(params as Fields).filter(([key]) => !isDangerousKey(key) && !CONTROL_FIELDS.includes(key))
  if (command !== 'system.run') return Object.fromEntries(entries)
  const kept = Object.fromEntries(entries.filter(([key]) => RUN_FIELDS.includes(key)))
  const plan = kept['systemRunPlan']
  checkRawCommand(kept['command'], kept['rawCommand'])
  return { ...kept, ...(plan !== undefined && { systemRunPlan: toNodePlan(plan) }), runId: textOr(kept['runId'], uuid()) }
}

/** A plan says no more than plans do, and its words what its arguments say. */
function toNodePlan(plan: unknown): unknown {
  if (typeof plan !== 'object' || plan === null || Array.isArray(plan)) return plan
  const kept: Fields = Object.fromEntries(Object.entries(plan).filter(([key]) => PLAN_FIELDS.includes(key)))
  checkRawCommand(kept['argv'], kept['commandText'])
  return kept
}

/** Whether the caller says that this was approved, and under which id. Null: it does not. */
export function claimedApproval(command: string, params: unknown): string | null {
  if (command !== 'system.run' || typeof params !== 'object' || params === null) return null
  const { approved, approvalDecision, runId } = params as Fields
  if (approved !== true && approvalDecision !== 'allow-once' && approvalDecision !== 'allow-always') return null
  const id = textOr(runId, '')
  if (id === '') throw invalid('approval override requires params.runId', { details: { code: 'MISSING_RUN_ID' } })
  return id
}

export const unknownApproval = (runId: string): Error =>
  invalid('unknown or expired approval id', { details: { code: 'UNKNOWN_APPROVAL_ID', runId: runId.slice(0, 200) } })

const textOr = (value: unknown, other: string): string => (typeof value === 'string' && value.trim() !== '' ? value.trim() : other)

/** What a person reads must be what is run. */
function checkRawCommand(command: unknown, raw: unknown): void {
  if (typeof raw !== 'string' || !Array.isArray(command) || !command.every((word) => typeof word === 'string')) return
  const typed = command.map(quote).join(' ')
  if ([typed, formatArgv(command), scriptIn(command)?.trim()].includes(raw.trim())) return
  throw invalid('INVALID_REQUEST: rawCommand does not match command', {
    details: { code: 'RAW_COMMAND_MISMATCH', rawCommand: raw.slice(0, 1000), formattedArgv: typed.slice(0, 1000) },
  })
}

const quote = (word: string): string => (/^[^\s"]+$/.test(word) ? word : `"${word.replaceAll('"', '\\"')}"`)

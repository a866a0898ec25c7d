// What somebody wants to do, and a person is asked about.

import type { ApprovalScope, Decision, SEVERITIES } from '../../protocol/approval-shapes.ts'

type Nullable<T> = { readonly [K in keyof T]?: T[K] | null | undefined }

/** Where the wish comes from. */
export type Origin = Nullable<{
  agentId: string
  sessionKey: string
  sessionId: string
  runId: string
  toolCallId: string
  turnSourceChannel: string
  turnSourceTo: string
  turnSourceAccountId: string
  turnSourceThreadId: string | number
}>

export interface CommandPlan {
  readonly argv: readonly string[]
  readonly cwd: string | null
  readonly commandText: string
  readonly commandPreview?: string | null | undefined
  readonly agentId: string | null
  readonly sessionKey: string | null
  /** What a node checks before it runs: bound as it is. */
  readonly policySnapshot?: unknown
  readonly mutableFileOperand?: unknown
}

interface Wish extends Origin {
  /** How long a person is waited for. */
  readonly timeoutMs?: number | undefined
}

/** To run a command. */
export interface ExecWish extends Wish {
  readonly kind: 'exec'
  readonly command?: string | undefined
  readonly commandArgv?: readonly string[] | undefined
  readonly systemRunPlan?: CommandPlan | undefined
  readonly env?: Readonly<Record<string, string>> | undefined
  readonly cwd?: string | null | undefined
  readonly nodeId?: string | null | undefined
  readonly host?: string | null | undefined
  readonly security?: string | null | undefined
  readonly ask?: string | null | undefined
  readonly warningText?: string | null | undefined
  readonly scope?: ApprovalScope | null | undefined
  readonly resolvedPath?: string | null | undefined
  readonly unavailableDecisions?: readonly string[] | undefined
}

/** To do anything else. */
export interface PluginWish extends Wish {
  readonly kind: 'plugin'
  readonly title: string
  readonly description: string
  readonly detail?: string | null | undefined
  readonly severity?: (typeof SEVERITIES)[number] | null | undefined
  readonly pluginId?: string | null | undefined
  readonly toolName?: string | null | undefined
  readonly mcpTool?: { readonly server: string; readonly tool: string } | undefined
  readonly scope?: ApprovalScope | null | undefined
  readonly allowedDecisions?: readonly Decision[] | null | undefined
  /** What is bound besides what is shown: the arguments of a call, say. */
  readonly facts?: unknown
}

export type ApprovalWish = ExecWish | PluginWish

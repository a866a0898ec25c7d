// What a message can ask of the gateway itself, with a slash. Only what is listed here is taken so; everything else is
// for the agent.

import { messageOf } from '../../kit/log.ts'
import { parseJson } from '../../kit/json.ts'
import { isDecision } from '../../protocol/approval-shapes.ts'
import { GatewayError } from '../../protocol/errors.ts'
import { authorize, type Principal, type Scope } from '../../protocol/scopes.ts'
import { splitSessionKey } from '../../protocol/shapes.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Approvals } from './approvals.ts'
import { COMMANDS, type Command, type CommandName } from './command-list.ts'
import type { Models } from './models.ts'
import type { Sessions } from './sessions.ts'
import type { Tools } from './tools.ts'

export interface Typed {
  readonly command: Command
  /** What stands behind it, trimmed. */
  readonly args: string
}

export interface CommandPlace {
  readonly sessionKey: string
  readonly principal: Principal
}

export interface Commands {
  readonly list: readonly Command[]
  /** The command that a message is; null when it is none. */
  find(message: string): Typed | null
  /** Whether it starts the conversation anew, for someone who may do so. */
  resets(typed: Typed, place: CommandPlace): boolean
  /** Carries it out and says what came of it. Never throws. */
  answer(typed: Typed, place: CommandPlace): Promise<string>
}

type Answer = (args: string, place: CommandPlace) => string | Promise<string>

const TYPED = /^\/([a-z][\w-]*)(?:[:\s]\s*(.*))?$/is

export function createCommands(deps: { sessions: Sessions; models: Models; tools: Tools; approvals: Approvals; clock: Clock }): Commands {
  const { sessions, models, tools, approvals, clock } = deps

  function find(message: string): Typed | null {
    const typed = TYPED.exec(message.trim())
    const name = typed?.[1]!.toLowerCase()
    const args = typed?.[2]?.trim() ?? ''
    const command = COMMANDS.find((each) => each.name === name || (name !== undefined && each.aliases.includes(name)))
    return command && (args === '' || command.acceptsArgs) ? { command, args } : null
  }

  function modelOf(sessionKey: string): string {
    const override = sessions.get(sessionKey)?.settings.model
    const { provider, model } = models.choiceFor(splitSessionKey(sessionKey)!.agentId, override)
    return `${provider}/${model}`
  }

  async function status(sessionKey: string, principal: Principal): Promise<string> {
    const context = { principal, sessionKey, signal: new AbortController().signal }
    const asked = await tools.invoke('gateway_status', '{}', context)
    const parsed = asked.isError ? null : parseJson(asked.text)
    const gateway = (parsed?.ok ? parsed.value : {}) as { runtimeVersion?: string; runtime?: string; uptimeMs?: number }
    const record = sessions.get(sessionKey)
    const row = record && sessions.toRow(record)
    const context_ = row?.contextTokens === undefined ? '' : ` of ${row.contextTokens}`
    const running = row?.activeRunIds.length ?? 0
    return [
      ...(gateway.runtimeVersion === undefined ? [] : [`edgeclaw ${gateway.runtimeVersion} on ${gateway.runtime}, up ${Math.floor((gateway.uptimeMs ?? 0) / 60_000)} min`]),
      `Current time: ${new Date(clock.now()).toISOString()}`,
      `Model: ${modelOf(sessionKey)}${record?.settings.model === undefined ? '' : ' (of this session; /model default clears it)'}`,
      `Session: ${sessionKey}, ${record?.messages ?? 0} messages, ${row?.totalTokens ?? 0}${context_} tokens`,
      `Running: ${running === 0 ? 'nothing' : running}`,
    ].join('\n')
  }

  function setModel(args: string, sessionKey: string): string {
    if (args === '') return `Current: ${modelOf(sessionKey)}\nSession: /model <provider/model>\nBack to the configured one: /model default\nBrowse: /models`
    const model = args === 'default' ? null : args
    if (model !== null) models.assertKnown(model)
    sessions.patch(sessionKey, { settings: { model } })
    if (model === null) return `Session model reset to configured default (${modelOf(sessionKey)}).`
    return `Model set to ${model} for this session only; configured default unchanged.`
  }

  function rename(args: string, sessionKey: string): string {
    if (args === '') return `This session is called "${sessions.get(sessionKey)?.settings.displayName ?? sessionKey}". Rename it: /name <title>`
    sessions.patch(sessionKey, { settings: { displayName: args.slice(0, 500) } })
    return `Session renamed to "${args.slice(0, 500)}".`
  }

  function approve(args: string, principal: Principal): string {
    const [id = '', decision = ''] = args.split(/\s+/)
    if (id === '' || !isDecision(decision)) return 'Write it as /approve <id> allow-once, allow-always or deny.'
    const known = approvals.get(id)
    if (known?.status !== 'pending') return `No approval waits under the id ${id}.`
    if (!known.presentation.allowedDecisions.includes(decision)) return `${decision} is unavailable for this approval.`
    const resolver = principal.deviceId === undefined ? { kind: 'runtime' as const, id: principal.id } : { kind: 'device' as const, id: principal.deviceId }
    const { applied } = approvals.resolve(id, { decision, resolver, by: principal.id })
    return applied ? `Decided: ${decision}.` : 'Somebody else has decided already.'
  }

  const answers: Readonly<Record<CommandName, Answer>> = {
    help: () => `Commands\n${COMMANDS.map((each) => `  /${each.name}`).join('  |  ')}\n\nMore: /commands says what they do. Everything else goes to the agent.`,
    commands: () => COMMANDS.map(({ name, aliases, description }) => `/${name}${aliases.map((each) => ` (/${each})`).join('')} - ${description}`).join('\n'),
    status: (_, { sessionKey, principal }) => status(sessionKey, principal),
    whoami: (_, { principal }) => `You are ${principal.id}, with the scopes ${[...principal.scopes].join(', ')}.`,
    async tools(_, { principal, sessionKey }) {
      await tools.prepare(new AbortController().signal)
      const usable = tools.usable({ principal, sessionKey, model: modelOf(sessionKey) })
      return usable.map(({ name, description }) => `${name} - ${description}`).join('\n')
    },
    stop: () => 'Nothing is running.',
    reset: () => '✅ Session reset.',
    new: () => '✅ New session started.',
    name: (args, { sessionKey }) => rename(args, sessionKey),
    model: (args, { sessionKey }) => setModel(args, sessionKey),
    models: async () => (await models.list()).map(({ provider, model, isDefault }) => `${provider}/${model}${isDefault ? ' (default)' : ''}`).join('\n'),
    approve: (args, { principal }) => approve(args, principal),
  }

  const missing = ({ command }: Typed, { principal }: CommandPlace): Scope | null => {
    const { scope } = command
    return scope !== null && authorize(principal, { role: 'operator', scope }) ? scope : null
  }

  return {
    list: COMMANDS,
    find,
    resets: (typed, place) => typed.command.resets && missing(typed, place) === null,
    async answer(typed, place) {
      const scope = missing(typed, place)
      if (scope !== null) return `⚠️ You are not authorized to use /${typed.command.name}: it needs ${scope}.`
      try {
        return await answers[typed.command.name](typed.args, place)
      } catch (error) {
        if (error instanceof GatewayError) return error.message
        return `/${typed.command.name} failed: ${messageOf(error)}`
      }
    },
  }
}

// The published JSON Schema of the protocol, and what of it each answer and event must satisfy.

import { readFileSync } from 'node:fs'
import { Ajv, type ValidateFunction } from 'ajv'
import type { Frame } from './client.ts'

/** Results whose definition is not named after the method. */
const NAMED_OTHERWISE: Readonly<Record<string, string>> = {
  connect: 'HelloOk',
  'agent.identity.get': 'AgentIdentityResult',
  'config.schema': 'ConfigSchemaResponse',
  'cron.get': 'CronJob',
  'cron.update': 'CronJob',
  'sessions.groups.put': 'SessionsGroupsMutationResult',
  'sessions.groups.rename': 'SessionsGroupsMutationResult',
  'sessions.groups.delete': 'SessionsGroupsMutationResult',
  'exec.approvals.get': 'ExecApprovalsSnapshot',
  'exec.approvals.set': 'ExecApprovalsSnapshot',
  'exec.approvals.node.get': 'ExecApprovalsNodeSnapshot',
  'exec.approvals.node.set': 'ExecApprovalsNodeSnapshot',
}

/** `sessions.compaction.list` → `SessionsCompactionListResult`. */
export const resultDefinition = (method: string): string =>
  NAMED_OTHERWISE[method] ?? `${method.replace(/(?:^|[.-])(\w)/g, (_, letter: string) => letter.toUpperCase())}Result`

/** Members of an answer that are rows of a published shape. */
const ROWS: Readonly<Record<string, readonly [path: string, definition: string]>> = {
  'sessions.list': ['sessions', 'SessionRow'],
  'system-presence': ['', 'PresenceEntry'],
  'cron.runs': ['entries', 'CronRunLogEntry'],
}

const EVENTS: Readonly<Record<string, string>> = {
  chat: 'ChatEvent',
  agent: 'AgentEvent',
  tick: 'TickEvent',
  shutdown: 'ShutdownEvent',
  'device.pair.requested': 'DevicePairRequestedEvent',
  'device.pair.resolved': 'DevicePairResolvedEvent',
  'device.pair.setup.completed': 'DevicePairSetupCompletedEvent',
  'node.invoke.request': 'NodeInvokeRequestEvent',
  'session.approval': 'SessionApprovalEvent',
  'users.prefs.changed': 'UsersPrefsChangedEvent',
  'session.operation': 'SessionOperationEvent',
}

/**
 * Members that the published shapes do not have. The real gateway sends those of `agent` events, and clients read them;
 * `catchUp` is ours, and told only where somebody has set it.
 */
const BEYOND_PUBLISHED: Readonly<Record<string, readonly string[]>> = {
  agent: ['sessionKey', 'agentId', 'sessionId'],
  'cron.get': ['catchUp'],
  'cron.update': ['catchUp'],
}

export interface Published {
  /** What is wrong with a frame, as text; null when nothing is. `method` is that of the request which it answers. */
  check(frame: Frame, method?: string): string | null
  /** Whether the schema has a shape for the result of this method. */
  hasResult(method: string): boolean
  /** The scope that a method needs, as it is published; undefined for one that is not in it. */
  scopeOf(method: string): string | undefined
}

const FILE = new URL('../../node_modules/@openclaw/gateway-protocol/protocol.schema.json', import.meta.url)

interface Schema {
  readonly methods: Readonly<Record<string, { readonly scope: string }>>
  readonly definitions: Readonly<Record<string, unknown>>
}

const published = (name: string, value: object): object =>
  Object.fromEntries(Object.entries(value).filter(([key]) => !BEYOND_PUBLISHED[name]?.includes(key)))

export function loadPublished(): Published {
  const schema = JSON.parse(readFileSync(FILE, 'utf8')) as Schema
  const ajv = new Ajv({ strict: false, allErrors: true })
  ajv.addSchema({ ...schema, $id: 'published' })
  const compiled = new Map<string, ValidateFunction>()

  const hasResult = (method: string) => resultDefinition(method) in schema.definitions

  function validate(definition: string, value: unknown): string | null {
    const known = compiled.get(definition) ?? ajv.compile({ $ref: `published#/definitions/${definition}` })
    compiled.set(definition, known)
    return known(value) ? null : `${definition}: ${ajv.errorsText(known.errors)} in ${JSON.stringify(value).slice(0, 600)}`
  }

  function checkResult(method: string, payload: unknown): string | null {
    if (hasResult(method)) return validate(resultDefinition(method), BEYOND_PUBLISHED[method] ? published(method, payload as object) : payload)
    const rows = ROWS[method]
    if (!rows) return null
    const list = (rows[0] === '' ? payload : (payload as Record<string, unknown>)[rows[0]]) as unknown[]
    for (const row of list) {
      const wrong = validate(rows[1], row)
      if (wrong !== null) return wrong
    }
    return null
  }

  function checkEvent(name: string, payload: Record<string, unknown>): string | null {
    const definition = EVENTS[name]
    if (!definition) return null
    return validate(definition, published(name, payload))
  }

  return {
    hasResult,
    scopeOf: (method) => schema.methods[method]?.scope,
    check(frame, method) {
      if (frame.type === 'event') {
        return validate('EventFrame', frame) ?? checkEvent(frame.event!, frame.payload as Record<string, unknown>)
      }
      const wrong = validate('ResponseFrame', frame)
      if (wrong !== null || !frame.ok || method === undefined) return wrong
      return checkResult(method, frame.payload)
    },
  }
}

// The audit: what agents and their tools did, and who called what. Newest first, without a word of what was said.

import * as z from 'zod'
import { invalid } from '../protocol/errors.ts'
import { defineMethod } from '../rpc/method.ts'
import type { ActivityRow, ActivityStatus } from '../services/operations/audit-table.ts'

const text = z.string().min(1)
const time = z.int().min(0)
const STATUSES = ['started', 'succeeded', 'failed', 'cancelled', 'timed_out', 'blocked', 'unknown'] as const satisfies readonly ActivityStatus[]
const DEFAULT_LIMIT = 100

const paging = {
  after: time.optional(),
  before: time.optional(),
  limit: z.int().min(1).max(500).default(DEFAULT_LIMIT),
  cursor: text.optional(),
}
const activityFilter = {
  agentId: text.optional(),
  sessionKey: text.optional(),
  runId: text.optional(),
  status: z.enum(STATUSES).optional(),
}

const activity = {
  eventId: text,
  sequence: z.int().min(1),
  sourceSequence: z.int().min(1),
  occurredAt: time,
  kind: z.enum(['agent_run', 'tool_action']),
  action: z.enum(['agent.run.started', 'agent.run.finished', 'tool.action.started', 'tool.action.finished']),
  status: z.enum(STATUSES),
  errorCode: text.optional(),
  actor: z.strictObject({ type: z.literal('agent'), id: text }),
  agentId: text,
  sessionKey: text,
  sessionId: text.optional(),
  runId: text,
  toolCallId: text.optional(),
  toolName: text.optional(),
  redaction: z.literal('metadata_only'),
}

const activityShape = z.strictObject(activity)

const NAMES = { agent_run: ['agent.run', 'run'], tool_action: ['tool.action', 'tool'] } as const
const SUCCESSES: readonly ActivityStatus[] = ['started', 'succeeded']

function toActivity({ seq, id, at, kind, status, ...facts }: ActivityRow): z.output<typeof activityShape> {
  const [name, short] = NAMES[kind]
  const { agentId, sessionKey, sessionId, runId, toolCallId, toolName } = facts
  const errorCode = status === 'unknown' ? 'tool_outcome_unknown' : `${short}_${status}`
  return {
    eventId: id,
    sequence: seq,
    sourceSequence: seq,
    occurredAt: at,
    kind,
    action: `${name}.${status === 'started' ? 'started' : 'finished'}`,
    status,
    ...(!SUCCESSES.includes(status) && { errorCode }),
    actor: { type: 'agent', id: agentId },
    agentId,
    sessionKey,
    ...(sessionId && { sessionId }),
    runId,
    ...(toolCallId && { toolCallId }),
    ...(toolName && { toolName }),
    redaction: 'metadata_only',
  }
}

type Paging = z.output<z.ZodObject<typeof paging>>

/** One more row than is shown tells whether there are more. */
function toPage({ after: since, before: until, limit, cursor }: Paging) {
  if (cursor !== undefined && !/^\d{1,15}$/.test(cursor)) throw invalid('invalid audit cursor: use nextCursor of the page before')
  return { since, until, limit: limit + 1, below: cursor === undefined ? undefined : Number(cursor) }
}

const nextCursor = (rows: readonly { readonly seq: number }[], limit: number) => (rows.length > limit ? { nextCursor: String(rows[limit - 1]!.seq) } : {})

export const auditList = defineMethod({
  name: 'audit.list',
  scope: 'operator.read',
  summary: 'What agents and their tools did, the newest first.',
  params: z.strictObject({ ...activityFilter, kind: z.enum(['agent_run', 'tool_action']).optional(), ...paging }),
  result: z.strictObject({ events: z.array(activityShape), nextCursor: text.optional() }),
  uses: ['audit'],
  handler({ agentId, sessionKey, runId, status, kind, ...rest }, { audit }) {
    const rows = audit.activity({ agentId, sessionKey, runId, status, kind }, toPage(rest))
    return { events: rows.slice(0, rest.limit).map(toActivity), ...nextCursor(rows, rest.limit) }
  },
})

export const auditActivityList = defineMethod({
  name: 'audit.activity.list',
  scope: 'operator.read',
  summary: 'What agents and their tools did, and messages of channels, the newest first.',
  params: z.strictObject({
    ...activityFilter,
    kind: z.enum(['agent_run', 'tool_action', 'message']).optional(),
    direction: z.enum(['inbound', 'outbound']).optional(),
    channel: text.optional(),
    ...paging,
  }),
  result: z.strictObject({
    events: z.array(z.strictObject({ ...activity, eventType: z.enum(['agent_run', 'tool_action']), schemaVersion: z.literal(1) })),
    nextCursor: text.optional(),
  }),
  uses: ['audit'],
  handler({ agentId, sessionKey, runId, status, kind, direction, channel, ...rest }, { audit }) {
    const ofChannels = kind === 'message' || direction !== undefined || channel !== undefined
    const page = toPage(rest)
    if (ofChannels) return { events: [] } // no channel has brought or taken a message yet
    const rows = audit.activity({ agentId, sessionKey, runId, status, kind }, page)
    const events = rows.slice(0, rest.limit).map((row) => ({ ...toActivity(row), eventType: row.kind, schemaVersion: 1 as const }))
    return { events, ...nextCursor(rows, rest.limit) }
  },
})

export const auditCallsList = defineMethod({
  name: 'audit.calls.list',
  scope: 'operator.admin',
  summary: 'Who called what, from where, and how it ended, the newest first. Calls that only read are not recorded.',
  params: z.strictObject({ method: text.optional(), principal: text.optional(), outcome: text.optional(), ...paging }),
  result: z.strictObject({
    calls: z.array(
      z.strictObject({
        sequence: z.int().min(1),
        occurredAt: time,
        method: text,
        principal: text,
        role: text,
        deviceId: text.optional(),
        client: text.optional(),
        address: text.optional(),
        outcome: text,
      }),
    ),
    nextCursor: text.optional(),
  }),
  uses: ['audit'],
  handler({ method, principal, outcome, ...rest }, { audit }) {
    const rows = audit.calls({ method, principal, outcome }, toPage(rest))
    const calls = rows.slice(0, rest.limit).map(({ seq, at, deviceId, client, address, ...row }) => ({
      sequence: seq,
      occurredAt: at,
      ...row,
      ...(deviceId && { deviceId }),
      ...(client && { client }),
      ...(address && { address }),
    }))
    return { calls, ...nextCursor(rows, rest.limit) }
  },
})

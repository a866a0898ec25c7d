// Heartbeats, and what wakes an agent.

import * as z from 'zod'
import { invalid } from '../protocol/errors.ts'
import { MAIN_KEY } from '../protocol/shapes.ts'
import { heartbeatEvent } from '../protocol/cron-events.ts'
import { defineMethod } from '../rpc/method.ts'
import { assertUncounted } from '../services/identity/key-limits.ts'

const text = z.string().min(1)

export const wake = defineMethod({
  name: 'wake',
  scope: 'operator.write',
  summary: 'Queues a system event for a session, and asks its agent at once when the mode is "now".',
  params: z.looseObject({ mode: z.enum(['now', 'next-heartbeat']), text, sessionKey: text.optional(), agentId: text.optional() }),
  result: z.strictObject({ ok: z.boolean() }),
  uses: ['agents', 'heartbeat', 'systemEvents'],
  handler({ mode, text: said, sessionKey = MAIN_KEY, agentId }, { agents, heartbeat, systemEvents, caller }) {
    assertUncounted(caller)
    if (agentId !== undefined && !agents.find(agentId)) throw invalid(`unknown agent id "${agentId.slice(0, 100)}"`)
    const key = agents.sessionKey(sessionKey, agentId)
    const owner = agents.ofSession(key)
    if (said.trim() === '') return { ok: false }
    systemEvents.add(key, said)
    if (mode === 'now') heartbeat.wake(owner, key)
    return { ok: true }
  },
})

export const systemEvent = defineMethod({
  name: 'system-event',
  scope: 'operator.admin',
  summary: 'Queues a system event for a session: its agent hears it at its next turn.',
  params: z.strictObject({
    text,
    sessionKey: z.string().optional(),
    // What a device says of itself beside: who is present is known from its connection here.
    deviceId: z.string().optional(),
    instanceId: z.string().optional(),
    host: z.string().optional(),
    ip: z.string().optional(),
    mode: z.string().optional(),
    version: z.string().optional(),
    platform: z.string().optional(),
    deviceFamily: z.string().optional(),
    modelIdentifier: z.string().optional(),
    lastInputSeconds: z.number().optional(),
    reason: z.string().optional(),
    roles: z.array(z.string()).optional(),
    scopes: z.array(z.string()).optional(),
    tags: z.array(z.string()).optional(),
  }),
  result: z.strictObject({ ok: z.literal(true) }),
  uses: ['agents', 'systemEvents'],
  handler({ text: said, sessionKey }, { agents, systemEvents }) {
    if (said.trim() === '') throw invalid('text required')
    const key = agents.sessionKey(sessionKey || MAIN_KEY)
    agents.ofSession(key)
    systemEvents.add(key, said)
    return { ok: true as const }
  },
})

export const lastHeartbeat = defineMethod({
  name: 'last-heartbeat',
  scope: 'operator.read',
  summary: 'What came of the last heartbeat; null when there was none.',
  params: z.looseObject({}),
  result: heartbeatEvent.nullable(),
  uses: ['heartbeat'],
  handler: (_, { heartbeat }) => heartbeat.last,
})

export const setHeartbeats = defineMethod({
  name: 'set-heartbeats',
  scope: 'operator.admin',
  summary: 'Switches the heartbeats of all agents on or off. Off, nothing wakes an agent; events wait for its next turn.',
  params: z.looseObject({ enabled: z.boolean() }),
  result: z.strictObject({ ok: z.literal(true), enabled: z.boolean() }),
  uses: ['heartbeat'],
  handler({ enabled }, { heartbeat }) {
    heartbeat.setEnabled(enabled)
    return { ok: true as const, enabled }
  },
})

// Asking nodes to do something, and what they answer.

import * as z from 'zod'
import { invalid } from '../protocol/errors.ts'
import type { Principal } from '../protocol/scopes.ts'
import { defineMethod } from '../rpc/method.ts'
import { toGatewayError } from '../services/fleet/invoke-outcome.ts'
import { isAdminCommand } from '../services/fleet/node-policy.ts'
import type { Connection } from '../services/identity/connections.ts'

const text = z.string().min(1)

/** The node that calls; it speaks for itself alone. */
export function callingNode(caller: Principal, connection: Connection | null): { nodeId: string; connection: Connection } {
  if (caller.deviceId === undefined || !connection) throw invalid('nodes call this over their own connection')
  return { nodeId: caller.deviceId, connection }
}

function checkNode(nodeId: string, own: string): void {
  if (nodeId !== own) throw invalid('nodeId mismatch')
}

export const nodeInvoke = defineMethod({
  name: 'node.invoke',
  scope: 'operator.write',
  elevate: ({ command }) => (isAdminCommand(command.trim()) ? 'operator.admin' : null),
  summary: 'Asks a node to do something, and answers what came of it. A repeated idempotency key gets the outcome of the first call.',
  params: z.strictObject({
    nodeId: text,
    command: text,
    params: z.unknown().optional(),
    timeoutMs: z.int().min(0).optional(),
    idempotencyKey: text,
    sessionKey: text.optional(),
    turnSourceChannel: z.string().optional(),
    turnSourceTo: z.string().optional(),
    turnSourceAccountId: z.string().optional(),
    turnSourceThreadId: z.union([z.string(), z.number()]).optional(),
  }),
  result: z.strictObject({ ok: z.literal(true), nodeId: text, command: text, payload: z.unknown().optional(), payloadJSON: z.string().nullable() }),
  uses: ['nodeInvokes'],
  async handler({ nodeId, command: given, params, timeoutMs, idempotencyKey }, { nodeInvokes, caller }) {
    const command = given.trim()
    if (command === '' || nodeId.trim() === '') throw invalid('nodeId and command required')
    const outcome = await nodeInvokes.invoke({ nodeId, command, params, timeoutMs, key: idempotencyKey, principal: caller })
    if (outcome.state !== 'ok') throw toGatewayError(outcome, { nodeId, command })
    const { payload, payloadJSON } = outcome
    return { ok: true as const, nodeId, command, ...(payload !== undefined && { payload }), payloadJSON }
  },
})

const taken = z.strictObject({ ok: z.literal(true), ignored: z.literal(true).optional() })
const toTaken = (isTaken: boolean): z.output<typeof taken> => (isTaken ? { ok: true } : { ok: true, ignored: true })

export const nodeInvokeProgress = defineMethod({
  name: 'node.invoke.progress',
  scope: null,
  role: 'node',
  summary: 'A piece of what a node does for an invoke, before its result.',
  params: z.strictObject({ invokeId: text, nodeId: text, seq: z.int().min(0), chunk: z.string().max(16_384) }),
  result: taken,
  uses: ['nodeInvokes'],
  handler({ invokeId, nodeId, seq, chunk }, { nodeInvokes, caller, connection: given }) {
    const { nodeId: own, connection } = callingNode(caller, given)
    checkNode(nodeId, own)
    return toTaken(nodeInvokes.progress(invokeId, seq, chunk, connection.id))
  },
})

export const nodeInvokeResult = defineMethod({
  name: 'node.invoke.result',
  scope: null,
  role: 'node',
  summary: 'The answer of a node to node.invoke.request. One that comes too late, or that it was not asked for, is ignored.',
  params: z.strictObject({
    id: text,
    nodeId: text,
    ok: z.boolean(),
    payload: z.unknown().optional(),
    payloadJSON: z.string().optional(),
    error: z.strictObject({ code: text.optional(), message: text.optional() }).optional(),
  }),
  result: taken,
  uses: ['nodeInvokes'],
  handler(answer, { nodeInvokes, caller, connection: given }) {
    const { nodeId, connection } = callingNode(caller, given)
    checkNode(answer.nodeId, nodeId)
    return toTaken(nodeInvokes.answer(answer, connection.id))
  },
})

import { expect, it } from 'vitest'
import type { ExecWish } from '../../../src/services/conversation/approval-wish.ts'
import { connectApprovals } from '../../../src/services/fleet/node-approvals.ts'
import { failure, successOf, type InvokeOutcome } from '../../../src/services/fleet/invoke-outcome.ts'
import type { NodeInvokes } from '../../../src/services/fleet/node-invokes.ts'
import type { Nodes } from '../../../src/services/fleet/nodes.ts'
import type { InvokeRequest } from '../../../src/services/fleet/open-invokes.ts'
import type { RunApprovals } from '../../../src/services/fleet/system-run.ts'
import { createConversation, OPERATOR } from '../conversation/conversation.ts'

const by = { resolver: { kind: 'runtime' as const, id: 'test' }, by: 'test' }
const PLAN = { argv: ['uname', '-a'], cwd: '/tmp', commandText: 'uname -a', agentId: 'main', sessionKey: null }
const PARAMS = { command: ['uname', '-a'], cwd: '/tmp', agentId: 'main' }

async function open(outcome: InvokeOutcome = { state: 'ok', payload: { hash: 'h' }, payloadJSON: null }) {
  const c = await createConversation()
  const invoked: InvokeRequest[] = []
  let check: RunApprovals = async () => null
  const invokes = {
    approveBy: (approvals: RunApprovals) => void (check = approvals),
    invoke: async (request: InvokeRequest) => {
      invoked.push(request)
      return outcome
    },
  } as unknown as NodeInvokes
  const nodes = { connectionOf: (id: string) => (id === 'n1' ? {} : null) } as unknown as Nodes
  connectApprovals({ approvals: c.approvals, nodes, invokes })
  const wish = (more: Partial<ExecWish> = {}): ExecWish => ({ kind: 'exec', host: 'node', nodeId: 'n1', systemRunPlan: PLAN, ...more })
  async function approve(decision = 'allow-once', more: Partial<ExecWish> = {}) {
    const { id } = await c.approvals.ask(wish(more), { principal: OPERATOR.id })
    c.approvals.resolve(id, { decision, ...by })
    return id
  }
  const run = (approvalId: string, params: Record<string, unknown> = PARAMS, more: { nodeId?: string; caller?: typeof OPERATOR } = {}) =>
    check({ approvalId, nodeId: 'n1', caller: OPERATOR, params, ...more })
  return { ...c, approve, run, invoked }
}

it('allows what was approved, by whoever asked, once', async () => {
  const { approve, run } = await open()
  const id = await approve()
  expect(await run(id, PARAMS, { nodeId: 'n2' })).toBeNull()
  expect(await run(id, PARAMS, { caller: { ...OPERATOR, id: 'other' } })).toBeNull()
  expect(await run('unknown')).toBeNull()
  expect(await run(id)).toBe('allow-once')
  expect(await run(id)).toBeNull()
  expect(await run(await approve('deny'))).toBeNull()
  expect(await run(await approve('allow-always'))).toBe('allow-always')
})

it.each([
  [{ ...PARAMS, command: ['uname'] }],
  [{ ...PARAMS, command: 'uname -a' }],
  [{ ...PARAMS, command: [] }],
  [{ ...PARAMS, command: ['uname', 1] }],
  [{ ...PARAMS, cwd: '/' }],
  [{ command: PARAMS.command, agentId: 'main' }],
  [{ ...PARAMS, env: { A: '1' } }],
  [{ ...PARAMS, env: { A: 1 } }],
  [{ ...PARAMS, agentId: 'other' }],
  [{ ...PARAMS, sessionKey: 'agent:main:x' }],
  [{ ...PARAMS, systemRunPlan: { ...PLAN, argv: ['rm'] } }],
  [{ ...PARAMS, systemRunPlan: { ...PLAN, argv: 'uname -a' } }],
  [{ ...PARAMS, systemRunPlan: { ...PLAN, cwd: '/' } }],
  [{ ...PARAMS, systemRunPlan: null }],
  [{}],
])('does not allow %j by it', async (params) => {
  const { approve, run } = await open()
  const id = await approve()
  expect(await run(id, params)).toBeNull()
  expect(await run(id), 'it is not used up').toBe('allow-once')
})

it.each([
  [{ ...PARAMS, systemRunPlan: PLAN }],
  [{ command: PARAMS.command, systemRunPlan: PLAN }],
  [{ ...PARAMS, rawCommand: 'uname -a' }],
  [{ ...PARAMS, timeoutMs: 5, needsScreenRecording: false, runId: 'x' }],
])('allows %j by it', async (params) => {
  const { approve, run } = await open()
  expect(await run(await approve(), params)).toBe('allow-once')
})

it('asks nodes that are connected, as the gateway itself', async () => {
  const { approvals, invoked } = await open()
  const question = { nodeId: 'n1', command: 'system.execApprovals.get', params: {}, caller: OPERATOR } as const
  expect(await approvals.onNode(question)).toEqual({ hash: 'h' })
  expect(invoked).toMatchObject([{ nodeId: 'n1', command: 'system.execApprovals.get', principal: OPERATOR, isInternal: true }])
  await expect(approvals.onNode({ ...question, nodeId: 'n2' })).rejects.toThrow('NOT_CONNECTED: node not connected')
  const silent = await open(failure('timeout', 'TIMEOUT', 'node invoke timed out'))
  await expect(silent.approvals.onNode(question)).rejects.toThrow('TIMEOUT: node invoke timed out')
  expect(await (await open(successOf({ id: '', nodeId: '', ok: true, payloadJSON: '{"a":1}' }))).approvals.onNode(question)).toEqual({ a: 1 })
})

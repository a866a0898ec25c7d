import { expect, it } from 'vitest'
import { createApprovalRoutes } from '../../../src/services/conversation/approval-routes.ts'
import type { Approval } from '../../../src/services/conversation/approval-table.ts'
import { createBus, type Audience } from '../../../src/services/bus.ts'
import { foundation } from '../../harness/foundation.ts'

const approval = (more: Partial<Approval> = {}) =>
  ({ id: 'a', kind: 'exec', status: 'pending', sessionKey: null, agentId: null, request: {}, presentation: {}, createdAtMs: 1, expiresAtMs: 2, resolvedAtMs: null, ...more }) as Approval

it('exists while somebody with the capability is there, besides the one that asks', () => {
  const { gate } = foundation()
  const bus = createBus(gate)
  const asked: Audience[] = []
  bus.attach({ deliver: () => {}, isHeard: (_, audience = {}) => asked.push(audience) > 1 })
  const routes = createApprovalRoutes(bus)
  expect([routes.exist(null), routes.exist('c1')]).toEqual([false, true])
  expect(asked).toEqual([{ capability: 'approvals' }, { capability: 'approvals', except: 'c1' }])
})

it('tells clients that can answer, and those that follow the session', () => {
  const { bus, heard } = foundation()
  const routes = createApprovalRoutes(bus)
  routes.requested(approval())
  routes.requested(approval({ kind: 'plugin', sessionKey: 'agent:main:a' }))
  routes.resolved(approval({ status: 'expired', sessionKey: 'agent:main:a', resolvedAtMs: 9 }), null)
  routes.resolved(approval({ kind: 'plugin', status: 'allowed', decision: 'allow-once', resolvedAtMs: 9 }), 'me')
  expect(heard.map(({ event, audience }) => [event, audience.topic ?? audience.capability])).toEqual([
    ['exec.approval.requested', 'approvals'],
    ['session.approval', 'approvals:agent:main:a'],
    ['plugin.approval.requested', 'approvals'],
    ['session.approval', 'approvals:agent:main:a'],
    ['exec.approval.resolved', 'approvals'],
    ['plugin.approval.resolved', 'approvals'],
  ])
  expect(heard[3]!.payload).toMatchObject({ phase: 'terminal', updatedAtMs: 9, approval: { status: 'expired' } })
  expect(heard[4]!.payload).toMatchObject({ decision: 'deny', resolvedBy: null })
  expect(heard[5]!.payload).toMatchObject({ decision: 'allow-once', resolvedBy: 'me' })
})

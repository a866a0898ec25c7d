// Who did what: which calls are recorded, and what of them.

import { describe, expect, it } from 'vitest'
import type { Principal } from '../../../src/protocol/scopes.ts'
import type { Connection } from '../../../src/services/identity/connections.ts'
import { createAudit, isAudited } from '../../../src/services/operations/audit.ts'
import { METHODS } from '../../../src/methods/all.gen.ts'
import { foundation } from '../../harness/foundation.ts'

const CALLER: Principal = { id: 'device:d', role: 'operator', scopes: new Set(), deviceId: 'd' }
const RUN = { kind: 'agent_run', status: 'started', agentId: 'main', sessionKey: 'agent:main:a', runId: 'r' } as const

const make = () => {
  const base = foundation()
  const noted: unknown[] = []
  return { ...base, noted, audit: createAudit({ ...base, stability: { note: (type, facts) => void noted.push([type, facts]) } }) }
}

const connection = (client: object, address: string | null) => ({ session: { client }, facts: { address } }) as unknown as Connection
const call = { method: 'config.set', scope: 'operator.admin', role: 'operator', caller: CALLER, connection: null, outcome: 'ok' } as const

describe('what is recorded', () => {
  it.each([
    ['config.set', 'operator.admin', true],
    ['chat.send', 'operator.write', true],
    ['exec.approval.resolve', 'operator.approvals', true],
    ['secrets.resolve', 'operator.admin', true],
    ['device.pair.setupCode', 'operator.admin', true],
    ['device.pair.list', 'operator.pairing', false],
    ['exec.approvals.get', 'operator.admin', false],
    ['agent.wait', 'operator.write', false],
    ['sessions.list', 'operator.read', false],
    ['health', 'operator.read', false],
    ['users.self', 'operator.write', false],
  ] as const)('%s (%s): %s', (method, scope, expected) => {
    expect(isAudited(method, scope, 'operator')).toBe(expected)
  })

  it('is no word of nodes, and nothing that everybody may', () => {
    expect(isAudited('node.event', null, 'node')).toBe(false)
    expect(isAudited('anything', null, 'any')).toBe(false)
  })

  it('is what changes something, of the methods that there are', () => {
    const changing = /(?:^|\.)(?:set|patch|apply|create|delete|remove|update|approve|reject|rotate|revoke|rename|send|run|add|reset|inject|enable|disable|install|uninstall|subscribe|unsubscribe|put|request)$/
    const missed = METHODS.filter(({ name, scope, role }) => changing.test(name) && role === 'operator' && scope !== 'operator.read' && !isAudited(name, scope, role))
    expect(missed.map(({ name }) => name)).toEqual([])
  })
})

it('records who, from where, and how it ended', async () => {
  const { audit, clock, commit } = make()
  audit.called({ ...call, connection: connection({ id: 'cli', mode: 'cli' }, '192.0.2.1'), outcome: 'FORBIDDEN' })
  audit.called({ ...call, method: 'sessions.list', scope: 'operator.read' })
  audit.called(call)
  await commit.flush()
  expect(audit.calls({}, { limit: 9 })).toEqual([
    { seq: 2, at: clock.now(), method: 'config.set', principal: 'device:d', role: 'operator', deviceId: 'd', client: null, address: null, outcome: 'ok' },
    { seq: 1, at: clock.now(), method: 'config.set', principal: 'device:d', role: 'operator', deviceId: 'd', client: 'cli/cli', address: '192.0.2.1', outcome: 'FORBIDDEN' },
  ])
})

it('cuts what clients say of themselves, and lets through no control characters', () => {
  const { audit } = make()
  audit.called({ ...call, connection: connection({ id: `a\n\u001b[31m${'x'.repeat(500)}`, mode: 'm' }, null) })
  const [row] = audit.calls({}, { limit: 1 })
  expect(row!.client).toHaveLength(128)
  // eslint-disable-next-line no-control-regex
  expect(row!.client).not.toMatch(/[\u0000-\u001f]/)
})

it('records runs and their tools', () => {
  const { audit, noted } = make()
  audit.record(RUN)
  audit.record({ ...RUN, status: 'succeeded' })
  audit.record({ ...RUN, kind: 'tool_action', toolName: 't', toolCallId: 'c' })
  expect(audit.activity({}, { limit: 9 }).map(({ kind, status }) => [kind, status])).toEqual([
    ['tool_action', 'started'],
    ['agent_run', 'succeeded'],
    ['agent_run', 'started'],
  ])
  expect(noted).toEqual([
    ['run', { outcome: 'started' }],
    ['run', { outcome: 'succeeded' }],
    ['tool', { outcome: 'started' }],
  ])
})

it('breaks no call when it cannot be written, and says so in the log', () => {
  const { audit, sql, logged } = make()
  sql.exec('DROP TABLE audit_calls')
  expect(() => audit.called(call)).not.toThrow()
  expect(logged).toMatchObject([{ level: 'error', message: 'a call is missing in the audit', fields: { method: 'config.set' } }])
})

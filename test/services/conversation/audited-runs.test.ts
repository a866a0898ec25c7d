// Runs and their tools in the audit.

import { describe, expect, it } from 'vitest'
import { noUsage } from '../../../src/protocol/shapes.ts'
import { auditRuns, createToolAudit, statusOfTool } from '../../../src/services/conversation/audited-runs.ts'
import { createRunTable, type RunResult } from '../../../src/services/conversation/run-table.ts'
import type { Activity } from '../../../src/services/operations/audit-table.ts'
import { foundation } from '../../harness/foundation.ts'
import { KEY, requestOf } from './conversation.ts'

const RESULT: RunResult = { state: 'ok', text: '', stopReason: 'stop', toolCalls: [], usage: noUsage(), provider: 'p', model: 'm', startedAt: 1, endedAt: 2 }

function make(record: (...activities: readonly Activity[]) => void = () => {}) {
  const base = foundation()
  const recorded: Activity[] = []
  const audit = { record: (...activities: readonly Activity[]) => (recorded.push(...activities), record(...activities)) }
  const table = auditRuns(createRunTable(base.sql), { ...base, audit, sessionId: (key) => (key === KEY ? 'the id' : undefined) })
  return { ...base, audit, recorded, table, statuses: () => recorded.map(({ status }) => status) }
}

describe('runs', () => {
  it('start when they begin, and end', () => {
    const { table, recorded } = make()
    table.insert(requestOf('x', { runId: 'r' }), true, 1)
    table.end('r', RESULT, false)
    const facts = { kind: 'agent_run', agentId: 'main', sessionKey: KEY, sessionId: 'the id', runId: 'r' }
    expect(recorded).toEqual([{ ...facts, status: 'started' }, { ...facts, status: 'succeeded' }])
    expect(table.get('r')).toMatchObject({ state: 'ok' })
  })

  it('start later when they wait first', () => {
    const { table, statuses } = make()
    table.insert(requestOf('x', { runId: 'r' }), false, 1)
    expect(statuses()).toEqual([])
    table.begin('r')
    expect(statuses()).toEqual(['started'])
  })

  it('start once, however often they are taken up again', () => {
    const { table, statuses } = make()
    table.insert(requestOf('x', { runId: 'r' }), true, 1)
    table.begin('r')
    table.begin('r')
    expect(statuses()).toEqual(['started'])
  })

  it('start and end at once', () => {
    const { table, statuses } = make()
    table.insertEnded(requestOf('x', { runId: 'r' }), RESULT)
    expect(statuses()).toEqual(['started', 'succeeded'])
  })

  it.each([
    ['error', 'stop', 'failed'],
    ['interrupted', 'stop', 'failed'],
    ['aborted', 'rpc', 'cancelled'],
    ['aborted', 'timeout', 'timed_out'],
  ] as const)('that are %s (%s) are %s', (state, stopReason, status) => {
    const { table, statuses } = make()
    table.insert(requestOf('x', { runId: 'r' }), true, 1)
    table.end('r', { ...RESULT, state, stopReason }, false)
    expect(statuses()).toEqual(['started', status])
  })

  it('are not on record when the audit could not be written', () => {
    const { table, commit } = make(() => {
      throw new Error('disk full')
    })
    expect(() => commit.tx(() => table.insert(requestOf('x', { runId: 'r' }), true, 1))).toThrow('disk full')
    expect(table.get('r')).toBeNull()
  })

  it('of which nobody knows are not recorded', () => {
    const { table, statuses } = make()
    table.begin('nothing')
    table.end('nothing', RESULT, false)
    expect(statuses()).toEqual([])
  })
})

it('records tools by name, without what they were given', () => {
  const { audit, recorded } = make()
  const tools = createToolAudit(audit, () => undefined)
  const run = { id: 'r', sessionKey: KEY }
  tools.started(run, { id: 'c', name: 't' })
  tools.ended(run, { id: 'c'.repeat(500), name: 't'.repeat(500) }, 'failed')
  const facts = { kind: 'tool_action', agentId: 'main', sessionKey: KEY, sessionId: undefined, runId: 'r' }
  expect(recorded).toEqual([
    { ...facts, status: 'started', toolCallId: 'c', toolName: 't' },
    { ...facts, status: 'failed', toolCallId: 'c'.repeat(128), toolName: 't'.repeat(128) },
  ])
})

it.each([
  [false, false, 'succeeded'],
  [true, false, 'failed'],
  [true, true, 'blocked'],
  [false, true, 'blocked'],
] as const)('a tool with the error %s, refused %s, is %s', (isError, refused, status) => {
  expect(statusOfTool({ text: '', isError }, refused)).toBe(status)
})

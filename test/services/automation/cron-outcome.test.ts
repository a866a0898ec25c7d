// From the result of a turn to what is kept of a run.

import { describe, expect, it } from 'vitest'
import { cronRunEntry } from '../../../src/protocol/cron-shapes.ts'
import { noUsage } from '../../../src/protocol/shapes.ts'
import type { CronRecord } from '../../../src/services/automation/cron-job.ts'
import { endOfEvent, endOfFailure, endOfTurn, stateAfter } from '../../../src/services/automation/cron-outcome.ts'
import type { RunResult } from '../../../src/services/conversation/run-table.ts'
import { OPERATOR } from '../conversation/conversation.ts'
import { createAutomation, jobOf } from './automation.ts'

const make = async (more: Parameters<typeof jobOf>[0] = {}) => (await createAutomation()).cron.add(jobOf(more), OPERATOR).job
const resultOf = (more: Partial<RunResult> = {}): RunResult => ({
  state: 'ok', text: 'an answer', stopReason: 'stop', toolCalls: [], usage: { ...noUsage(), input: 3, output: 2, totalTokens: 5 }, provider: 'p', model: 'm', startedAt: 10, endedAt: 20, ...more,
}) // prettier-ignore
const PLACE = { sessionKey: 'agent:main:x', sessionId: 's' }
const endOf = (job: CronRecord, more: Partial<RunResult> = {}) => {
  const end = endOfTurn(job, resultOf(more), PLACE, 100, 130)
  cronRunEntry.parse({ ...end, jobId: 'j', action: 'finished' })
  return end
}

it('tells of a turn', async () => {
  const job = await make()
  expect(endOf(job)).toEqual({
    ts: 130, status: 'ok', completionStatus: 'succeeded', summary: 'an answer', delivered: false, deliveryStatus: 'not-requested', ...PLACE,
    runAtMs: 100, durationMs: 30, nextRunAtMs: job.nextAt, model: 'm', provider: 'p', usage: { input_tokens: 3, output_tokens: 2, total_tokens: 5 },
  }) // prettier-ignore
  expect(endOf(job, { text: 'x'.repeat(5000) }).summary).toHaveLength(2000)
})

describe('failures', () => {
  it.each([
    ['server', 'server_error'],
    ['network', 'server_error'],
    ['context_length', 'context_overflow'],
    ['auth', 'auth'],
    ['refusal', 'unclassified'],
  ] as const)('%s is told as %s', async (kind, errorReason) => {
    const end = endOf(await make(), { state: 'error', text: '', error: { kind, message: 'why' } })
    expect(end).toMatchObject({ status: 'error', completionStatus: 'failed', error: 'why', errorReason })
    expect(end).not.toHaveProperty('summary')
  })

  it('says that a run was interrupted or aborted', async () => {
    const job = await make()
    expect(endOf(job, { state: 'interrupted', error: { kind: 'interrupted', message: 'the gateway stopped' } })).toMatchObject({ status: 'error', error: 'interrupted: the gateway stopped' })
    expect(endOf(job, { state: 'aborted', stopReason: 'rpc' })).toMatchObject({ status: 'error', error: 'the run was aborted (rpc)' })
  })

  it('may be of a run that never began', async () => {
    expect(endOfFailure(await make(), 'no agent', 100, 130)).toMatchObject({ status: 'error', completionStatus: 'unknown', error: 'no agent', durationMs: 30 })
  })
})

describe('deliveries', () => {
  it('fail the run when they were asked for, and there is no channel', async () => {
    const end = endOf(await make({ delivery: { mode: 'announce' } }))
    expect(end).toMatchObject({ status: 'error', completionStatus: 'failed', summary: 'an answer', delivered: false, deliveryStatus: 'not-delivered' })
    expect(end.deliveryError).toContain('no channel is connected')
    expect(end.error).toBe(end.deliveryError)
    expect(end.delivery).toMatchObject({ intended: { channel: 'last', source: 'last' }, resolved: { ok: false }, delivered: false })
  })

  it('do not when they may fail, or when there is nothing to deliver', async () => {
    expect(endOf(await make({ delivery: { mode: 'announce', bestEffort: true } }))).toMatchObject({ status: 'ok', deliveryStatus: 'not-delivered' })
    expect(endOf(await make({ delivery: { mode: 'announce' } }), { text: 'NO_REPLY' })).toMatchObject({ status: 'ok', deliveryStatus: 'not-requested' })
    expect(endOf(await make({ delivery: { mode: 'announce', channel: 'x', to: '1' } })).delivery).toMatchObject({ intended: { channel: 'x', to: '1', source: 'explicit' } })
  })

  it('reach the conversation that the job belongs to', async () => {
    expect(endOf(await make({ delivery: { mode: 'announce' }, sessionTarget: 'current', sessionKey: 'notes' }))).toMatchObject({ status: 'ok', delivered: true, deliveryStatus: 'delivered' })
  })
})

describe('the state of a job', () => {
  it('counts errors, and forgets them after a good run', async () => {
    const job = await make()
    const failed = { ...job, state: stateAfter({ ...job, state: { consecutiveErrors: 1, consecutiveSkipped: 4 } }, endOf(job, { state: 'error', error: { kind: 'server', message: 'why' } })) }
    expect(failed.state).toMatchObject({ lastRunStatus: 'error', lastStatus: 'error', lastError: 'why', lastErrorReason: 'server_error', consecutiveErrors: 2, consecutiveSkipped: 0 })
    const good = stateAfter(failed, endOf(job))
    expect(good).toMatchObject({ lastRunStatus: 'ok', consecutiveErrors: 0, lastRunAtMs: 100, lastDurationMs: 30 })
    expect(good).not.toHaveProperty('lastError')
    expect(good).not.toHaveProperty('lastErrorReason')
  })

  it('says that nobody could be told of failures', async () => {
    const job = await make({ failureAlert: { after: 2 } })
    const end = endOf(job, { state: 'error', error: { kind: 'server', message: 'why' } })
    expect(stateAfter(job, end)).toMatchObject({ lastFailureNotificationDeliveryStatus: 'not-requested' })
    expect(stateAfter({ ...job, state: { consecutiveErrors: 1 } }, end)).toMatchObject({ lastFailureNotificationDeliveryStatus: 'not-delivered' })
  })

  it('knows a job without a turn', async () => {
    expect(endOfEvent(await make(), 'agent:main:main', 'it is time', 9)).toMatchObject({ ts: 9, status: 'ok', summary: 'it is time', runAtMs: 9, durationMs: 0 })
  })
})

// The rules by which jobs are made and changed.

import { describe, expect, it } from 'vitest'
import type { CronAdd, CronPatch } from '../../../src/protocol/cron-params.ts'
import { GatewayError } from '../../../src/protocol/errors.ts'
import { patchDefinition, settleDefinition } from '../../../src/services/automation/cron-job.ts'
import { eventJobOf, jobOf } from './automation.ts'

const NOW = Date.UTC(2026, 0, 1)
const settle = (more: Partial<CronAdd> = {}) => settleDefinition(jobOf(more), NOW)
const patch = (change: CronPatch, more: Partial<CronAdd> = {}) => patchDefinition(settle(more), change, NOW)
const refusalOf = (work: () => unknown) => {
  try {
    work()
  } catch (error) {
    return error as GatewayError
  }
  throw new Error('it was accepted')
}

describe('making', () => {
  it('fills in what was left open', () => {
    const { delivery: _, ...bare } = jobOf()
    expect(settleDefinition(bare, NOW)).toMatchObject({ delivery: { mode: 'announce' }, schedule: { anchorMs: NOW } })
    expect(settle({ schedule: { kind: 'at', at: '2026-02-01' } })).toMatchObject({ deleteAfterRun: true, schedule: { at: '2026-02-01T00:00:00.000Z' } })
    expect(settle({ schedule: { kind: 'at', at: '2026-02-01' }, deleteAfterRun: false }).deleteAfterRun).toBe(false)
    expect(settle({ sessionTarget: 'current' }).sessionTarget).toBe('isolated')
    expect(settle({ sessionTarget: 'current', sessionKey: 'notes' }).sessionTarget).toBe('current')
    expect(settle({ agentId: null, sessionKey: null })).not.toHaveProperty('agentId')
  })

  it.each<[string, Partial<CronAdd>, string]>([
    ['a turn in main', { sessionTarget: 'main' }, 'main cron jobs require payload.kind="systemEvent"'],
    ['an event elsewhere', { payload: { kind: 'systemEvent', text: 'x' } }, 'isolated cron jobs require payload.kind="agentTurn"'],
    ['an event in a session', { payload: { kind: 'systemEvent', text: 'x' }, sessionTarget: 'session:notes' }, 'session cron jobs require'],
    ['a delivery from main', { ...eventJobOf(), delivery: { mode: 'announce' } }, 'only supported for sessionTarget="isolated"'],
    ['a name of blanks', { name: '  ' }, 'name required'],
    ['a name without an end', { name: 'x'.repeat(1001) }, 'at most 1000'],
    ['a text without an end', { payload: { kind: 'agentTurn', message: 'x'.repeat(100_001) } }, '100000 characters'],
  ])('refuses %s', (_, more, message) => {
    const error = refusalOf(() => settle(more))
    expect(error).toMatchObject({ code: 'INVALID_REQUEST' })
    expect(error.message).toContain(message)
  })

  it.each<[string, Partial<CronAdd>, string]>([
    ['on-exit', { schedule: { kind: 'on-exit', command: 'sleep 1' } }, 'processes that the gateway starts and watches'],
    ['stream', { schedule: { kind: 'stream', command: ['tail'] } }, 'processes that the gateway starts and watches'],
    ['commands', { payload: { kind: 'command', argv: ['true'] } }, 'processes that the gateway starts'],
    ['scripts', { payload: { kind: 'script', script: '1' } }, 'a place to run scripts in'],
    ['triggers', { trigger: { script: '1' } }, 'a place to run scripts in'],
    ['pacing', { pacing: { min: '5m' } }, 'a tool'],
    ['webhooks', { delivery: { mode: 'webhook', to: 'https://hooks.test' } }, 'outgoing webhooks'],
    ['a second webhook', { delivery: { mode: 'announce', completionDestination: { mode: 'webhook', to: 'https://hooks.test' } } }, 'outgoing webhooks'],
  ])('says what is missing for %s', (_, more, missing) => {
    const error = refusalOf(() => settle(more))
    expect(error).toMatchObject({ code: 'UNAVAILABLE', retryable: false, options: { details: { code: 'ABILITY_MISSING' } } })
    expect(error.message).toContain(missing)
  })
})

describe('changing', () => {
  it('changes what is named, and clears with null', () => {
    const before = { displayName: 'Shown', description: 'what it does', catchUp: { policy: 'skip' as const } }
    expect(patch({ name: 'other', displayName: null, catchUp: null }, before)).toMatchObject({ name: 'other', description: 'what it does' })
    expect(patch({ displayName: null, catchUp: null }, before)).not.toHaveProperty('displayName')
    expect(patch({ displayName: null, catchUp: null }, before)).not.toHaveProperty('catchUp')
  })

  it('merges what it does and where its answer goes', () => {
    const payload = { kind: 'agentTurn' as const, message: 'hello', model: 'mock/plain', thinking: 'low' }
    expect(patch({ payload: { kind: 'agentTurn', model: null, timeoutSeconds: 5 } }, { payload }).payload).toEqual({ kind: 'agentTurn', message: 'hello', thinking: 'low', timeoutSeconds: 5 })
    const delivery = { mode: 'announce' as const, channel: 'telegram', to: '1' }
    expect(patch({ delivery: { to: null, bestEffort: true } }, { delivery }).delivery).toEqual({ mode: 'announce', channel: 'telegram', bestEffort: true })
    expect(patch({ failureAlert: { after: 2, channel: null } }).failureAlert).toEqual({ after: 2 })
    expect(patch({ failureAlert: false }).failureAlert).toBe(false)
  })

  it('becomes a job of another kind only as a whole', () => {
    expect(() => patch({ payload: { kind: 'systemEvent' } })).toThrow("must have required property 'text'")
    expect(() => patch({ payload: { kind: 'systemEvent', text: 'x' } })).toThrow('isolated cron jobs require')
    const event = patch({ sessionTarget: 'main', payload: { kind: 'systemEvent', text: 'x' } })
    expect(event).toMatchObject({ sessionTarget: 'main', payload: { kind: 'systemEvent', text: 'x' } })
    expect(event).not.toHaveProperty('delivery')
  })

  it('refuses what the gateway alone knows, and what it cannot serve', () => {
    expect(() => patch({ state: { lastError: 'x' } })).toThrow('the gateway alone keeps state.lastError')
    expect(() => patch({ state: { nextRunAtMs: NOW } })).not.toThrow()
    expect(refusalOf(() => patch({ schedule: { kind: 'on-exit', command: 'x' } }))).toMatchObject({ code: 'UNAVAILABLE' })
    expect(refusalOf(() => patch({ trigger: { script: 'x' } }))).toMatchObject({ code: 'UNAVAILABLE' })
    expect(() => patch({ trigger: null, pacing: null })).not.toThrow()
    expect(() => patch({ schedule: { kind: 'at', at: '2020-01-01' } })).toThrow('in the past')
  })
})

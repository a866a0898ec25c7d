// How the built-in operator puts results into words: all that is in them, and nothing else.

import { describe, expect, it } from 'vitest'
import { answerFrom } from '../../src/models/builtin-answers.ts'

const say = (name: string, data: unknown) => answerFrom({ name, text: JSON.stringify(data) })

describe('gateway_status', () => {
  const status = { runtimeVersion: '1.2', runtime: 'node', uptimeMs: 0, connections: 3, activeRuns: 1, sessions: { count: 7, defaults: { modelProvider: 'p', model: 'm' } } }

  it('tells version, runtime, counts and model', () => {
    expect(say('gateway_status', status)).toBe('This is edgeclaw 1.2 on node, up for 0 s. Sessions: 7. Connections: 3. Running: 1. Model: p/m.')
  })

  it.each([[59_999, '59 s'], [60_000, '1 min'], [119 * 60_000, '119 min'], [120 * 60_000, '2 h'], [49 * 3_600_000, '49 h']])('of %i ms is up for %s', (uptimeMs, words) => {
    expect(say('gateway_status', { ...status, uptimeMs })).toContain(`up for ${words}.`)
  })
})

it('gateway_health', () => {
  expect(say('gateway_health', { ok: true, agents: [{ agentId: 'a' }, { agentId: 'b' }] })).toBe('The gateway is healthy. Agents: a, b.')
  expect(say('gateway_health', { ok: false })).toBe('The gateway is not healthy. Agents: .')
})

it('sessions_list', () => {
  const sessions = [{ key: 'k1' }, { key: 'k2', label: 'l', title: 't' }, { key: 'k3', title: 't' }]
  expect(say('sessions_list', { total: 9, sessions })).toBe('There are 9 sessions.\n- k1\n- k2 (l): t\n- k3: t')
  expect(say('sessions_list', { total: 0 })).toBe('There are 0 sessions.')
})

it('models_list', () => {
  const rows = [{ provider: 'p', model: 'm', isDefault: true }, { provider: 'p', model: 'n', isDefault: false }]
  expect(say('models_list', rows)).toBe('These models are there:\n- p/m (in use)\n- p/n')
  expect(say('models_list', { no: 'list' })).toBe('{"no":"list"}')
})

it('session_status', () => {
  expect(say('session_status', { key: 'k', modelProvider: 'p', model: 'm', totalTokens: 5 })).toBe('Session k: model p/m, 5 tokens so far.')
  expect(say('session_status', { key: 'k', modelProvider: 'p', model: 'm' })).toContain('0 tokens so far')
})

it.each([
  ['an unknown tool', 'other', '{"a":1}'],
  ['what is no JSON', 'gateway_status', 'there is no session "x"'],
  ['a bare value', 'sessions_list', '7'],
  ['null', 'gateway_health', 'null'],
])('shows %s as it is', (_, name, text) => {
  expect(answerFrom({ name, text })).toBe(text)
})

it('tells what a person decided', () => {
  expect(answerFrom({ name: 'gateway_confirm', text: '{"decision":"approved"}' })).toBe('It was approved.')
  expect(answerFrom({ name: 'gateway_confirm', text: '{"decision":"denied"}' })).toBe('It was not approved: denied.')
})

// Runs in the name of a key: what is admitted, and what is counted.

import { describe, expect, it } from 'vitest'
import { noUsage } from '../../../src/protocol/shapes.ts'
import { limitRuns } from '../../../src/services/identity/key-runs.ts'
import type { Principal } from '../../../src/protocol/scopes.ts'
import type { Data } from '../../harness/client.ts'
import { ADMIN } from './key-rings.ts'

const HOLDER: Principal = { ...ADMIN, id: 'key:k', key: { id: 'k' } }

function make() {
  const admitted: Data[] = []
  const spent: Data[] = []
  const hooks: { start: (request: never) => void; ended: (ending: never) => void } = { start: () => {}, ended: () => {} }
  limitRuns({
    keyLimiter: { admit: (principal, use) => void admitted.push({ id: principal.id, ...use }), spent: (principal, model, usage) => void spent.push({ id: principal.id, provider: model.provider, ...usage }) },
    runs: { onStart: (listener) => void (hooks.start = listener), onEnded: (listener) => void (hooks.ended = listener) },
    models: { choiceFor: (agentId, id = `default/of-${agentId}`) => ({ provider: id.split('/')[0]!, model: id.split('/')[1]! }) },
    sessions: { get: (key: string) => (key.endsWith('chosen') ? ({ settings: { model: 'session/choice' } } as never) : null) },
  })
  const start = (request: Data) => hooks.start({ principal: HOLDER, sessionKey: 'agent:main:s', ...request } as never)
  const ended = (result: Data, more: Data = {}) =>
    hooks.ended({
      request: { principal: HOLDER, sessionKey: 'agent:main:s', input: [{ role: 'user', content: 'x'.repeat(40) }], ...more['request'] },
      result: { provider: 'm', model: 'x', state: 'ok', usage: noUsage(), ...result },
      rest: more['rest'] ?? '',
      lastUsage: more['lastUsage'] ?? noUsage(),
    } as never)
  return { admitted, spent, start, ended }
}

describe('a run', () => {
  it('is admitted with its agent, and the model that would answer', () => {
    const { admitted, start } = make()
    start({})
    start({ model: 'm/x', sessionKey: 'agent:second:chosen' })
    start({ sessionKey: 'agent:second:chosen' })
    start({ principal: ADMIN })
    expect(admitted).toEqual([
      { id: 'key:k', agentId: 'main', model: { provider: 'default', model: 'of-main' } },
      { id: 'key:k', agentId: 'second', model: { provider: 'm', model: 'x' } },
      { id: 'key:k', agentId: 'second', model: { provider: 'session', model: 'choice' } },
    ])
  })

  it('is counted when it ends, if a model was asked', () => {
    const { spent, ended } = make()
    const usage = { ...noUsage(), input: 3, output: 2, totalTokens: 5 }
    ended({ usage })
    ended({ provider: '' })
    ended({ usage }, { request: { principal: ADMIN } })
    expect(spent).toEqual([{ id: 'key:k', provider: 'm', ...usage }])
  })

  it('that broke off is estimated: hanging up is not free', () => {
    const { spent, ended } = make()
    const before = { ...noUsage(), input: 100, output: 10, totalTokens: 110 }
    ended({ state: 'aborted', usage: before }, { rest: 'y'.repeat(80) })
    const turns = [{ role: 'user', content: [{ type: 'text', text: 'z'.repeat(400) }, { type: 'image', base64: 'A'.repeat(100_000) }] }, { role: 'assistant', text: 'ab', toolCalls: [] }]
    ended({ state: 'error', usage: noUsage() }, { request: { turns, instructions: 'be' } })
    ended({ state: 'aborted', usage: before }, { lastUsage: before })
    expect(spent).toMatchObject([{ input: 110, output: 30, totalTokens: 140 }, { input: 101, output: 0, totalTokens: 101 }, before])
  })
})

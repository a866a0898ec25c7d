// What a call does. What it may choose is in hooks.test.ts; the whole of it in the contract: test/suites/hook-cases.ts.

import type { Context } from 'hono'
import { expect, it } from 'vitest'
import { invalid } from '../../src/protocol/errors.ts'
import type { HttpDeps, HttpEnv } from '../../src/http/env.ts'
import { createHookActions } from '../../src/http/hook-actions.ts'
import type { HookTurn } from '../../src/services/automation/hook-table.ts'

const ORIGIN = { hook: 'ci', address: null }
const context = { get: () => 'id', set: () => {}, req: { raw: { headers: new Headers() } } } as unknown as Context<HttpEnv>

function make() {
  const done: unknown[] = []
  const deps = {
    hooks: { wake: (wake: object) => void done.push(wake), turns: (turns: readonly HookTurn[]) => (done.push(...turns), turns.map((_, n) => `run ${n}`)) },
    agents: {
      defaultId: () => 'main',
      find: (id: string) => (['main', 'second'].includes(id) ? { id } : undefined),
      mainSessionKey: (id: string) => `agent:${id}:main`,
      sessionKey: (key: string, id: string) => (key.startsWith('agent:') ? key : `agent:${id}:${key}`),
      ofSession: (key: string) => key.split(':')[1]!,
    },
    models: { assertKnown: (model: string) => { if (model !== 'a/b') throw invalid('unknown model') } },
    clock: { now: () => 0 },
  } as unknown as HttpDeps // prettier-ignore
  return { done, actions: createHookActions(deps) }
}

it('tells an agent something', async () => {
  const { done, actions } = make()
  expect(await actions.wake(context, { text: 'x', agentId: 'second' }, {}, ORIGIN).json()).toEqual({ ok: true, mode: 'now', eventOutcome: 'queued' })
  actions.wake(context, { text: 'x'.repeat(20_000), sessionKey: 'hook:a' }, { allowRequestSessionKey: true }, ORIGIN)
  expect(done).toEqual([
    { text: 'x', mode: 'now', sessionKey: 'agent:second:main' },
    { text: 'x'.repeat(16_000), mode: 'now', sessionKey: 'agent:main:hook:a' },
  ])
  expect(() => actions.wake(context, { text: 'x' }, { allowedAgentIds: [] }, ORIGIN)).toThrow('takes no hooks')
})

it('asks for a turn, with all that a mapping fills in', () => {
  const { done, actions } = make()
  const call = { path: 'p', headers: {}, query: {}, body: { who: 'Ann', m: 'a/b' }, receivedAt: 0 }
  actions.mapping(context, { id: 'm', name: 'By {{who}}', messageTemplate: 'hi {{who}}', sessionKey: 'hook:{{who}}', model: '{{m}}', thinking: 'low', timeoutSeconds: 9 }, call, {}, ORIGIN)
  expect(done).toEqual([{ agentId: 'main', sessionKey: 'agent:main:hook:Ann', message: 'hi Ann', name: 'By Ann', model: 'a/b', thinking: 'low', timeoutSeconds: 9 }])
  expect(() => actions.mapping(context, { id: 'm', messageTemplate: 'x', model: '{{who}}' }, call, {}, ORIGIN)).toThrow('unknown model')
  expect(() => actions.mapping(context, { id: 'm', messageTemplate: 'x', sessionKey: 'agent:second:x' }, call, {}, ORIGIN)).toThrow('one of another agent')
  actions.mapping(context, { id: 'm', name: '{{nothing}}', messageTemplate: 'x' }, call, { defaultSessionKey: 'hook:all' }, ORIGIN)
  expect(done.at(-1)).toMatchObject({ name: 'ci', sessionKey: 'agent:main:hook:all' })
})

// The models as clients are shown them.

import { describe, expect, it } from 'vitest'
import { createModelRows } from '../../../src/services/conversation/model-rows.ts'
import { createConversation } from './conversation.ts'

const CONFIG = {
  agents: { defaults: { model: 'near/one' }, list: [{ id: 'main', default: true }, { id: 'second', model: 'far/two' }] },
  models: {
    providers: {
      near: { baseUrl: 'http://127.0.0.1:1/v1', models: [{ id: 'one', input: ['image', 'text', 'smell'] }] },
      far: { baseUrl: 'https://far.example/v1', models: [{ id: 'two', reasoning: true, contextWindow: 8000 }] },
    },
  },
}

async function make(config: unknown = CONFIG, env = {}) {
  const c = await createConversation({ config, env })
  return createModelRows({ models: c.models, config: c.config })
}

it('are what is published of them', async () => {
  const rows = await (await make()).list()
  expect(rows[0]).toEqual({
    id: 'one', name: 'one', provider: 'near', reasoning: false, tags: ['default'], thinkingLevels: [{ id: 'off', label: 'off' }], thinkingDefault: 'off', available: true,
  }) // prettier-ignore
  expect(rows[1]).toMatchObject({ id: 'two', contextWindow: 8000, reasoning: true, tags: [] })
  expect(rows[1]!.thinkingLevels.map(({ id }) => id)).toEqual(['off', 'minimal', 'low', 'medium', 'high'])
})

it('mark the default of one agent', async () => {
  const rows = await (await make()).list({ agentId: 'second' })
  expect(rows.filter(({ tags }) => tags.includes('default')).map(({ id }) => id)).toEqual(['two'])
})

it('are all of them, or those of the configuration', async () => {
  const rows = await make()
  expect((await rows.list()).map(({ provider }) => provider)).toEqual(['near', 'far', 'builtin'])
  expect((await rows.list({ configured: true })).map(({ provider }) => provider)).toEqual(['near', 'far'])
  const bare = await make({})
  expect((await bare.list({ configured: true })).map(({ provider }) => provider)).toEqual(['builtin'])
})

describe('with details', () => {
  it('say where they run, and what they take', async () => {
    const rows = await (await make(CONFIG, { OPENAI_API_KEY: 'x' })).list({ details: true })
    expect(rows.map(({ provider, local, input }) => [provider, local, input])).toEqual([
      ['near', true, ['text', 'image']],
      ['far', false, ['text']],
      ['openai', false, ['text']],
      ['builtin', true, ['text']],
    ])
  })

  it.each([
    ['http://localhost:1/v1', true],
    ['http://[::1]:1/v1', true],
    ['http://127.9.9.9/v1', true],
    ['http://10.0.0.1/v1', false],
    ['http://localhost.example/v1', false],
  ])('%s is local: %s', async (baseUrl, local) => {
    const rows = await (await make({ models: { providers: { x: { baseUrl, models: [{ id: 'm' }] } } } })).list({ details: true })
    expect(rows[0]!.local).toBe(local)
  })
})

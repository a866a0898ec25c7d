// Which model answers: configuration, then a key in the environment, then a server on this machine, then the built-in.

import { describe, expect, it } from 'vitest'
import type { Fetch, FetchResponse, ModelSpec } from '../../../src/index.ts'
import { settled } from '../../harness/clock.ts'
import { createConversation, modelOf, type ConversationOptions } from './conversation.ts'

/** A provider of the OpenAI wire that remembers what it was asked to make. */
function wire(api = 'openai-completions') {
  const specs: ModelSpec[] = []
  return {
    specs,
    provider: { api, model: (spec: ModelSpec) => (specs.push(spec), modelOf(`${spec.provider}/${spec.model}`, async function* () {})) },
  }
}

async function make(options: ConversationOptions = {}) {
  const { specs, provider } = wire()
  const conversation = await createConversation({ providers: [provider], ...options })
  const { models, logged } = conversation
  return {
    ...conversation,
    specs,
    chosen: (override?: string) => {
      const { provider: from, model } = models.choiceFor('main', override)
      return `${from}/${model}`
    },
    ids: async (override?: string) => (await models.candidates('main', override)).map((model) => model.id),
    lines: () => logged.map((record) => `${record.level}: ${record.message}`),
  }
}

const response = (status: number, text: string): FetchResponse => ({ status, headers: { get: () => null }, body: null, text: async () => text })

/** Servers on loopback: what they answer, and when. Nobody else is there. */
function servers(answers: Readonly<Record<string, FetchResponse | Promise<FetchResponse>>>) {
  const asked: string[] = []
  const fetch: Fetch = (url, { method, headers, signal }) => {
    asked.push(`${method} ${url} ${JSON.stringify(headers)}`)
    const found = answers[new URL(url).port]
    if (found === undefined) return Promise.reject(new Error('connection refused'))
    return Promise.race([found, new Promise<never>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)))])
  }
  return { asked, fetch, loopback: true }
}
const OLLAMA = '11434'
const LM_STUDIO = '1234'
const tags = (...names: readonly string[]) => response(200, JSON.stringify({ models: names.map((name) => ({ name })) }))
const list = (...ids: readonly string[]) => response(200, JSON.stringify({ data: ids.map((id) => ({ id })) }))

const MOCK = { mock: { baseUrl: 'http://mock.test/v1/', apiKey: 'sk-mock', models: [{ id: 'plain', contextWindow: 8000 }, { id: 'clever', reasoning: true }] } }

describe('the order', () => {
  it('begins with what an agent names, then what all agents share', async () => {
    const config = {
      agents: { defaults: { model: 'mock/clever' }, list: [{ id: 'main' }, { id: 'own', model: { primary: 'mock/other', fallbacks: ['mock/plain'] } }] },
      models: { providers: MOCK },
    }
    const { chosen, models } = await make({ config, env: { OPENAI_API_KEY: 'k' } })
    expect(chosen()).toBe('mock/clever')
    expect(models.choiceFor('own')).toMatchObject({ provider: 'mock', model: 'other' })
    expect(chosen('openai/gpt-x')).toBe('openai/gpt-x')
  })

  it('goes on with the first model of a configured provider, before any key', async () => {
    const { chosen } = await make({ config: { models: { providers: { empty: { baseUrl: 'http://e.test' }, ...MOCK } } }, env: { OPENAI_API_KEY: 'k' } })
    expect(chosen()).toBe('mock/plain')
  })

  it('goes on with the keys in the environment, in the order of the list', async () => {
    expect((await make({ env: { XAI_API_KEY: 'k', GROQ_API_KEY: 'k' } })).chosen()).toMatch(/^groq\//)
    expect((await make({ env: { GROQ_API_KEY: 'k', OPENAI_API_KEY: 'k' } })).chosen()).toMatch(/^openai\//)
    expect((await make({ env: { OPENAI_API_KEY: '' } })).chosen()).toBe('builtin/operator')
  })

  it('ends with the built-in model', async () => {
    const { chosen, ids, models, lines } = await make()
    models.begin()
    expect(chosen()).toBe('builtin/operator')
    expect(await ids()).toEqual(['builtin/operator'])
    expect(models.configured).toBe(false)
    expect(lines()).toEqual([expect.stringContaining('model: builtin/operator, which is not a language model')])
  })

  it('knows keys of vendors with a wire of their own, by every name', async () => {
    for (const [name, provider] of [['ANTHROPIC_API_KEY', 'anthropic'], ['GEMINI_API_KEY', 'google'], ['GOOGLE_API_KEY', 'google']] as const) {
      const { chosen, lines, models } = await make({ env: { [name]: 'k' } })
      models.begin()
      expect(chosen()).toMatch(new RegExp(`^${provider}/`))
      expect(lines().at(-1)).toContain(`info: model: ${provider}/`)
    }
  })
})

describe('servers on this machine', () => {
  it('are found, and answer when nothing else would', async () => {
    const { asked, ...around } = servers({ [OLLAMA]: tags('llama3:8b', 'qwen3') })
    const { chosen, ids, models, specs, lines } = await make(around)
    models.begin()
    await settled()
    expect(chosen()).toBe('ollama/llama3:8b')
    expect(await ids()).toEqual(['ollama/llama3:8b'])
    expect(specs).toMatchObject([{ baseUrl: 'http://127.0.0.1:11434/v1', apiKey: null }])
    expect(models.configured).toBe(true)
    expect(lines()).toEqual(['info: model: ollama/llama3:8b'])
    expect(asked.toSorted()[0]).toBe('GET http://127.0.0.1:11434/api/tags {}')
    expect(asked).toHaveLength(4)
  })

  it('count in the order of the list, not of their answers', async () => {
    const late = Promise.withResolvers<FetchResponse>()
    const { chosen, models } = await make(servers({ [OLLAMA]: late.promise, [LM_STUDIO]: list('fast') }))
    models.begin()
    await settled()
    late.resolve(tags('slow'))
    await settled()
    expect(chosen()).toBe('ollama/slow')
  })

  it('have 300 ms to answer, and a run waits as long', async () => {
    const { clock, ids, models } = await make(servers({ [OLLAMA]: new Promise(() => {}), [LM_STUDIO]: list('there') }))
    models.begin()
    let answered: string[] | null = null
    void ids().then((found) => (answered = found))
    await clock.advance(299)
    expect(answered).toBeNull()
    await clock.advance(1)
    expect(answered).toEqual(['lmstudio/there'])
    expect(clock.pending).toBe(0)
  })

  it('that answer nonsense are not there', async () => {
    const nonsense = { [OLLAMA]: response(200, '<html>'), [LM_STUDIO]: response(404, '{"data":[{"id":"x"}]}'), 8080: tags(), 8000: response(200, 'null') }
    const { chosen, models } = await make(servers(nonsense))
    models.begin()
    await settled()
    expect(chosen()).toBe('builtin/operator')
  })

  it('are not asked when something else would answer, or nothing can', async () => {
    const named = { agents: { defaults: { model: 'builtin/operator' } } }
    for (const more of [{ config: named }, { config: { models: { providers: MOCK } } }, { env: { OPENAI_API_KEY: 'k' } }, { loopback: false }]) {
      const { asked, ...around } = servers({ [OLLAMA]: tags('llama3') })
      const { models } = await make({ ...around, ...more })
      models.begin()
      await settled()
      expect(asked, JSON.stringify(more)).toEqual([])
    }
  })

  it('can be named without more, where they can be reached', async () => {
    const { asked: _, ...around } = servers({ [OLLAMA]: tags('llama3') })
    const { models, ids } = await make({ ...around, config: { agents: { defaults: { model: 'ollama/llama3' } } } })
    models.begin()
    await settled()
    expect(await ids()).toEqual(['ollama/llama3'])
  })
})

describe('the models to try', () => {
  const config = { agents: { defaults: { model: { primary: 'mock/plain', fallbacks: ['groq/x', 'builtin/operator'] } } }, models: { providers: MOCK } }

  it('are the chosen one, then its fallbacks', async () => {
    const { ids } = await make({ config, env: { GROQ_API_KEY: 'k' } })
    expect(await ids()).toEqual(['mock/plain', 'groq/x', 'builtin/operator'])
    expect(await ids('mock/clever')).toEqual(['mock/clever', 'groq/x', 'builtin/operator'])
  })

  it('are the chosen one alone, where no other is wanted, whatever the fallbacks are', async () => {
    const { models } = await make({ config })
    expect((await models.candidates('main', 'mock/plain', { alone: true })).map((model) => model.id)).toEqual(['mock/plain'])
  })

  it('are refused when one of them means nothing', async () => {
    const { ids } = await make({ config })
    await expect(ids()).rejects.toThrow('model "groq/x" is not configured')
    await expect(ids('nowhere/x')).rejects.toThrow('model "nowhere/x" is not configured')
  })

  it('are made once, out of what is configured', async () => {
    const providers = { mock: { ...MOCK.mock, headers: { 'x-team': 'crabs' }, timeoutSeconds: 7 }, bare: { baseUrl: 'http://bare.test', apiKey: '' } }
    const { models, specs } = await make({ config: { models: { providers } } })
    const [first] = await models.candidates('main', 'mock/plain')
    const [again] = await models.candidates('main', 'mock/plain')
    expect(again).toBe(first)
    await models.candidates('main', 'bare/x/y')
    expect(specs).toEqual([
      { provider: 'mock', model: 'plain', baseUrl: 'http://mock.test/v1', apiKey: 'sk-mock', headers: { 'x-team': 'crabs' }, timeoutMs: 7000 },
      { provider: 'bare', model: 'x/y', baseUrl: 'http://bare.test', apiKey: null, headers: {}, timeoutMs: 120_000 },
    ])
  })

  it('take the key of the environment where the configuration has none, and the address of the configuration first', async () => {
    const { models, specs } = await make({ config: { models: { providers: { openai: { baseUrl: 'http://proxy.test' } } } }, env: { OPENAI_API_KEY: 'from env' } })
    await models.candidates('main', 'openai/x')
    expect(specs).toMatchObject([{ baseUrl: 'http://proxy.test', apiKey: 'from env' }])
  })

  it('are of the wires that are spoken', async () => {
    const anthropic = { anthropic: { baseUrl: 'http://a.test', api: 'anthropic-messages' } }
    const { ids } = await make({ config: { models: { providers: anthropic } }, providers: [wire().provider, wire('other').provider] })
    await expect(ids('anthropic/claude')).rejects.toThrow('models.providers.anthropic.api "anthropic-messages" is not supported: use "openai-completions", "other"')
  })
})

describe('a name', () => {
  it.each(['', 'gpt', '/x', 'mock/', 'nowhere/x', 'ollama/x'])('%j means nothing', async (id) => {
    const { models } = await make({ config: { models: { providers: MOCK } } })
    expect(() => models.assertKnown(id)).toThrow(`model "${id}" is not configured: name it as "provider/model"`)
  })

  it('means a model when its provider can be reached', async () => {
    const { models } = await make({ config: { models: { providers: MOCK } }, env: { GROQ_API_KEY: 'k' } })
    for (const id of ['mock/plain', 'mock/not listed', 'groq/a/b', 'builtin/anything']) expect(() => models.assertKnown(id)).not.toThrow()
  })

  it('without a provider leaves the choice to what is there', async () => {
    expect((await make({ config: { models: { providers: MOCK } } })).chosen('gpt')).toBe('mock/plain')
  })
})

describe('thinking', () => {
  it('is for models that are said to be able to', async () => {
    const { models } = await make({ config: { models: { providers: MOCK } } })
    for (const level of ['off', 'minimal', 'low', 'medium', 'high']) expect(() => models.assertThinking('main', 'mock/clever', level)).not.toThrow()
    expect(() => models.assertThinking('main', null, 'off')).not.toThrow()
    expect(() => models.assertThinking('main', undefined, 'low')).toThrow('thinkingLevel "low" is not supported for mock/plain (use off)')
    expect(() => models.assertThinking('main', 'mock/clever', 'wild')).toThrow('(use off, minimal, low, medium, high)')
  })
})

describe('the list', () => {
  it('has each model once, marks the one in use, and ends with the built-in', async () => {
    const { models } = await make({ config: { agents: { defaults: { model: 'mock/unlisted' } }, models: { providers: MOCK } }, env: { GROQ_API_KEY: 'k' } })
    const rows = await models.list()
    expect(rows.map(({ provider, model }) => `${provider}/${model}`)).toEqual(['mock/plain', 'mock/clever', 'mock/unlisted', 'groq/openai/gpt-oss-120b', 'builtin/operator'])
    expect(rows.filter((row) => row.isDefault).map((row) => row.model)).toEqual(['unlisted'])
    expect(rows[0]).toMatchObject({ name: 'plain', contextWindow: 8000, reasoning: false, available: true })
    expect(rows[1]).toMatchObject({ reasoning: true })
  })

  it('waits for the servers that are being looked for, and has all their models', async () => {
    const { models, clock } = await make(servers({ [OLLAMA]: tags('a', 'b'), [LM_STUDIO]: new Promise(() => {}) }))
    models.begin()
    const listed = models.list()
    await clock.advance(300)
    expect((await listed).map(({ provider, model, isDefault }) => [`${provider}/${model}`, isDefault])).toEqual([
      ['ollama/a', true],
      ['ollama/b', false],
      ['builtin/operator', false],
    ])
  })
})

describe('what is not language', () => {
  it('is of a provider that has it, and refused by name elsewhere', async () => {
    const { openaiCompatible } = await import('../../../src/models/openai-compatible.ts')
    const { sdkProviders } = await import('../../../src/models/sdk-wires.ts')
    const providers = { ...MOCK, claude: { api: 'anthropic-messages', apiKey: 'k' }, gemini: { api: 'google-generative-ai', apiKey: 'k' } }
    const { models } = await make({ config: { models: { providers } }, providers: [openaiCompatible, ...sdkProviders()] })
    expect(models.embedding('mock/embeds')).toMatchObject({ id: 'mock/embeds', provider: 'mock', model: 'embeds' })
    expect(models.speech('gemini/says').id).toBe('gemini/says')
    expect(models.transcription('gemini/hears').id).toBe('gemini/hears')
    expect(() => models.embedding('claude/x')).toThrow('claude has no embedding here')
    expect(() => models.speech('builtin/operator')).toThrow('the built-in model has no speech')
    expect(() => models.transcription('nowhere/x')).toThrow('model "nowhere/x" is not configured')
    expect(() => models.embedding('bare')).toThrow('model "bare" is not configured')
  })
})

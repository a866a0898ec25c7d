// Asking a provider: what its answer, its failure or its silence means.

import { describe, expect, it } from 'vitest'
import { ModelError, type Model, type ModelProvider } from '../../../src/ports/model.ts'
import { createModelProbe } from '../../../src/services/conversation/model-probe.ts'
import { createModels } from '../../../src/services/conversation/models.ts'
import { createConfig } from '../../../src/services/operations/config.ts'
import { createBuiltinModel } from '../../../src/models/builtin.ts'
import { settled } from '../../harness/clock.ts'
import { foundation } from '../../harness/foundation.ts'

type Play = (signal: AbortSignal) => AsyncIterable<readonly { type: 'text'; text: string }[]>

async function create(play: Play, given: unknown = { models: { providers: { far: { baseUrl: 'http://x/v1', apiKey: 'sk-far', models: [{ id: 'm' }] } } } }) {
  const { clock, log } = foundation()
  const config = createConfig({ source: { path: 'x', read: async () => null }, env: {}, log, given })
  await config.load()
  const asked: unknown[] = []
  const provider: ModelProvider = {
    api: 'openai-completions',
    model(spec): Model {
      const id = `${spec.provider}/${spec.model}`
      return { id, provider: spec.provider, model: spec.model, api: 'openai-completions', stream: (request, { signal }) => (asked.push({ spec, request }), play(signal)) as never }
    },
  }
  const deps = { config, env: {}, providers: [provider], builtin: createBuiltinModel(clock), fetch: () => Promise.reject(new Error('none')), clock, log, loopback: false }
  return { clock, asked, probe: createModelProbe({ ...deps, models: createModels(deps) }) }
}

const says: Play = async function* () {
  yield [{ type: 'text', text: 'OK' }]
}
const fails = (error: Error): Play =>
  async function* () {
    if (error) throw error
    yield []
  }
const silent: Play = async function* (signal) {
  await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)))
  yield []
}

it('is content with the first word', async () => {
  const { asked, probe } = await create(says)
  const answered = { status: 'ok', latencyMs: 0 }
  expect(await probe.provider('far', 1000)).toEqual({ provider: 'far', ...answered, results: [{ label: 'Configured credential · far/m', ...answered }] })
  expect(asked).toMatchObject([{ spec: { model: 'm', apiKey: 'sk-far' }, request: { settings: { maxTokens: 16 }, tools: [] } }])
})

it.each([
  [new ModelError('auth', 'bad key sk-far', 401), 'auth', 'bad key …'],
  [new ModelError('rate_limit', 'slow down', 429), 'rate_limit', 'slow down'],
  [new ModelError('rate_limit', 'insufficient_quota', 429), 'billing', 'insufficient_quota'],
  [new ModelError('invalid', 'pay first', 402), 'billing', 'pay first'],
  [new ModelError('invalid', 'no such path', 404), 'no_model', 'no such path'],
  [new ModelError('invalid', 'The model `m` does not exist', 400), 'no_model', 'The model `m` does not exist'],
  [new ModelError('invalid', 'what?', 400), 'format', 'what?'],
  [new ModelError('timeout', 'silence'), 'timeout', 'silence'],
  [new ModelError('server', 'oops', 500), 'unknown', 'oops'],
  [new ModelError('network', 'refused'), 'unknown', 'refused'],
  [new Error('a bug'), 'unknown', 'a bug'],
  [new ModelError('server', 'x'.repeat(5000), 500), 'unknown', 'x'.repeat(300)],
])('takes %s for %s', async (error, status, said) => {
  const { probe } = await create(fails(error))
  expect(await probe.provider('far', 1000)).toMatchObject({ status, error: said })
})

describe('a provider that says nothing', () => {
  it('is not waited for longer than was said', async () => {
    const { clock, probe } = await create(silent)
    const probed = probe.provider('far', 1000)
    await settled()
    await clock.advance(1000)
    expect(await probed).toMatchObject({ status: 'timeout', latencyMs: 1000 })
    expect(clock.pending).toBe(0)
  })

  it('is not waited for when nobody waits any more', async () => {
    const { clock, probe } = await create(silent)
    const aborter = new AbortController()
    const probed = probe.provider('far', 60_000, aborter.signal)
    await settled()
    aborter.abort(new Error('left'))
    expect(await probed).toMatchObject({ status: 'unknown', error: 'left' })
    expect(clock.pending).toBe(0)
  })
})

it('has nothing to ask where there is no provider, or no model', async () => {
  const { asked, probe } = await create(says, { models: { providers: { bare: { baseUrl: 'http://x/v1' } } } })
  expect(await probe.provider('nobody', 10)).toEqual({ provider: 'nobody', status: 'unknown', error: 'No probe targets are available for this provider.', results: [] })
  expect(await probe.provider('openai', 10)).toMatchObject({ status: 'unknown' })
  expect(await probe.provider('bare', 10)).toMatchObject({ status: 'no_model' })
  expect(asked).toEqual([])
})

it('asks one that is not configured yet', async () => {
  const { asked, probe } = await create(says)
  expect(await probe.candidate({ provider: 'new', model: 'n', baseUrl: 'http://y/v1/', apiKey: null }, 1000)).toEqual({ label: 'new/n', status: 'ok', latencyMs: 0 })
  expect(asked).toMatchObject([{ spec: { baseUrl: 'http://y/v1', apiKey: null } }])
  expect(await probe.candidate({ provider: 'new', model: 'n', baseUrl: 'http://y', apiKey: null, api: 'other' }, 1000)).toMatchObject({ status: 'format' })
})

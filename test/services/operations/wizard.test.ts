// The setup: what is kept between its steps and for how long, and what it writes.

import { describe, expect, it } from 'vitest'
import type { Candidate, ProbeTarget } from '../../../src/services/conversation/model-probe.ts'
import { createWizard } from '../../../src/services/operations/wizard.ts'
import { fakeFile, startConfiguration, type ConfigurationOptions } from './configuration.ts'

const HALF_HOUR = 30 * 60_000

async function create(options: ConfigurationOptions = {}, answers: readonly ProbeTarget[] = [{ label: 'x', status: 'ok', latencyMs: 7 }]) {
  const on = await startConfiguration(options)
  const asked: Candidate[] = []
  const probe = {
    provider: () => Promise.reject(new Error('not asked here')),
    async candidate(candidate: Candidate) {
      asked.push(candidate)
      return answers[Math.min(asked.length, answers.length) - 1]!
    },
  }
  const models = { choiceFor: () => ({ provider: 'builtin', model: 'operator' }), configured: false }
  const env = on.ground.platform.env
  const wizard = createWizard({ ...on, ...on.ground, sql: on.sql, clock: on.clock, env, writer: on.configWriter, models: models as never, probe })
  const answer = (sessionId: string, stepId: string, value?: unknown) => wizard.next(sessionId, { stepId, value }, 'operator')
  async function walk(...steps: (readonly [string, unknown?])[]) {
    const { sessionId } = wizard.start({})
    let last = wizard.status(sessionId)
    for (const [stepId, value] of steps) last = await answer(sessionId, stepId, value)
    return { sessionId, last }
  }
  return { ...on, wizard, asked, answer, walk }
}

const stored = (sql: { all<Row>(query: string): Row[] }) => JSON.stringify(sql.all("SELECT value FROM collections WHERE name = 'wizard-sessions'"))

describe('what is written', () => {
  it('is the key and the model, once, at the end', async () => {
    const { answer, asked, config, file, sql, walk } = await create()
    const { sessionId, last } = await walk(['welcome'], ['provider', 'openai'], ['apiKey', 'sk-new'])
    expect(last.step).toMatchObject({ id: 'finish', message: expect.stringContaining('has answered in 7 ms') })
    expect(asked).toMatchObject([{ provider: 'openai', apiKey: 'sk-new', baseUrl: 'https://api.openai.com/v1' }])
    expect(file.written).toEqual([])
    expect(await answer(sessionId, 'finish', true)).toMatchObject({ done: true, status: 'done', modelRef: expect.stringMatching(/^openai\//) })
    expect(config.current.models?.providers?.['openai']).toEqual({ apiKey: 'sk-new' })
    expect(config.current.agents?.defaults?.model).toMatch(/^openai\//)
    expect(stored(sql)).not.toContain('sk-new')
  })

  it('leaves the key in the environment where it is', async () => {
    const { answer, asked, config, walk } = await create({ env: { OPENAI_API_KEY: 'sk-env' } })
    const { sessionId, last } = await walk(['welcome'], ['provider', 'openai'])
    expect(last.step?.id).toBe('finish')
    expect(asked).toMatchObject([{ apiKey: 'sk-env' }])
    await answer(sessionId, 'finish', true)
    expect(JSON.stringify(config.current)).not.toContain('sk-env')
    expect(config.current.agents?.defaults?.model).toMatch(/^openai\//)
  })

  it('has the workspace that was wished for, and what stood there before', async () => {
    const { config, wizard, answer } = await create({ file: fakeFile('{ session: { mainKey: "mine" } }') })
    const { sessionId } = wizard.start({ workspace: '~/agent' })
    await answer(sessionId, 'welcome')
    expect(await answer(sessionId, 'provider', 'skip')).toMatchObject({ done: true, modelRef: null })
    expect(config.current).toEqual({ session: { mainKey: 'mine' }, agents: { defaults: { workspace: '~/agent' } } })
  })

  it('is nothing when it cannot be written: the setup says so', async () => {
    const { answer, file, walk, wizard } = await create()
    const { sessionId } = await walk(['welcome'], ['provider', 'openai'], ['apiKey', 'sk-new'])
    file.refuses = new Error('EROFS')
    expect(await answer(sessionId, 'finish', true)).toMatchObject({ done: true, status: 'error', error: 'the configuration could not be written: EROFS' })
    expect(wizard.status(sessionId)).toMatchObject({ status: 'error' })
  })
})

describe('a provider that does not answer', () => {
  const failing: readonly ProbeTarget[] = [
    { label: 'x', status: 'auth', error: 'wrong key' },
    { label: 'x', status: 'timeout' },
    { label: 'x', status: 'ok', latencyMs: 1 },
  ]

  it('is asked again, with the same key or another, or another one is chosen', async () => {
    const { answer, asked, walk } = await create({}, failing)
    const { sessionId, last } = await walk(['welcome'], ['provider', 'openai'], ['apiKey', 'one'])
    expect(last.step).toMatchObject({ id: 'failed', message: expect.stringContaining('auth (wrong key)') })
    expect((await answer(sessionId, 'failed', 'again')).step).toMatchObject({ id: 'failed', message: expect.stringContaining('timeout') })
    expect((await answer(sessionId, 'failed', 'key')).step).toMatchObject({ id: 'apiKey' })
    expect((await answer(sessionId, 'apiKey', 'two')).step).toMatchObject({ id: 'finish' })
    expect(asked.map(({ apiKey }) => apiKey)).toEqual(['one', 'one', 'two'])
  })

  it('can be left for another', async () => {
    const { answer, walk } = await create({}, failing)
    const { sessionId } = await walk(['welcome'], ['provider', 'openai'], ['apiKey', 'one'])
    expect((await answer(sessionId, 'failed', 'provider')).step).toMatchObject({ id: 'provider' })
  })
})

describe('between its steps', () => {
  it('outlives the gateway', async () => {
    const first = await create()
    const { sessionId } = await first.walk(['welcome'], ['provider', 'custom'], ['baseUrl', 'http://x/v1'])
    await first.commit.flush()
    const second = await create({ sql: first.sql, clock: first.clock, file: first.file })
    expect(second.wizard.status(sessionId)).toMatchObject({ status: 'running', step: { id: 'model' } })
  })

  it('is forgotten half an hour after the last answer, keys and all', async () => {
    const { alarmAt, answer, clock, sql, walk, wakeups, wizard } = await create({}, [{ label: 'x', status: 'auth' }])
    const { sessionId } = await walk(['welcome'], ['provider', 'openai'], ['apiKey', 'sk-lies-about'])
    expect(alarmAt()).toBe(clock.now() + HALF_HOUR)
    expect(stored(sql)).toContain('sk-lies-about')
    await clock.advance(HALF_HOUR - 1)
    await answer(sessionId, 'failed', 'again')
    await clock.advance(HALF_HOUR - 1)
    expect(wizard.status(sessionId).status).toBe('running')
    await clock.advance(1)
    expect(() => wizard.status(sessionId)).toThrow('wizard not found')
    await wakeups.ring()
    expect(stored(sql)).toBe('[]')
  })

  it('is forgotten at the start, what has expired while nothing ran', async () => {
    const first = await create()
    await first.walk(['welcome'])
    await first.commit.flush()
    await first.clock.advance(HALF_HOUR)
    const second = await create({ sql: first.sql, clock: first.clock, file: first.file })
    second.commit.tx(() => second.upkeep.run(second.clock.now()))
    expect(stored(second.sql)).toBe('[]')
  })

  it('goes on for eight at a time, and keeps account of few that have ended', async () => {
    const { sql, wizard } = await create()
    const begun = Array.from({ length: 8 }, () => wizard.start({}).sessionId)
    expect(() => wizard.start({})).toThrow('too many setups are under way')
    for (const sessionId of begun) wizard.cancel(sessionId)
    for (let n = 0; n < 100; n++) wizard.cancel(wizard.start({}).sessionId)
    expect(sql.all("SELECT 1 FROM collections WHERE name = 'wizard-sessions'").length).toBeLessThanOrEqual(33)
  })

  it('does not let an answer overtake another, and drops one that comes after the cancellation', async () => {
    const on = await create()
    let release = () => {}
    const held = new Promise<void>((resolve) => (release = resolve))
    const probe = { provider: () => Promise.reject(new Error('x')), candidate: async () => (await held, { label: 'x', status: 'ok' as const, latencyMs: 1 }) }
    const models = { choiceFor: () => ({ provider: 'builtin', model: 'operator' }), configured: false }
    const wizard = createWizard({ ...on, ...on.ground, sql: on.sql, clock: on.clock, env: {}, writer: on.configWriter, models: models as never, probe })
    const { sessionId } = wizard.start({})
    await wizard.next(sessionId, { stepId: 'welcome', value: null }, 'x')
    await wizard.next(sessionId, { stepId: 'provider', value: 'openai' }, 'x')
    const asking = wizard.next(sessionId, { stepId: 'apiKey', value: 'sk' }, 'x')
    await expect(wizard.next(sessionId, { stepId: 'apiKey', value: 'other' }, 'x')).rejects.toThrow('the provider is being asked')
    wizard.cancel(sessionId)
    release()
    expect(await asking).toMatchObject({ done: true, status: 'cancelled' })
    expect(stored(on.sql)).not.toContain('"sk"')
  })
})

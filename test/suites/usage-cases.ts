// What runs used, background work, and the files that agents made.

import { expect, it } from 'vitest'
import type { Client, Data } from '../harness/client.ts'
import { freshKey, script, type Reach, type Target } from './target.ts'

const today = (): string => new Date().toISOString().slice(0, 10)
const refused = async (client: Client, method: string, params: Data): Promise<string> => (await client.request(method, params)).error!.message

export function usageCases(at: Reach, get: () => Target): void {
  /** A session in which a model answered once: 12 tokens, 4 of them cached, became 5. */
  async function used(client: Client, agentId = 'main'): Promise<{ key: string; model: string }> {
    const [key, model] = [freshKey(agentId), `usage-${crypto.randomUUID()}`]
    get().upstream.on(model, ({ answer }) => answer('counted'))
    await client.call('sessions.create', { key, model: `mock/${model}` })
    const idempotencyKey = crypto.randomUUID()
    await client.call('chat.send', { sessionKey: key, message: 'count me', idempotencyKey })
    await client.ended(idempotencyKey)
    return { key, model }
  }

  it('counts tokens by day, and tells what has no price', async () => {
    const { client } = await at.join()
    const { model } = await used(client)
    const report = await client.call('usage.cost', { days: 2, mode: 'utc' })
    expect(report).toMatchObject({ days: 2, cacheStatus: { status: 'fresh' } })
    expect(report.daily).toHaveLength(2)
    const day = report.daily.at(-1)
    expect(day).toMatchObject({ date: today(), missingCostByModel: { [`mock/${model}`]: 1 } })
    expect(day.totalTokens).toBeGreaterThanOrEqual(17)
    expect(report.totals.totalTokens).toBeGreaterThanOrEqual(day.totalTokens)
    expect(report.totals.totalCost).toBe(0)
  })

  it('covers the days that are asked for', async () => {
    const { client } = await at.join()
    expect((await client.call('usage.cost', { mode: 'utc' })).daily).toHaveLength(30)
    expect((await client.call('usage.cost', { range: '90d' })).daily).toHaveLength(90)
    expect((await client.call('usage.cost', { days: 0 })).daily).toHaveLength(1)
    const spring = { mode: 'specific', timeZone: 'Europe/Stockholm', startDate: '2026-03-28', endDate: '2026-03-30' }
    expect((await client.call('usage.cost', spring)).daily.map(({ date }: Data) => date)).toEqual(['2026-03-28', '2026-03-29', '2026-03-30'])
    await used(client)
    expect((await client.call('usage.cost', { range: 'all', mode: 'utc' })).daily.at(-1).date).toBe(today())
    expect(await refused(client, 'usage.cost', { startDate: '2026-01-01' })).toBe('startDate and endDate must be provided together')
    expect(await refused(client, 'usage.cost', { startDate: '2026-01-02', endDate: '2026-01-01' })).toBe('startDate must not be after endDate')
    expect(await refused(client, 'usage.cost', { startDate: '2026-02-30', endDate: '2026-03-01' })).toBe('there is no day "2026-02-30"')
    expect(await refused(client, 'usage.cost', { mode: 'specific', timeZone: 'Mars/Olympus' })).toContain('unknown time zone')
    expect(await refused(client, 'usage.cost', { range: 'ever' })).toContain('range')
    expect(await refused(client, 'usage.cost', { more: 1 })).toContain("unexpected property 'more'")
  })

  it('is narrowed to an agent', async () => {
    const { client } = await at.join()
    const { model } = await used(client, 'second')
    const missing = async (agentId: string) => (await client.call('usage.cost', { days: 1, mode: 'utc', agentId })).totals.missingCostByModel ?? {}
    expect(await missing('second')).toHaveProperty([`mock/${model}`])
    expect(await missing('main')).not.toHaveProperty([`mock/${model}`])
    expect(await refused(client, 'usage.cost', { agentId: 'nobody' })).toBe('Unknown agent id "nobody"')
  })

  it('counts what came over HTTP, too', async () => {
    const { client } = await at.join()
    const model = `usage-${crypto.randomUUID()}`
    get().upstream.on(model, ({ answer }) => answer('counted'))
    const answer = await at.http('/v1/chat/completions', { model: `mock/${model}`, messages: [{ role: 'user', content: 'x' }] })
    expect(answer.status).toBe(200)
    await answer.json()
    const { totals } = await client.call('usage.cost', { days: 1, mode: 'utc' })
    expect(totals.missingCostByModel).toHaveProperty([`mock/${model}`], 1)
    const { sessions } = await client.call('sessions.usage', { range: '7d', mode: 'utc', limit: 1000 })
    expect(sessions.find((session: Data) => session.model === model)?.usage).toMatchObject({ totalTokens: 17, messageCounts: { user: 1, assistant: 1 } })
  })

  it('knows what nothing costs: the built-in model', async () => {
    const { client } = await at.join()
    const [key, idempotencyKey] = [freshKey(), crypto.randomUUID()]
    await client.call('chat.send', { sessionKey: key, message: script({ text: 'free' }), idempotencyKey })
    await client.ended(idempotencyKey)
    const { points } = await client.call('sessions.usage.timeseries', { key })
    expect(points).toMatchObject([{ cost: 0, cumulativeCost: 0 }])
    expect((await client.call('usage.cost', { days: 1 })).totals.missingCostByModel ?? {}).not.toHaveProperty(['builtin/operator'])
  })

  it('tells of one session all that is known', async () => {
    const { client } = await at.join()
    const { key, model } = await used(client)
    const report = await client.call('sessions.usage', { key, mode: 'utc', range: '7d' })
    expect(report.sessions).toHaveLength(1)
    const [{ usage, ...session }] = report.sessions
    expect(session).toMatchObject({ key, agentId: 'main', modelProvider: 'mock', model, scope: 'instance' })
    expect(usage).toMatchObject({
      input: 8,
      cacheRead: 4,
      output: 5,
      totalTokens: 17,
      missingCostEntries: 1,
      messageCounts: { total: 2, user: 1, assistant: 1, toolCalls: 0, errors: 0 },
      modelUsage: [{ provider: 'mock', model, count: 1 }],
      activityDates: [today()],
      dailyBreakdown: [{ date: today(), tokens: 17 }],
    })
    expect(usage.latency).toMatchObject({ count: 1 })
    expect(report.totals).toMatchObject({ totalTokens: 17 })
    expect(report.aggregates).toMatchObject({ sessionCount: 1, byAgent: [{ agentId: 'main' }], daily: [{ date: today(), messages: 2 }] })
    expect((await client.call('sessions.usage', { key: freshKey() })).sessions).toEqual([])
  })

  it('tells of all sessions, the latest first', async () => {
    const { client } = await at.join()
    const { key } = await used(client)
    const report = await client.call('sessions.usage', { mode: 'utc', range: '7d', limit: 2 })
    expect(report.sessions[0]).toMatchObject({ key, usage: { totalTokens: 17 } })
    expect(report.sessions).toHaveLength(2)
    expect(report.aggregates.sessionCount).toBeGreaterThan(2)
    expect(report.aggregates.byProvider.map(({ provider }: Data) => provider)).toContain('mock')
    expect(await refused(client, 'sessions.usage', { range: 'bad' })).toContain('range')
    expect(await refused(client, 'sessions.usage', { limit: 0 })).toContain('limit')
    expect(await refused(client, 'sessions.usage', { agentId: 'nobody' })).toContain('nobody')
  })

  it('counts the calls of tools', async () => {
    const { client } = await at.join()
    const [key, idempotencyKey] = [freshKey(), crypto.randomUUID()]
    await client.call('chat.send', { sessionKey: key, message: script({ tool: { name: 'gateway_status' } }, { text: 'done' }), idempotencyKey })
    await client.ended(idempotencyKey)
    const [{ usage }] = (await client.call('sessions.usage', { key, range: '7d' })).sessions
    expect(usage.messageCounts).toMatchObject({ user: 1, assistant: 2, toolCalls: 1, toolResults: 1 })
    const { tools } = (await client.call('sessions.usage', { range: '7d' })).aggregates
    expect(tools.tools.find(({ name }: Data) => name === 'gateway_status').count).toBeGreaterThan(0)
  })

  it('tells what each answer took', async () => {
    const { client } = await at.join()
    const { key } = await used(client)
    const { points } = await client.call('sessions.usage.timeseries', { key })
    expect(points).toMatchObject([{ input: 8, output: 5, totalTokens: 17, cost: null, cumulativeTokens: 17, cumulativeCost: 0 }])
    expect(await client.call('sessions.usage.logs', { key })).toMatchObject({
      logs: [{ role: 'user', content: 'count me' }, { role: 'assistant', content: 'counted', tokens: 17, cost: null }],
    })
    expect(await client.call('sessions.usage.logs', { key: freshKey() })).toEqual({ logs: [] })
    expect(await refused(client, 'sessions.usage.logs', {})).toBe('key is required for logs')
    expect(await refused(client, 'sessions.usage.timeseries', {})).toBe('key is required for timeseries')
    expect(await refused(client, 'sessions.usage.timeseries', { key: 'agent:main:nowhere' })).toBe('No transcript found for session: agent:main:nowhere')
  })

  it('has no quotas to tell of', async () => {
    const { client } = await at.join()
    expect(await client.call('usage.status', {})).toEqual({ updatedAt: expect.any(Number), providers: [] })
    expect(await refused(client, 'usage.status', { more: 1 })).toContain("unexpected property 'more'")
  })
}

export function taskCases(at: Reach): void {
  async function work(client: Client, message: string, sessionKey = freshKey()): Promise<{ runId: string; sessionKey: string }> {
    const runId = crypto.randomUUID()
    await client.call('agent', { message, sessionKey, idempotencyKey: runId })
    return { runId, sessionKey }
  }

  const taskOf = async (client: Client, sessionKey: string): Promise<Data> => (await client.call('tasks.list', { sessionKey })).tasks[0]

  it('tells of background work from its begin to its end', async () => {
    const { client } = await at.join()
    const { runId, sessionKey } = await work(client, script({ text: 'worked' }))
    await client.ended(runId)
    await client.event('task', (payload) => payload.task.runId === runId && payload.task.status === 'completed')
    const told = client.events('task').filter(({ task }) => task.runId === runId)
    expect(told.map(({ action, task }) => [action, task.status])).toEqual([['upserted', 'queued'], ['upserted', 'running'], ['upserted', 'completed']])
    expect(new Set(told.map(({ task }) => task.id)).size).toBe(1)
    const task = await taskOf(client, sessionKey)
    expect(task).toMatchObject({ kind: 'cli', runtime: 'cli', status: 'completed', agentId: 'main', sessionKey, runId, terminalSummary: 'completed' })
    expect((await client.call('tasks.get', { taskId: task.id })).task).toEqual({ ...task, prompt: script({ text: 'worked' }), result: 'worked' })
  })

  it('is not told of conversations', async () => {
    const { client } = await at.join()
    const [sessionKey, idempotencyKey] = [freshKey(), crypto.randomUUID()]
    await client.call('chat.send', { sessionKey, message: script({ text: 'talked' }), idempotencyKey })
    await client.ended(idempotencyKey)
    expect((await client.call('tasks.list', { sessionKey })).tasks).toEqual([])
  })

  it('is listed in pages, narrowed', async () => {
    const { client } = await at.join()
    const sessionKey = freshKey('second')
    for (const text of ['one', 'two', 'three']) {
      const { runId } = await work(client, script({ text }), sessionKey)
      await client.ended(runId)
    }
    const first = await client.call('tasks.list', { sessionKey, limit: 2 })
    expect(first.tasks.map(({ title }: Data) => title)).toEqual([script({ text: 'three' }), script({ text: 'two' })])
    const rest = await client.call('tasks.list', { sessionKey, limit: 2, cursor: first.nextCursor })
    expect(rest.tasks.map(({ title }: Data) => title)).toEqual([script({ text: 'one' })])
    expect(rest.nextCursor).toBeUndefined()
    expect((await client.call('tasks.list', { sessionKey, status: ['failed', 'queued'] })).tasks).toEqual([])
    expect((await client.call('tasks.list', { agentId: 'second', status: 'completed', limit: 3 })).tasks).toHaveLength(3)
    expect(await refused(client, 'tasks.list', { cursor: 'bad' })).toBe('invalid or expired tasks.list cursor; restart pagination without a cursor')
    expect(await refused(client, 'tasks.list', { limit: 501 })).toContain('limit')
  })

  it('fails as its run does', async () => {
    const { client } = await at.join()
    const sessionKey = freshKey()
    const runId = crypto.randomUUID()
    await client.request('agent', { message: script({ error: { message: 'broke' } }), sessionKey, idempotencyKey: runId })
    await client.ended(runId)
    expect(await taskOf(client, sessionKey)).toMatchObject({ status: 'failed', error: 'broke', terminalSummary: 'broke' })
  })

  it('can be ended', async () => {
    const { client } = await at.join()
    const { runId, sessionKey } = await work(client, script({ text: 'on' }, { hang: true }))
    const { id: taskId } = await taskOf(client, sessionKey)
    expect(await client.call('tasks.cancel', { taskId })).toMatchObject({ found: true, cancelled: true, task: { status: 'cancelled' } })
    expect(await client.ended(runId)).toMatchObject({ state: 'aborted' })
    expect(await client.call('tasks.cancel', { taskId, reason: 'again' })).toMatchObject({ found: true, cancelled: false, reason: 'Task is already terminal.' })
    expect(await client.call('tasks.cancel', { taskId: 'nowhere' })).toEqual({ found: false, cancelled: false, reason: 'Task not found.' })
    expect(await refused(client, 'tasks.get', { taskId: 'nowhere' })).toBe('task not found: nowhere')
  })

  it('has files that agents made: none yet, and says so', async () => {
    const { client } = await at.join()
    const { runId, sessionKey } = await work(client, script({ text: 'words only' }))
    await client.ended(runId)
    const { id: taskId } = await taskOf(client, sessionKey)
    for (const place of [{ sessionKey }, { runId }, { taskId }]) expect(await client.call('artifacts.list', place)).toEqual({ artifacts: [] })
    expect(await client.call('artifacts.list', { sessionKey, type: 'image', limit: 1 })).toEqual({ artifacts: [] })
    expect(await refused(client, 'artifacts.list', {})).toBe('artifacts require one of sessionKey, runId, or taskId')
    expect(await refused(client, 'artifacts.list', { runId: 'nowhere' })).toBe('no session found for artifact query')
    expect(await refused(client, 'artifacts.get', { sessionKey, artifactId: 'x' })).toBe('artifact not found')
    expect(await refused(client, 'artifacts.download', { sessionKey, artifactId: 'x' })).toBe('artifact not found')
  })
}

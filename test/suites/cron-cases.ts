// Jobs: made, changed, run when they are due, listed, and heard of.

import { describe, expect, it } from 'vitest'
import type { Client, Data } from '../harness/client.ts'
import { loadPublished } from '../harness/published.ts'
import { freshKey, script, textIn, type Reach, type Target } from './target.ts'

const HOUR = 3_600_000
const unique = () => `job ${crypto.randomUUID()}`
/** Soon, but not so soon that it is past when it arrives. */
const soon = () => new Date(Date.now() + 1500).toISOString()

const turn = (more: Data = {}): Data => ({
  name: unique(),
  schedule: { kind: 'every', everyMs: HOUR },
  sessionTarget: 'isolated',
  wakeMode: 'next-heartbeat',
  payload: { kind: 'agentTurn', message: script({ text: 'done' }) },
  delivery: { mode: 'none' },
  ...more,
})
const event = (more: Data = {}): Data => ({ ...turn({ sessionTarget: 'main', payload: { kind: 'systemEvent', text: `it is time ${crypto.randomUUID()}` }, ...more }), delivery: undefined })

const finished = (client: Client, jobId: string): Promise<Data> => client.event('cron', (payload) => payload.jobId === jobId && payload.action === 'finished')
const errorOf = async (client: Client, method: string, params: unknown): Promise<Data> => (await client.request(method, params)).error

export function cronCases(at: Reach, get: () => Target): void {
  const admin = async () => (await at.join()).client

  describe('making', () => {
    it('makes a job, and tells of it', async () => {
      const client = await admin()
      const params = turn({ description: 'what it does', displayName: 'Shown' })
      const job = await client.call('cron.add', params)
      expect(job).toMatchObject({ ...params, enabled: true, nextRunAtMs: job.schedule.anchorMs + HOUR, deliveryPreview: { label: 'not requested' } })
      expect(job.state).toEqual({ nextRunAtMs: job.nextRunAtMs })
      expect(await client.event('cron', (payload) => payload.jobId === job.id)).toMatchObject({ action: 'added', job: { name: params.name }, nextRunAtMs: job.nextRunAtMs })
      const { deliveryPreview: _, ...rest } = job
      expect(await client.call('cron.get', { id: job.id })).toEqual(rest)
    })

    it('makes one for a time of day in a zone', async () => {
      const client = await admin()
      const job = await client.call('cron.add', turn({ schedule: { kind: 'cron', expr: '30 2 * * *', tz: 'Europe/Berlin' } }))
      const time = new Intl.DateTimeFormat('en-GB', { timeZone: 'Europe/Berlin', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }).format(job.nextRunAtMs)
      expect(['02:30', '03:00']).toContain(time)
      expect(job.nextRunAtMs - Date.now()).toBeLessThan(26 * HOUR)
    })

    it('spreads what is due each hour, unless it is to be exact', async () => {
      const client = await admin()
      const spread = await client.call('cron.add', turn({ schedule: { kind: 'cron', expr: '0 * * * *', tz: 'UTC' } }))
      expect(spread.schedule.staggerMs).toBe(300_000)
      const exact = await client.call('cron.add', turn({ schedule: { kind: 'cron', expr: '0 * * * *', tz: 'UTC', staggerMs: 0 } }))
      expect(exact.nextRunAtMs % HOUR).toBe(0)
    })

    it('makes one that is due once, and goes then', async () => {
      const client = await admin()
      const job = await client.call('cron.add', turn({ schedule: { kind: 'at', at: '2030-01-01T00:00:00+02:00' } }))
      expect(job).toMatchObject({ deleteAfterRun: true, schedule: { at: '2029-12-31T22:00:00.000Z' }, nextRunAtMs: Date.UTC(2029, 11, 31, 22) })
      expect(await client.call('cron.add', turn({ schedule: { kind: 'at', at: '2030-01-01' }, deleteAfterRun: false }))).toMatchObject({ deleteAfterRun: false })
    })

    it('makes one that rests', async () => {
      const client = await admin()
      const job = await client.call('cron.add', turn({ enabled: false }))
      expect(job).toMatchObject({ enabled: false, state: {} })
      expect(job).not.toHaveProperty('nextRunAtMs')
    })

    it('announces answers unless it is told otherwise, and says that there is no channel', async () => {
      const client = await admin()
      const job = await client.call('cron.add', turn({ delivery: undefined }))
      expect(job).toMatchObject({ delivery: { mode: 'announce' }, deliveryPreview: { label: 'announce -> last', detail: expect.stringContaining('no channel is connected') } })
    })

    it('makes a declared job once, and changes it', async () => {
      const client = await admin()
      const declared = turn({ declarationKey: `test:${crypto.randomUUID()}` })
      const first = await client.call('cron.add', declared)
      expect(first).toMatchObject({ created: true, job: { declarationKey: declared.declarationKey } })
      expect(first).not.toHaveProperty('updated')
      expect(await client.call('cron.add', declared)).toMatchObject({ created: false, updated: false, job: { id: first.job.id, schedule: first.job.schedule } })
      expect(await client.call('cron.add', { ...declared, name: 'other' })).toMatchObject({ created: false, updated: true, job: { id: first.job.id, name: 'other' } })
    })

    it('keeps what is ours out of results that are published, and tells it elsewhere', async () => {
      const client = await admin()
      const catchUp = { policy: 'window', windowMs: 60_000, max: 3 }
      const job = await client.call('cron.add', turn({ catchUp }))
      expect(job).not.toHaveProperty('catchUp')
      expect((await client.call('cron.get', { id: job.id })).catchUp).toEqual(catchUp)
      expect((await client.call('cron.list', { query: job.name })).jobs).toMatchObject([{ catchUp }])
      expect(await client.call('cron.update', { id: job.id, patch: { catchUp: null } })).not.toHaveProperty('catchUp')
    })
  })

  describe('refusing', () => {
    it.each<[string, Data, string]>([
      ['a time of the past', { schedule: { kind: 'at', at: '2020-01-01T00:00:00Z' } }, 'schedule.at is in the past: 2020-01-01T00:00:00.000Z'],
      ['what is no time', { schedule: { kind: 'at', at: 'tomorrow' } }, 'Invalid schedule.at: expected ISO-8601 timestamp (got tomorrow)'],
      ['a day that no year has', { schedule: { kind: 'at', at: '2030-02-30T00:00:00Z' } }, 'Invalid schedule.at'],
      ['what is too far away', { schedule: { kind: 'at', at: '2300-01-01T00:00:00Z' } }, 'too far in the future'],
      ['what is no expression', { schedule: { kind: 'cron', expr: 'nope' } }, 'CronPattern: invalid configuration format'],
      ['a minute that is none', { schedule: { kind: 'cron', expr: '99 * * * *' } }, 'Invalid value for minute: 99'],
      ['a zone that is none', { schedule: { kind: 'cron', expr: '0 9 * * *', tz: 'Mars/Base' } }, 'time zone "Mars/Base" is not known'],
      ['what never comes', { schedule: { kind: 'cron', expr: '0 0 30 2 *' } }, 'has no upcoming run time and would never fire'],
      ['what is due without a pause', { schedule: { kind: 'every', everyMs: 1 } }, 'use at least 1000'],
      ['a turn in main', { sessionTarget: 'main', delivery: undefined }, 'main cron jobs require payload.kind="systemEvent"'],
      ['an event in isolation', { payload: { kind: 'systemEvent', text: 'x' } }, 'isolated cron jobs require payload.kind="agentTurn"'],
      ['an unknown agent', { agentId: 'nobody' }, 'no longer exists'],
      ['an unknown model', { payload: { kind: 'agentTurn', message: 'x', model: 'nowhere/x' } }, 'is not configured'],
      ['a session that cannot be', { sessionTarget: 'session:agent:nobody:x' }, 'no longer exists'],
      ['a window without a width', { catchUp: { policy: 'window' } }, 'windowMs'],
    ])('%s', async (_, more, message) => {
      const error = await errorOf(await admin(), 'cron.add', turn(more))
      expect(error.code).toBe('INVALID_REQUEST')
      expect(error.message).toContain(message)
    })

    it.each<[string, Data]>([
      ['schedules that wait for the end of a process', { schedule: { kind: 'on-exit', command: 'sleep 1' } }],
      ['schedules that listen to a process', { schedule: { kind: 'stream', command: ['tail', '-f', 'x'] } }],
      ['commands', { payload: { kind: 'command', argv: ['true'] } }],
      ['scripts', { payload: { kind: 'script', script: '1' } }],
      ['triggers', { trigger: { script: 'return true' } }],
      ['pacing', { pacing: { min: '5m' } }],
      ['webhooks', { delivery: { mode: 'webhook', to: 'https://hooks.test/x' } }],
    ])('says what is missing for %s', async (_, more) => {
      const error = await errorOf(await admin(), 'cron.add', turn(more))
      expect(error).toMatchObject({ code: 'UNAVAILABLE', details: { code: 'ABILITY_MISSING', missing: [expect.any(String)] } })
      expect(error.message).toContain(error.details.missing[0])
    })

    it('what is not part of a job', async () => {
      const client = await admin()
      expect((await errorOf(client, 'cron.add', turn({ zork: 1 }))).message).toBe("invalid cron.add params: at root: unexpected property 'zork'")
      expect((await errorOf(client, 'cron.add', { name: 'x' })).message).toContain("must have required property 'schedule'")
      expect((await errorOf(client, 'cron.add', turn({ payload: { kind: 'agentTurn', message: 'x', zork: 1 } }))).message).toContain('zork')
      expect((await errorOf(client, 'cron.add', JSON.parse(JSON.stringify(turn()).replace('{', '{"__proto__":{"a":1},')))).code).toBe('INVALID_REQUEST')
      expect((await errorOf(client, 'cron.add', turn({ payload: { kind: 'heartbeat' } }))).code).toBe('INVALID_REQUEST')
      expect(({} as Data).a).toBeUndefined()
    })

    it('those who are no admins', async () => {
      const reader = (await at.join({ scopes: ['operator.read'] })).client
      const writer = (await at.join({ scopes: ['operator.write'] })).client
      for (const [method, params] of [['cron.add', turn()], ['cron.update', { id: 'x', patch: {} }], ['cron.remove', { id: 'x' }], ['cron.run', { id: 'x' }]] as const) {
        for (const client of [reader, writer]) expect(await errorOf(client, method, params)).toMatchObject({ code: 'FORBIDDEN', details: { missingScope: 'operator.admin' } })
      }
      expect(await reader.call('cron.status', {})).toHaveProperty('jobs')
      expect(await reader.call('cron.list', {})).toHaveProperty('jobs')
      expect(await reader.call('cron.runs', {})).toHaveProperty('entries')
    })

    it('a job that is not there', async () => {
      const client = await admin()
      for (const [method, params] of [['cron.get', {}], ['cron.update', { patch: {} }], ['cron.remove', {}], ['cron.run', {}], ['cron.runs', {}]] as const) {
        for (const named of [{ id: 'nothing' }, { jobId: 'nothing' }]) {
          expect((await errorOf(client, method, { ...named, ...params })).details, method).toEqual({ code: 'CRON_JOB_NOT_FOUND', jobId: 'nothing' })
        }
      }
      expect((await errorOf(client, 'cron.get', {})).message).toContain('invalid cron.get params')
      expect((await errorOf(client, 'cron.runs', { scope: 'job' })).message).toContain('missing id')
      expect((await errorOf(client, 'cron.runs', { id: '../x' })).code).toBe('INVALID_REQUEST')
    })

    it('a client that does not stop', async () => {
      const client = await admin()
      const answers = await Promise.all(Array.from({ length: 31 }, () => client.request('cron.run', { id: 'nothing' })))
      const limited = answers.filter(({ error }) => error!.code === 'UNAVAILABLE')
      expect(limited).toHaveLength(1)
      expect(limited[0]!.error).toMatchObject({ retryable: true, message: expect.stringContaining('rate limit exceeded for cron.run'), details: { method: 'cron.run', limit: '30 per 60s' } })
      expect(limited[0]!.error!.retryAfterMs).toBeGreaterThan(0)
      expect((await errorOf(client, 'cron.remove', { id: 'nothing' })).details).toMatchObject({ code: 'CRON_JOB_NOT_FOUND' })
      expect((await errorOf(await admin(), 'cron.run', { id: 'nothing' })).details).toMatchObject({ code: 'CRON_JOB_NOT_FOUND' })
    })
  })

  describe('changing', () => {
    it('changes what is named, clears with null, and tells of it', async () => {
      const client = await admin()
      const { id } = await client.call('cron.add', turn({ displayName: 'Shown' }))
      const changed = await client.call('cron.update', { id, patch: { name: 'other', displayName: null, description: 'd', schedule: { kind: 'cron', expr: '1 9 * * *', tz: 'UTC' } } })
      expect(changed).toMatchObject({ id, name: 'other', description: 'd', schedule: { kind: 'cron', expr: '1 9 * * *' } })
      expect(changed).not.toHaveProperty('displayName')
      expect(changed.nextRunAtMs % (24 * HOUR)).toBe(9 * HOUR + 60_000)
      expect(await client.event('cron', (payload) => payload.jobId === id && payload.action === 'updated')).toMatchObject({ job: { name: 'other' } })
    })

    it('merges the payload, and accepts the older name of the id', async () => {
      const client = await admin()
      const { id } = await client.call('cron.add', turn())
      const model = await client.call('cron.update', { jobId: id, patch: { payload: { kind: 'agentTurn', model: 'mock/plain' } } })
      expect(model.payload).toEqual({ kind: 'agentTurn', message: script({ text: 'done' }), model: 'mock/plain' })
      expect((await client.call('cron.update', { id, patch: { payload: { kind: 'agentTurn', model: null } } })).payload).not.toHaveProperty('model')
      expect((await errorOf(client, 'cron.update', { id, patch: { payload: { kind: 'systemEvent' } } })).message).toContain("required property 'text'")
    })

    it('switches off and on', async () => {
      const client = await admin()
      const { id } = await client.call('cron.add', turn())
      const off = await client.call('cron.update', { id, patch: { enabled: false } })
      expect(off).toMatchObject({ enabled: false })
      expect(off).not.toHaveProperty('nextRunAtMs')
      expect(await client.call('cron.update', { id, patch: { enabled: true } })).toMatchObject({ enabled: true, nextRunAtMs: expect.any(Number) })
    })

    it('only if nobody else has changed it', async () => {
      const client = await admin()
      const { id, configRevision } = await client.call('cron.add', turn())
      const { configRevision: next } = await client.call('cron.update', { id, patch: { name: 'x' }, expectedConfigRevision: configRevision })
      const error = await errorOf(client, 'cron.update', { id, patch: { name: 'y' }, expectedConfigRevision: configRevision })
      expect(error.details).toEqual({ code: 'CRON_JOB_CHANGED', expectedConfigRevision: configRevision, actualConfigRevision: next })
    })

    it('says when it runs next, and leaves the rest of the state to the gateway', async () => {
      const client = await admin()
      const { id } = await client.call('cron.add', turn())
      const nextRunAtMs = Date.now() + 5 * HOUR
      expect(await client.call('cron.update', { id, patch: { state: { nextRunAtMs } } })).toMatchObject({ nextRunAtMs, state: { nextRunAtMs } })
      expect((await errorOf(client, 'cron.update', { id, patch: { state: { lastError: 'x' } } })).message).toContain('the gateway alone keeps state.lastError')
    })

    it('refuses what the whole could not be', async () => {
      const client = await admin()
      const { id } = await client.call('cron.add', turn())
      expect((await errorOf(client, 'cron.update', { id, patch: { sessionTarget: 'main' } })).message).toContain('main cron jobs require')
      expect((await errorOf(client, 'cron.update', { id, patch: { zork: 1 } })).message).toContain("unexpected property 'zork'")
      expect((await errorOf(client, 'cron.update', { id, patch: { schedule: { kind: 'at', at: '2020-01-01' } } })).message).toContain('in the past')
      expect(await client.call('cron.update', { id, patch: { sessionTarget: 'main', payload: { kind: 'systemEvent', text: 'x' } } })).not.toHaveProperty('delivery')
    })

    it('removes', async () => {
      const client = await admin()
      const { id } = await client.call('cron.add', turn())
      expect(await client.call('cron.remove', { id })).toEqual({ ok: true, removed: true })
      expect(await client.event('cron', (payload) => payload.jobId === id && payload.action === 'removed')).toMatchObject({ job: { id } })
      expect((await errorOf(client, 'cron.remove', { id })).details).toMatchObject({ code: 'CRON_JOB_NOT_FOUND' })
    })
  })

  describe('running', () => {
    it('runs what is due, by itself', async () => {
      const client = await admin()
      const { id } = await client.call('cron.add', turn({ schedule: { kind: 'at', at: soon() }, deleteAfterRun: false, agentId: 'second' }))
      const told = await finished(client, id)
      expect(told).toMatchObject({ status: 'ok', completionStatus: 'succeeded', summary: 'done', deliveryStatus: 'not-requested', job: { enabled: false, state: { lastRunStatus: 'ok' } } })
      expect(told.sessionKey).toMatch(new RegExp(`^agent:second:cron:${id}:run:`))
      const { entries, total } = await client.call('cron.runs', { id })
      expect(total).toBe(1)
      expect(entries[0]).toMatchObject({ jobId: id, action: 'finished', status: 'ok', summary: 'done', provider: 'builtin', model: 'operator', runId: told.runId, sessionKey: told.sessionKey })
      expect(await client.call('cron.get', { id })).toMatchObject({ lastRunStatus: 'ok', lastRunAtMs: told.runAtMs })
    })

    it('runs again and again', async () => {
      const client = await admin()
      const { id } = await client.call('cron.add', turn({ schedule: { kind: 'every', everyMs: 1000 } }))
      await expect.poll(async () => (await client.call('cron.runs', { id })).total, { timeout: 15_000, interval: 300 }).toBeGreaterThanOrEqual(3)
      await client.call('cron.remove', { id })
      const { entries } = await client.call('cron.runs', { id })
      expect(new Set(entries.map((entry: Data) => entry.runId)).size).toBe(entries.length)
    })

    it('takes away what is due once and ran well, and keeps what failed', async () => {
      const client = await admin()
      const good = await client.call('cron.add', turn({ schedule: { kind: 'at', at: soon() } }))
      const bad = await client.call('cron.add', turn({ schedule: { kind: 'at', at: soon() }, payload: { kind: 'agentTurn', message: script({ error: { message: 'it failed', kind: 'rate_limit' } }) } }))
      await client.event('cron', (payload) => payload.jobId === good.id && payload.action === 'removed')
      await finished(client, bad.id)
      expect((await errorOf(client, 'cron.get', { id: good.id })).details).toMatchObject({ code: 'CRON_JOB_NOT_FOUND' })
      expect(await client.call('cron.get', { id: bad.id })).toMatchObject({ enabled: false, lastRunStatus: 'error', lastRunError: 'it failed', state: { lastErrorReason: 'rate_limit', consecutiveErrors: 1 } })
      expect((await client.call('cron.runs', { id: good.id })).total).toBe(1)
    })

    it('runs when a person asks', async () => {
      const client = await admin()
      const { id } = await client.call('cron.add', turn())
      const ran = await client.call('cron.run', { id })
      expect(ran).toMatchObject({ ok: true, enqueued: true, runId: expect.stringMatching(new RegExp(`^manual:${id}:\\d+:1$`)) })
      expect(await client.event('cron', (payload) => payload.jobId === id && payload.action === 'started')).toMatchObject({ runId: ran.runId, job: { state: { runningAtMs: expect.any(Number) } } })
      expect(await finished(client, id)).toMatchObject({ runId: ran.runId, status: 'ok' })
      expect(await client.call('cron.run', { id, mode: 'due' })).toEqual({ ok: true, ran: false, reason: 'not-due', processInstanceId: ran.processInstanceId })
      await client.call('cron.update', { id, patch: { enabled: false } })
      expect(await client.call('cron.run', { id, mode: 'if-enabled' })).toMatchObject({ ran: false, reason: 'disabled' })
      expect((await errorOf(client, 'cron.run', { id, expectedProcessInstanceId: 'another' })).message).toContain('Gateway process changed')
      expect(await client.call('cron.run', { id, expectedProcessInstanceId: ran.processInstanceId })).toMatchObject({ enqueued: true })
    })

    it('does not run a job twice at once', async () => {
      const client = await admin()
      const { id } = await client.call('cron.add', turn({ payload: { kind: 'agentTurn', message: script({ delayMs: 700 }, { text: 'done' }) } }))
      const [first, second] = await Promise.all([client.call('cron.run', { id }), client.call('cron.run', { id })])
      expect(first).toMatchObject({ enqueued: true })
      expect(second).toMatchObject({ ran: false, reason: 'already-running' })
      await finished(client, id)
      expect((await client.call('cron.runs', { id })).total).toBe(1)
    })

    it('keeps the conversation of a run, and brings answers together', async () => {
      const client = await admin()
      const { id, name } = await client.call('cron.add', turn({ payload: { kind: 'agentTurn', message: script({ text: 'the answer' }) } }))
      await client.call('cron.run', { id })
      const { sessionKey } = await finished(client, id)
      const { messages } = await client.call('chat.history', { sessionKey })
      expect(messages.map(textIn)).toEqual([script({ text: 'the answer' }), 'the answer'])
      const { session } = await client.call('sessions.describe', { key: `agent:main:cron:${id}` })
      expect(session).toMatchObject({ displayName: `Automation: ${name}`, classification: 'cron', isBackground: true, createdVia: 'cron' })
      expect((await client.call('chat.history', { sessionKey: session.key })).messages.map(textIn)).toEqual(['the answer'])
      expect((await client.call('sessions.list', { search: id })).sessions.map((row: Data) => row.key)).toEqual([session.key])
    })

    it('works in a session that is named', async () => {
      const client = await admin()
      const key = freshKey()
      const { id } = await client.call('cron.add', turn({ sessionTarget: `session:${key}` }))
      await client.call('cron.run', { id })
      expect(await finished(client, id)).toMatchObject({ sessionKey: key })
      expect((await client.call('chat.history', { sessionKey: key })).messages).toHaveLength(2)
    })

    it('brings an answer to the conversation that it belongs to', async () => {
      const client = await admin()
      const sessionKey = freshKey()
      const job = await client.call('cron.add', turn({ sessionTarget: 'current', sessionKey, delivery: { mode: 'announce' } }))
      expect(job.deliveryPreview.label).toBe('announce -> current session')
      await client.call('cron.run', { id: job.id })
      expect(await finished(client, job.id)).toMatchObject({ status: 'ok', delivered: true, deliveryStatus: 'delivered' })
      expect((await client.call('chat.history', { sessionKey })).messages.map(textIn)).toEqual(['done'])
    })

    it('says that an answer was not delivered, and why', async () => {
      const client = await admin()
      const job = await client.call('cron.add', turn({ delivery: { mode: 'announce', channel: 'telegram', to: '1' } }))
      await client.call('cron.run', { id: job.id })
      expect(await finished(client, job.id)).toMatchObject({ status: 'error', summary: 'done', deliveryStatus: 'not-delivered', deliveryError: expect.stringContaining('no channel'), delivery: { intended: { channel: 'telegram', to: '1' }, delivered: false } })
      const lenient = await client.call('cron.add', turn({ delivery: { mode: 'announce', bestEffort: true } }))
      await client.call('cron.run', { id: lenient.id })
      expect(await finished(client, lenient.id)).toMatchObject({ status: 'ok', deliveryStatus: 'not-delivered' })
    })

    it('tells a session what time it is', async () => {
      const client = await admin()
      const sessionKey = freshKey()
      const params = event({ sessionKey })
      const { id } = await client.call('cron.add', params)
      await client.call('cron.run', { id })
      expect(await finished(client, id)).toMatchObject({ status: 'ok', summary: params.payload.text, sessionKey })
      const sent = { sessionKey, message: script({ text: 'heard' }), idempotencyKey: freshKey() }
      await client.call('chat.send', sent)
      await client.ended(sent.idempotencyKey)
      const { messages } = await client.call('chat.history', { sessionKey })
      expect(messages.map((message: Data) => message.role)).toEqual(['system', 'user', 'assistant'])
      expect(textIn(messages[0])).toContain(params.payload.text)
    })

    it('has the words of a job that was told to say nothing, and no other answer', async () => {
      const client = await admin()
      const { id } = await client.call('cron.add', turn({ payload: { kind: 'agentTurn', message: script({ text: 'NO_REPLY' }) }, delivery: { mode: 'announce' } }))
      await client.call('cron.run', { id })
      expect(await finished(client, id)).toMatchObject({ status: 'ok', deliveryStatus: 'not-requested' })
      expect(await client.call('sessions.describe', { key: `agent:main:cron:${id}` })).toEqual({ session: null })
    })
  })

  describe('listing', () => {
    async function several() {
      const client = await admin()
      const query = crypto.randomUUID()
      const add = async (name: string, more: Data = {}) => (await client.call('cron.add', turn({ name: `${name} ${query}`, ...more }))).id as string
      const ids = [
        await add('b', { schedule: { kind: 'every', everyMs: 3 * HOUR } }),
        await add('c', { schedule: { kind: 'cron', expr: '1 1 1 1 *', tz: 'UTC' }, agentId: 'second' }),
        await add('a', { enabled: false }),
      ]
      const list = async (more: Data = {}): Promise<Data> => client.call('cron.list', { query, ...more })
      const names = async (more: Data = {}) => (await list(more)).jobs.map(({ name }: Data) => name[0] as string)
      return { client, ids, list, names }
    }

    it('has the enabled ones, what is due next first', async () => {
      const { list, names, ids } = await several()
      expect(await names()).toEqual(['b', 'c'])
      expect(await names({ includeDisabled: true })).toEqual(['b', 'c', 'a'])
      const page = await list()
      expect(page).toMatchObject({ total: 2, offset: 0, limit: 2, hasMore: false, nextOffset: null, snapshotRevision: expect.any(String) })
      expect(page.deliveryPreviews[ids[0]!]).toEqual({ label: 'not requested', detail: 'not requested' })
      const { effectiveAgentId, ...job } = page.jobs[1]
      expect(effectiveAgentId).toBe('second')
      expect(loadPublished().check({ type: 'res', id: 'x', ok: true, payload: job }, 'cron.get')).toBeNull()
    })

    it('has pages that fit together', async () => {
      const { list } = await several()
      const first = await list({ limit: 2, enabled: 'all' })
      expect(first).toMatchObject({ total: 3, hasMore: true, nextOffset: 2 })
      const second = await list({ limit: 2, enabled: 'all', offset: first.nextOffset })
      expect(second).toMatchObject({ hasMore: false, nextOffset: null })
      expect(new Set([...first.jobs, ...second.jobs].map(({ id }: Data) => id)).size).toBe(3)
      expect(await list({ offset: 99 })).toMatchObject({ jobs: [], offset: 2 })
    })

    it('sorts and narrows', async () => {
      const { client, names } = await several()
      expect(await names({ enabled: 'all', sortBy: 'name' })).toEqual(['a', 'b', 'c'])
      expect(await names({ enabled: 'all', sortBy: 'name', sortDir: 'desc' })).toEqual(['c', 'b', 'a'])
      expect(await names({ enabled: 'disabled' })).toEqual(['a'])
      expect(await names({ scheduleKind: 'cron' })).toEqual(['c'])
      expect(await names({ agentId: 'second' })).toEqual(['c'])
      expect(await names({ lastRunStatus: 'unknown', enabled: 'all' })).toHaveLength(3)
      expect(await names({ lastRunStatus: 'ok' })).toEqual([])
      expect((await errorOf(client, 'cron.list', { limit: 201 })).message).toBe('invalid cron.list params: at /limit: must be <= 200')
      expect((await errorOf(client, 'cron.list', { sortBy: 'id' })).code).toBe('INVALID_REQUEST')
    })

    it('can be short', async () => {
      const { list } = await several()
      const page = await list({ compact: true })
      expect(page).not.toHaveProperty('deliveryPreviews')
      expect(page.jobs[0]).toMatchObject({ scheduleKind: 'every', nextRunAt: expect.stringMatching(/Z$/), lastRunAt: null, effectiveAgentId: 'main' })
      expect(page.jobs[0]).not.toHaveProperty('payload')
    })

    it('says how jobs fare', async () => {
      const { client } = await several()
      const status = await client.call('cron.status', {})
      expect(status).toMatchObject({ enabled: true, storage: 'sqlite', triggersEnabled: false })
      expect(status.jobs).toBeGreaterThanOrEqual(3)
      expect(status.nextWakeAtMs).toBeGreaterThan(Date.now() - HOUR)
      expect((await errorOf(client, 'cron.status', { a: 1 })).message).toContain('unexpected property')
    })

    it('shows runs in pages, narrowed', async () => {
      const client = await admin()
      const { id, name } = await client.call('cron.add', turn())
      for (const message of [script({ text: 'first' }), script({ error: { message: 'broken' } }), script({ text: 'third' })]) {
        await client.call('cron.update', { id, patch: { payload: { kind: 'agentTurn', message } } })
        const { runId } = await client.call('cron.run', { id })
        await client.event('cron', (payload) => payload.runId === runId && payload.action === 'finished')
      }
      const found = async (more: Data = {}) => (await client.call('cron.runs', { id, ...more })).entries.map(({ summary, error }: Data) => summary ?? error)
      expect(await found()).toEqual(['third', 'broken', 'first'])
      expect(await found({ sortDir: 'asc' })).toEqual(['first', 'broken', 'third'])
      expect(await found({ status: 'error' })).toEqual(['broken'])
      expect(await found({ statuses: ['ok'] })).toEqual(['third', 'first'])
      expect(await found({ query: 'THIRD' })).toEqual(['third'])
      expect(await found({ deliveryStatus: 'delivered' })).toEqual([])
      expect(await client.call('cron.runs', { jobId: id, limit: 2 })).toMatchObject({ total: 3, limit: 2, hasMore: true, nextOffset: 2 })
      const { entries } = await client.call('cron.runs', { scope: 'all', query: name })
      expect(entries).toHaveLength(3)
      expect(await found({ runId: entries[0].runId })).toEqual(['third'])
    })
  })

  it('advertises what it serves', async () => {
    const { hello } = await at.join()
    const served = ['cron.add', 'cron.get', 'cron.list', 'cron.remove', 'cron.run', 'cron.runs', 'cron.status', 'cron.update']
    expect(hello.features.methods.filter((name: string) => name.startsWith('cron.')).toSorted()).toEqual(served)
    expect(hello.features.events).toContain('cron')
    expect(get().token).not.toBe('')
  })
}

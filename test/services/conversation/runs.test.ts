// Runs: accepted once, queued in order, ended in time, recorded before they are told of.

import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import type { Fetch } from '../../../src/index.ts'
import { defineTool } from '../../../src/services/conversation/tools.ts'
import type { RunResult } from '../../../src/services/conversation/run-table.ts'
import type { Run } from '../../../src/services/conversation/runs.ts'
import { settled } from '../../harness/clock.ts'
import type { Data } from '../../harness/client.ts'
import { join } from '../../harness/peer.ts'
import { startGateway } from '../../harness/platform.ts'
import { memorySql, type TestSql } from '../../harness/sql.ts'
import { script, textIn } from '../../suites/target.ts'
import { call, createConversation, KEY, PLAYED, playedProvider, requestOf, type Conversation } from './conversation.ts'

const HANGS = script({ hang: true })
const MINUTE = 60_000

const stateOf = ({ runs }: Conversation, id: string) => runs.find(id)?.state
const terminal = (conversation: Conversation): Data[] => conversation.heard('chat').filter((payload) => ['final', 'aborted', 'error'].includes(payload.state))

/** Lets writes that fit fail, `times` over. */
function failWrites(sql: TestSql, fits: RegExp, times = Infinity): void {
  const { run } = sql
  let left = times
  Object.assign(sql, {
    run(...[query, ...params]: Parameters<TestSql['run']>) {
      if (fits.test(query) && left-- > 0) throw new Error('the disk is full')
      run(query, ...params)
    },
  })
}

describe('accepting', () => {
  it('is acknowledged only once it is on disk, and nothing of the run is told before', async () => {
    const { gateway, platform } = await startGateway()
    const { client } = await join(gateway)
    const disk = Promise.withResolvers<void>()
    platform.sql.sync = () => disk.promise
    let answered = false
    const sending = client.call('chat.send', { sessionKey: KEY, message: script({ text: 'hi' }), idempotencyKey: 'r' }).then((payload) => {
      answered = true
      return payload as Data
    })
    await settled()
    expect(answered).toBe(false)
    expect([client.events('chat'), client.events('agent')]).toEqual([[], []])
    disk.resolve()
    expect(await sending).toEqual({ runId: 'r', status: 'started' })
    expect(await client.ended('r')).toMatchObject({ state: 'final' })
    const order = client.frames.flatMap((frame) => (frame.type === 'res' && client.asked.get(frame.id!) === 'chat.send' ? ['answer'] : frame.event === 'chat' ? [frame.payload.state as string] : []))
    expect(order).toEqual(['answer', 'status', 'delta', 'final'])
  })

  it('that could not be written is refused as such', async () => {
    const { gateway, platform } = await startGateway()
    const { client } = await join(gateway)
    platform.sql.sync = () => Promise.reject(new Error('the disk is gone'))
    const { error } = await client.request('chat.send', { sessionKey: KEY, message: HANGS, idempotencyKey: 'r' })
    expect(error).toMatchObject({ code: 'UNAVAILABLE', retryable: true, retryAfterMs: 1000, details: { code: 'STORAGE_FAILED' } })
  })

  it('leaves nothing behind when it fails: the same key can be sent again', async () => {
    const conversation = await createConversation()
    failWrites(conversation.sql, /INSERT INTO runs/, 1)
    expect(() => conversation.runs.start(requestOf(script({ text: 'hi' }), { runId: 'r' }))).toThrow('the disk is full')
    expect([conversation.runs.find('r'), conversation.runs.active, conversation.sessions.get(KEY)]).toEqual([null, 0, null])
    const { run } = conversation.runs.start(requestOf(script({ text: 'hi' }), { runId: 'r' }))
    expect(await run!.done).toMatchObject({ state: 'ok', text: 'hi' })
    expect(conversation.said(KEY)).toHaveLength(2)
  })

  it('the same key twice is one run, before its end and after it', async () => {
    const conversation = await createConversation()
    const { runs, said } = conversation
    const request = requestOf(script({ delayMs: 5 }, { text: 'once' }), { runId: 'r' })
    const first = runs.start(request)
    expect(runs.start(request)).toEqual({ runId: 'r', status: 'in_flight', run: first.run })
    await settled()
    await conversation.clock.advance(5)
    expect(runs.start(request)).toEqual({ runId: 'r', status: 'ok', run: null })
    expect(said(KEY)).toHaveLength(2)
    expect(terminal(conversation)).toHaveLength(1)
  })

  it('from two sockets at once is one run', async () => {
    const { gateway } = await startGateway()
    const [one, two] = [(await join(gateway)).client, (await join(gateway)).client]
    const sent = { sessionKey: KEY, message: HANGS, idempotencyKey: 'r' }
    const [first, second, other] = await Promise.all([one.call('chat.send', sent), two.call('chat.send', sent), two.request('chat.send', { ...sent, message: 'other' })])
    expect([first.status, second.status]).toEqual(['started', 'in_flight'])
    expect(other.error!.details).toMatchObject({ code: 'IDEMPOTENCY_CONFLICT' })
    const { messages } = await one.call('chat.history', { sessionKey: KEY })
    expect(messages).toHaveLength(1)
  })

  it('says what became of the run that had the key', async () => {
    const { runs } = await createConversation()
    const failing = requestOf(script({ error: { message: 'no' } }), { runId: 'failed' })
    await runs.start(failing).run!.done
    expect(runs.start(failing)).toMatchObject({ status: 'error', run: null })
    const aborted = requestOf(HANGS, { runId: 'aborted' })
    await runs.abort([runs.start(aborted).run!], 'rpc')
    expect(runs.start(aborted)).toMatchObject({ status: 'ok', run: null })
    expect(() => runs.start({ ...aborted, hash: 'another' })).toThrow('idempotency key was already used')
  })
})

describe('the queue', () => {
  it('of a session goes in order, one at a time', async () => {
    const { runs, clock, said } = await createConversation()
    const sent = ['a', 'b', 'c'].map((text) => runs.start(requestOf(script({ delayMs: 10 }, { text }), { runId: text })).run!)
    await settled()
    expect(['a', 'b', 'c'].map((id) => runs.find(id)!.state)).toEqual(['running', 'queued', 'queued'])
    expect(runs.liveIn(KEY).map((run) => run.id)).toEqual(['a', 'b', 'c'])
    expect(runs.queuedIn(KEY, 10).map((record) => record.id)).toEqual(['b', 'c'])
    expect(said(KEY), 'what waits is not in the transcript yet').toHaveLength(1)
    await clock.advance(30)
    await Promise.all(sent.map((run) => run.done))
    expect(said(KEY).map((line) => line.replace(/script:.*"(\w)".*/, '$1'))).toEqual(['user: a', 'assistant: a', 'user: b', 'assistant: b', 'user: c', 'assistant: c'])
    expect(runs.liveIn(KEY)).toEqual([])
  })

  it('of one session does not hold up another', async () => {
    const { runs } = await createConversation()
    runs.start(requestOf(HANGS))
    const other = runs.start(requestOf(script({ text: 'free' }), { sessionKey: 'agent:main:other' }))
    expect(await other.run!.done).toMatchObject({ state: 'ok', text: 'free' })
  })

  it('runs as many sessions at once as configured', async () => {
    const conversation = await createConversation({ config: { agents: { defaults: { maxConcurrent: 2 } } } })
    const started = ['a', 'b', 'c'].map((id) => conversation.runs.start(requestOf(script({ delayMs: 10 }, { text: id }), { runId: id, sessionKey: `agent:main:${id}` })).run!)
    await settled()
    expect(['a', 'b', 'c'].map((id) => stateOf(conversation, id))).toEqual(['running', 'running', 'queued'])
    await conversation.clock.advance(10)
    expect(stateOf(conversation, 'c')).toBe('running')
    await conversation.clock.advance(10)
    expect((await Promise.all(started.map((run) => run.done))).map((result) => result.text)).toEqual(['a', 'b', 'c'])
  })

  it('of a session takes 100, and says when to come again', async () => {
    const { runs } = await createConversation()
    for (let n = 0; n < 100; n++) runs.start(requestOf(HANGS, { runId: `r${n}` }))
    const full = { code: 'UNAVAILABLE', options: { retryAfterMs: 1000 }, retryable: true }
    expect(() => runs.start(requestOf('one more', { runId: 'more' }))).toThrow(expect.objectContaining(full))
    expect(runs.find('more')).toBeNull()
    expect(runs.start(requestOf(HANGS, { runId: 'r99' })), 'a repetition takes no place').toMatchObject({ status: 'in_flight' })
    expect(runs.start(requestOf(HANGS, { sessionKey: 'agent:main:other' }))).toMatchObject({ status: 'started' })
    await runs.abort(runs.liveIn(KEY), 'rpc')
    expect(runs.start(requestOf(HANGS, { runId: 'more' }))).toMatchObject({ status: 'started' })
  })

  it('has room again for each waiting run that is aborted', async () => {
    const { runs } = await createConversation()
    for (let n = 0; n < 100; n++) runs.start(requestOf(HANGS))
    await runs.abort(runs.liveIn(KEY).slice(1), 'rpc')
    expect(runs.start(requestOf(HANGS))).toMatchObject({ status: 'started' })
  })

  it('of all sessions together takes 10,000', async () => {
    const { runs, audience } = await createConversation({ config: { agents: { defaults: { maxConcurrent: 1 } } } })
    audience.present = false
    for (let n = 0; n < 10_000; n++) runs.start(requestOf(HANGS, { runId: `r${n}`, sessionKey: `agent:main:s${n % 100}` }))
    expect(() => runs.start(requestOf(HANGS, { sessionKey: 'agent:main:empty' }))).toThrow('too many messages are waiting')
    expect(runs.active).toBe(10_000)
  })

  it('tells how many are in the works', async () => {
    const { runs, activeCounts } = await createConversation()
    await Promise.all([script({ text: 'a' }), script({ text: 'b' })].map((message) => runs.start(requestOf(message)).run!.done))
    expect(activeCounts).toEqual([1, 2, 1, 0])
  })
})

describe('the time limit', () => {
  async function limited(timeoutMs: number | undefined, config: unknown = {}) {
    const { runs, clock } = await createConversation({ config })
    const { run } = runs.start(requestOf(script({ text: 'so far' }, { hang: true }), timeoutMs === undefined ? {} : { timeoutMs }))
    let result: RunResult | null = null
    void run!.done.then((ended) => (result = ended))
    await settled()
    return {
      async after(ms: number) {
        await clock.advance(ms)
        return result
      },
    }
  }

  it.each([
    ['of the run', 1500, {}, 1500],
    ['of the configuration', undefined, { agents: { defaults: { timeoutSeconds: 3 } } }, 3000],
    ['of the run before that of the configuration', 1500, { agents: { defaults: { timeoutSeconds: 3 } } }, 1500],
    ['of ten minutes', undefined, {}, 10 * MINUTE],
    ['of ten minutes, where 0 is asked for', 0, {}, 10 * MINUTE],
  ] as const)('%s', async (_, timeoutMs, config, ms) => {
    const { after } = await limited(timeoutMs, config)
    expect(await after(ms - 1)).toBeNull()
    expect(await after(1)).toMatchObject({ state: 'error', stopReason: 'timeout', text: 'so far', error: { kind: 'timeout', message: expect.stringContaining(`after ${Math.round(ms / 1000)} s`) } })
  })

  it('begins with the run, not in the queue', async () => {
    const { runs, clock } = await createConversation()
    runs.start(requestOf(HANGS, { timeoutMs: 1000, runId: 'first' }))
    runs.start(requestOf(HANGS, { timeoutMs: 1000, runId: 'second' }))
    await settled()
    await clock.advance(1000)
    expect(runs.find('first')!.result).toMatchObject({ stopReason: 'timeout' })
    await clock.advance(999)
    expect(runs.find('second')!.result).toBeNull()
    await clock.advance(1)
    expect(runs.find('second')!.result).toMatchObject({ stopReason: 'timeout' })
  })

  it('leaves no timer behind', async () => {
    const { runs, clock } = await createConversation()
    await runs.start(requestOf(script({ text: 'x' }))).run!.done
    await clock.advance(200)
    expect(clock.pending).toBe(0)
  })
})

describe('an abort', () => {
  it('keeps what was said, and is told', async () => {
    const conversation = await createConversation()
    const { runs, said, sessions } = conversation
    const { run } = runs.start(requestOf(script({ text: 'half' }, { hang: true }), { runId: 'r' }))
    await settled()
    expect(runs.textOf('r')).toBe('half')
    expect(await runs.abort([run!], 'rpc')).toEqual(['r'])
    expect(await run!.done).toMatchObject({ state: 'aborted', stopReason: 'rpc', text: 'half' })
    expect(said(KEY).at(-1)).toBe('assistant: half')
    expect(terminal(conversation)).toMatchObject([{ state: 'aborted', stopReason: 'rpc' }])
    expect(sessions.get(KEY)!.status).toBe('killed')
    expect(runs.textOf('r')).toBe('')
  })

  it('of a model that is deaf ends the run all the same', async () => {
    const deaf = playedProvider(async function* () {
      yield [{ type: 'text', text: 'half' }]
      await new Promise(() => {})
    })
    const { runs } = await createConversation({ config: PLAYED, providers: [deaf] })
    const { run } = runs.start(requestOf('go'))
    await settled()
    run!.abort('rpc')
    expect(await run!.done).toMatchObject({ state: 'aborted', text: 'half' })
  })

  it('of a run that still looks for its model ends it at once', async () => {
    const nobody: Fetch = (_, { signal }) => new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)))
    const { models, runs } = await createConversation({ fetch: nobody, loopback: true })
    models.begin()
    const { run } = runs.start(requestOf('go', { runId: 'r' }))
    await settled()
    run!.abort('rpc')
    await settled()
    expect(runs.find('r')!.state).toBe('aborted')
  })

  it('of a waiting run ends it at once, and it never runs', async () => {
    const { runs, clock, said } = await createConversation()
    runs.start(requestOf(script({ delayMs: 10 }, { text: 'first' }), { runId: 'first' }))
    const { run } = runs.start(requestOf(script({ text: 'never' }), { runId: 'second' }))
    const third = runs.start(requestOf(script({ text: 'third' }), { runId: 'third' }))
    await settled()
    expect(await runs.abort([run!], 'rpc')).toEqual(['second'])
    expect(runs.find('second')).toMatchObject({ state: 'aborted', attempts: 0, result: { text: '', stopReason: 'rpc' } })
    expect(runs.liveIn(KEY).map((each) => each.id)).toEqual(['first', 'third'])
    await clock.advance(10)
    await third.run!.done
    expect(said(KEY).filter((line) => line.startsWith('assistant'))).toEqual(['assistant: first', 'assistant: third'])
  })

  it('of all runs of a session is over once all ends are on disk', async () => {
    const { runs, sql } = await createConversation()
    const ids = ['a', 'b', 'c']
    for (const id of ids) runs.start(requestOf(HANGS, { runId: id }))
    await settled()
    const disk = Promise.withResolvers<void>()
    sql.sync = () => disk.promise
    let ended: string[] | null = null
    void runs.abort(runs.liveIn(KEY), 'stop').then((done) => (ended = done))
    await settled()
    expect(ended).toBeNull()
    expect(runs.liveIn(KEY), 'they are no longer shown').toEqual([])
    disk.resolve()
    await settled()
    expect(ended).toEqual(ids)
  })

  it('a second time, or after the end, changes nothing', async () => {
    const conversation = await createConversation()
    const { runs } = conversation
    const { run } = runs.start(requestOf(HANGS, { runId: 'r' }))
    await settled()
    run!.abort('rpc')
    run!.abort('other')
    expect(await run!.done).toMatchObject({ stopReason: 'rpc' })
    run!.abort('late')
    await settled()
    expect(runs.find('r')!.result).toMatchObject({ stopReason: 'rpc' })
    expect(terminal(conversation)).toHaveLength(1)
  })
})

describe('a result that cannot be written', () => {
  it('is tried again, and told once it is there', async () => {
    const conversation = await createConversation()
    const { runs, sql, clock, said } = conversation
    failWrites(sql, /UPDATE runs SET state = \?/, 2)
    const { run } = runs.start(requestOf(script({ text: 'kept' }), { runId: 'r' }))
    await settled()
    expect(terminal(conversation)).toEqual([])
    await clock.advance(1000)
    expect(terminal(conversation)).toEqual([])
    await clock.advance(2000)
    expect(await run!.done).toMatchObject({ state: 'ok', text: 'kept' })
    expect(terminal(conversation)).toMatchObject([{ state: 'final' }])
    expect(said(KEY)).toEqual([expect.stringMatching(/^user/), 'assistant: kept'])
    expect(conversation.logged.filter((line) => line.message.includes('could not be written')).map((line) => line.fields!['attempt'])).toEqual([1, 2])
  })

  it('is told as an error after three attempts, with its text, and the next run goes on', async () => {
    const conversation = await createConversation()
    const { runs, sql, clock, said } = conversation
    failWrites(sql, /UPDATE runs SET state = \?/, 3)
    const { run } = runs.start(requestOf(script({ text: 'lost' }), { runId: 'r' }))
    const next = runs.start(requestOf(script({ text: 'next' }), { runId: 'next' }))
    await settled()
    await clock.advance(3000) // after the last attempt there is nothing to wait for
    expect(await run!.done).toMatchObject({ state: 'error', stopReason: 'error', text: 'lost', error: { kind: 'internal', message: expect.stringContaining('free some space') } })
    const [told] = terminal(conversation)
    expect(told).toMatchObject({ state: 'error', errorMessage: expect.stringContaining('could not be written to disk') })
    expect(textIn(told.message)).toBe('lost')
    expect(await next.run!.done).toMatchObject({ state: 'ok' })
    expect(said(KEY).filter((line) => line.startsWith('assistant'))).toEqual(['assistant: next'])
    expect(runs.live('r')).toBeNull()
    expect(runs.active).toBe(0)
  })

  it('is what its key stands for from then on', async () => {
    const { runs, sql, clock } = await createConversation()
    failWrites(sql, /UPDATE runs SET state = \?/, 3)
    const request = requestOf(script({ text: 'lost' }), { runId: 'r' })
    runs.start(request)
    await settled()
    await clock.advance(6000)
    expect(runs.active).toBe(0)
    expect(runs.start(request).status).toBe('error')
    expect(runs.find('r')).toMatchObject({ state: 'error', result: { text: 'lost' } })
    expect(await runs.wait('r', 0)).toMatchObject({ state: 'error' })
  })

  it('because of the disk alone stays what was told, though the database has it', async () => {
    const { runs, sql, clock } = await createConversation()
    const { run } = runs.start(requestOf(script({ delayMs: 10 }, { text: 'lost' }), { runId: 'r' }))
    await settled()
    sql.sync = () => Promise.reject(new Error('the disk is gone'))
    await clock.advance(10)
    await clock.advance(3000)
    const told = await run!.done
    expect(told).toMatchObject({ state: 'error', error: { kind: 'internal' } })
    expect(await runs.wait('r', 0)).toEqual(told)
  })

  it('for a flush that failed is in the transcript once', async () => {
    const { runs, sql, clock, said, sessions } = await createConversation()
    const { run } = runs.start(requestOf(script({ delayMs: 10 }, { text: 'once' })))
    await settled()
    sql.sync = () => Promise.reject(new Error('the disk is gone'))
    await clock.advance(10)
    sql.sync = async () => {}
    await clock.advance(1000)
    const { usage } = await run!.done
    expect(said(KEY).filter((line) => line.startsWith('assistant'))).toEqual(['assistant: once'])
    expect(sessions.get(KEY)!.totalTokens).toBe(usage.totalTokens)
  })
})

describe('waiting', () => {
  it('for a run that has ended is over at once', async () => {
    const { runs, clock } = await createConversation()
    await runs.start(requestOf(script({ text: 'x' }), { runId: 'r' })).run!.done
    expect(await runs.wait('r', 0)).toMatchObject({ state: 'ok', text: 'x' })
    await clock.advance(25)
    expect(clock.pending).toBe(0)
  })

  it('for a run in the works is over with it', async () => {
    const { runs, clock } = await createConversation()
    const { run } = runs.start(requestOf(script({ delayMs: 10 }, { text: 'x' }), { runId: 'r' }))
    const waits = [runs.wait('r', 1000), runs.wait('r', 1000)]
    await settled()
    await clock.advance(10)
    expect(await Promise.all(waits)).toEqual([await run!.done, await run!.done])
  })

  it('for a run that comes later is over with it', async () => {
    const { runs, clock } = await createConversation()
    const waiting = runs.wait('r', 1000)
    await clock.advance(500)
    runs.start(requestOf(script({ text: 'x' }), { runId: 'r' }))
    expect(await waiting).toMatchObject({ state: 'ok', text: 'x' })
  })

  it('for one that never comes ends in time, to the millisecond', async () => {
    const { runs, clock } = await createConversation()
    let result: RunResult | null | undefined
    void runs.wait('r', 1000).then((ended) => (result = ended))
    await clock.advance(999)
    expect(result).toBeUndefined()
    await clock.advance(1)
    expect(result).toBeNull()
    expect(clock.pending).toBe(0)
  })

  it('for one that takes too long leaves it alone', async () => {
    const { runs, clock } = await createConversation()
    const { run } = runs.start(requestOf(script({ delayMs: 100 }, { text: 'x' }), { runId: 'r' }))
    const waiting = runs.wait('r', 50)
    await settled()
    await clock.advance(50)
    expect(await waiting).toBeNull()
    await clock.advance(50)
    expect(await run!.done).toMatchObject({ state: 'ok' })
  })

  it('for more than a thousand that nobody sent only lasts its time', async () => {
    const { runs, clock } = await createConversation()
    const waits = Array.from({ length: 1001 }, (_, n) => runs.wait(`r${n}`, 1000))
    await settled()
    for (const n of [999, 1000]) runs.start(requestOf(script({ text: 'x' }), { runId: `r${n}`, sessionKey: `agent:main:${n}` }))
    await settled()
    await clock.advance(1000)
    expect(await waits[999]).toMatchObject({ state: 'ok' })
    expect(await waits[1000], 'was not followed').toBeNull()
    const later = runs.wait('late', 1000)
    runs.start(requestOf(script({ text: 'x' }), { runId: 'late' }))
    expect(await later, 'there is room again').toMatchObject({ state: 'ok' })
  })
})

describe('the stop of the process', () => {
  it('ends what somebody has seen something of, and leaves the rest to the next one', async () => {
    const conversation = await createConversation()
    const { runs } = conversation
    runs.start(requestOf(script({ text: 'seen' }, { hang: true }), { runId: 'seen', sessionKey: 'agent:main:a' }))
    runs.start(requestOf(HANGS, { runId: 'unseen', sessionKey: 'agent:main:b' }))
    runs.start(requestOf('waits', { runId: 'waiting', sessionKey: 'agent:main:b' }))
    await settled()
    await runs.stop('shutdown')
    expect(runs.find('seen')!.result).toMatchObject({ state: 'aborted', stopReason: 'shutdown', text: 'seen' })
    expect(['unseen', 'waiting'].map((id) => stateOf(conversation, id))).toEqual(['running', 'queued'])
  })

  it('ends a run that called tools, said something or not', async () => {
    const provider = playedProvider(async function* (request) {
      if (request.messages.at(-1)!.role === 'tool') await new Promise(() => {})
      yield [call('act'), { type: 'stop', reason: 'tool_calls' }]
    })
    const { runs, tools } = await createConversation({ config: PLAYED, providers: [provider] })
    tools.add(defineTool({ name: 'act', description: '', scope: 'operator.read', params: z.strictObject({}), run: () => 'acted' }))
    runs.start(requestOf('go', { runId: 'r' }))
    await settled()
    await runs.stop('shutdown')
    expect(runs.find('r')!.result).toMatchObject({ state: 'aborted', stopReason: 'shutdown' })
  })
})

describe('a run that was made for HTTP', () => {
  it('hears its own words in order, and is told of the end only once it is on disk', async () => {
    const { runs, sql } = await createConversation()
    const { run } = runs.start(requestOf(script({ reasoning: 'hm' }, { text: 'one ' }, { text: 'two' }), { origin: 'http', isNew: true }))
    const heard: string[] = []
    run!.listen(({ type, text }) => void heard.push(`${type} ${text}`))
    let ended = false
    void run!.done.then(() => (ended = true))
    const disk = Promise.withResolvers<void>()
    sql.sync = () => disk.promise
    await settled()
    expect(ended).toBe(false)
    disk.resolve()
    await settled()
    expect(ended).toBe(true)
    expect(heard[0]).toBe('reasoning hm')
    expect(heard.slice(1).map((line) => line.replace('text ', '')).join('')).toBe('one two')
  })

  it('is put on record right behind its first word, not before it', async () => {
    const conversation = await createConversation()
    const { runs, audience } = conversation
    audience.present = false
    const turns = [{ role: 'user' as const, content: script({ text: 'seen' }, { hang: true }) }]
    const { run } = runs.start(requestOf('x', { origin: 'http', isNew: true, runId: 'r', turns }))
    const recorded: boolean[] = []
    run!.listen(() => void recorded.push(runs.find('r') !== null))
    await settled()
    expect(recorded).toEqual([false])
    expect(stateOf(conversation, 'r')).toBe('running')
    run!.abort('disconnect')
    expect(await run!.done).toMatchObject({ state: 'aborted', text: 'seen' })
    expect(runs.find('r')!.result).toMatchObject({ state: 'aborted', text: 'seen' })
  })

  it('is on record from its beginning where somebody watches', async () => {
    const conversation = await createConversation()
    conversation.runs.start(requestOf(HANGS, { origin: 'http', isNew: true, runId: 'r' }))
    expect(stateOf(conversation, 'r')).toBe('running')
  })
})

it('ends a run whose session is deleted while it waits', async () => {
  const { runs, sessions } = await createConversation()
  const first = runs.start(requestOf(HANGS)).run!
  const second: Run = runs.start(requestOf(script({ text: 'x' }))).run!
  await settled()
  sessions.delete(KEY)
  first.abort('rpc')
  expect(await first.done).toMatchObject({ state: 'aborted' })
  expect(await second.done, 'it makes its session anew').toMatchObject({ state: 'ok', text: 'x' })
  expect(sessions.get(KEY)!.messages).toBe(2)
})

it('hides what went wrong inside, and frees the queue', async () => {
  const broken = playedProvider(async function* () {
    yield []
    throw new TypeError('a bug of ours')
  })
  const { runs, logged } = await createConversation({ config: PLAYED, providers: [broken], sql: memorySql() })
  const { run } = runs.start(requestOf('go'))
  expect(await run!.done).toMatchObject({ state: 'error', error: { kind: 'internal', message: 'internal error: the log of the gateway says more' } })
  expect(logged.some((line) => line.level === 'error' && JSON.stringify(line.fields).includes('a bug of ours'))).toBe(true)
  expect(runs.active).toBe(0)
})

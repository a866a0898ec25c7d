// The gateway asks an agent whether anything needs attention.

import { describe, expect, it } from 'vitest'
import type { ModelRequest } from '../../../src/ports/model.ts'
import { fakeClock, settled } from '../../harness/clock.ts'
import { memorySql } from '../../harness/sql.ts'
import { answer, PLAYED, playedProvider, requestOf, type ConversationOptions } from '../conversation/conversation.ts'
import { createAutomation } from './automation.ts'

const MAIN = 'agent:main:main'

async function setUp(reply = 'HEARTBEAT_OK', heartbeat: object = { every: '10m' }, more: ConversationOptions & { hibernates?: boolean } = {}) {
  const asked: ModelRequest[] = []
  const replies = { next: reply, ms: 0 }
  const { clock = fakeClock() } = more
  const provider = playedProvider(async function* (request) {
    asked.push(request)
    if (replies.ms > 0) await new Promise<void>((resolve) => clock.after(replies.ms, resolve))
    if (replies.next === 'fail') throw new Error('the model is away')
    yield answer(replies.next)
  })
  const config = { ...PLAYED, agents: { defaults: { ...PLAYED.agents.defaults, heartbeat } } }
  const a = await createAutomation({ ...more, clock, config, providers: [provider] })
  return { ...a, asked, replies, transcript: () => (a.sessions.get(MAIN) ? a.said(MAIN) : []) }
}

describe('an answer that says nothing', () => {
  it('is not shown, and neither is the question', async () => {
    const { heartbeat, asked, heard, transcript, clock } = await setUp()
    heartbeat.wake('main')
    await settled()
    expect(asked[0]!.messages.at(-1)).toMatchObject({ role: 'user', content: expect.stringContaining('HEARTBEAT_OK') })
    expect(transcript()).toEqual([])
    expect(heard('chat')).toEqual([])
    expect(heard('agent').every(({ isHeartbeat }) => isHeartbeat === true)).toBe(true)
    expect(heard('heartbeat')).toEqual([{ ts: clock.now(), status: 'ok-token', preview: 'HEARTBEAT_OK', hasMedia: false, durationMs: 0 }])
    expect(heartbeat.last).toEqual(heard('heartbeat')[0])
  })

  it('may be empty', async () => {
    const { heartbeat, heard, transcript } = await setUp('')
    heartbeat.wake('main')
    await settled()
    expect([heard('heartbeat')[0]!.status, transcript()]).toEqual(['ok-empty', []])
  })

  it('is shown where that is wanted', async () => {
    const { heartbeat, transcript } = await setUp('HEARTBEAT_OK', { visibility: { showOk: true } })
    heartbeat.wake('main')
    await settled()
    expect(transcript()).toEqual(['assistant: HEARTBEAT_OK'])
  })
})

describe('an answer that says something', () => {
  it('stands in the session, without the question', async () => {
    const { heartbeat, heard, transcript } = await setUp('The disk is full.')
    heartbeat.wake('main')
    await settled()
    expect(transcript()).toEqual(['assistant: The disk is full.'])
    expect(heard('heartbeat')).toMatchObject([{ status: 'skipped', reason: 'no-route', preview: 'The disk is full.', message: expect.stringContaining('no channel') }])
  })

  it('is not sent anywhere where nobody wants that, or not shown at all', async () => {
    const quiet = await setUp('fire', { target: 'none' })
    quiet.heartbeat.wake('main')
    const silent = await setUp('fire', { visibility: { showAlerts: false } })
    silent.heartbeat.wake('main')
    await settled()
    expect(quiet.heard('heartbeat')).toMatchObject([{ status: 'skipped', reason: 'no-target' }])
    expect(silent.heard('heartbeat')).toMatchObject([{ status: 'skipped', reason: 'alerts-disabled' }])
    expect([quiet.transcript(), silent.transcript()]).toEqual([['assistant: fire'], []])
  })
})

it('says that it failed, and leaves nothing behind', async () => {
  const { heartbeat, heard, transcript } = await setUp('fail')
  heartbeat.wake('main')
  await settled()
  expect(heard('heartbeat')).toMatchObject([{ status: 'failed', reason: expect.any(String) }])
  expect(transcript()).toEqual([])
})

describe('system events', () => {
  it('are heard in it, and stay in the conversation', async () => {
    const { heartbeat, systemEvents, asked, transcript } = await setUp()
    systemEvents.add(MAIN, 'the door is open')
    heartbeat.wake('main')
    await settled()
    expect(asked[0]!.messages.slice(1)).toMatchObject([{ role: 'user', content: expect.stringContaining('the door is open') }, { role: 'user' }])
    expect(transcript()).toEqual([expect.stringContaining('the door is open')])
    expect(systemEvents.count(MAIN)).toBe(0)
  })

  it('that come while it is under way are asked about again', async () => {
    const { heartbeat, systemEvents, asked, replies, clock } = await setUp()
    replies.ms = 1000
    heartbeat.wake('main')
    await settled()
    systemEvents.add(MAIN, 'late')
    heartbeat.wake('main')
    heartbeat.wake('main')
    expect(asked).toHaveLength(1)
    await clock.advance(5000)
    expect(asked).toHaveLength(2)
    expect(systemEvents.count(MAIN)).toBe(0)
  })

  it('of another session are heard there', async () => {
    const { heartbeat, systemEvents, said, transcript } = await setUp('fire')
    systemEvents.add('agent:main:notes', 'x')
    heartbeat.wake('main', 'agent:main:notes')
    await settled()
    expect([transcript(), said('agent:main:notes')]).toEqual([[], [expect.stringContaining('x'), 'assistant: fire']])
  })
})

describe('by itself', () => {
  it('asks at set times, but not while a person is being answered', async () => {
    const a = await setUp()
    await a.start()
    await a.pass(60 * 60_000)
    expect(a.asked).toHaveLength(6)
    a.replies.ms = 30 * 60_000
    a.runs.start(requestOf('hello', { sessionKey: MAIN, timeoutMs: 3_600_000 }))
    await a.pass(15 * 60_000)
    expect(a.heard('heartbeat').at(-1)).toMatchObject({ status: 'skipped', reason: 'requests-in-flight' })
    expect(a.asked).toHaveLength(7)
  })

  it('does so on a gateway that sleeps only where it is set', async () => {
    const silent = await setUp('HEARTBEAT_OK', {}, { hibernates: true })
    await silent.start()
    expect(silent.alarmAt()).toBeNull()
    const set = await setUp('HEARTBEAT_OK', { every: '10m' }, { hibernates: true })
    await set.start()
    expect(set.alarmAt()).not.toBeNull()
    await set.pass(600_000)
    expect(set.asked).toHaveLength(1)
  })

  it('takes up what the configuration says anew', async () => {
    const a = await setUp('HEARTBEAT_OK', { every: '0m' })
    await a.start()
    expect(a.alarmAt()).toBeNull()
    Object.assign(a.config.current.agents!.defaults!, { heartbeat: { every: '1m' } })
    a.changed('agents')
    expect(a.alarmAt()).not.toBeNull()
  })
})

describe('the switch', () => {
  it('silences all of them, over a restart too', async () => {
    const [sql, clock] = [memorySql(), fakeClock()]
    const a = await setUp('HEARTBEAT_OK', { every: '10m' }, { sql, clock })
    await a.start()
    expect(a.heartbeat.describe('main')).toMatchObject({ enabled: true, every: '10m', everyMs: 600_000 })
    a.heartbeat.setEnabled(false)
    a.systemEvents.add(MAIN, 'x')
    a.heartbeat.wake('main')
    await a.pass(3_600_000)
    expect([a.asked.length, a.alarmAt(), a.systemEvents.count(MAIN)]).toEqual([0, null, 1])
    const b = await setUp('HEARTBEAT_OK', { every: '10m' }, { sql, clock })
    await b.start()
    expect([b.heartbeat.enabled, b.alarmAt(), b.heartbeat.describe('main').enabled]).toEqual([false, null, false])
    b.heartbeat.setEnabled(true)
    await b.pass(600_000)
    expect(b.asked.length).toBeGreaterThan(0)
  })

  it('keeps what was last', async () => {
    const sql = memorySql()
    const a = await setUp('HEARTBEAT_OK', {}, { sql })
    expect(a.heartbeat.last).toBeNull()
    a.heartbeat.wake('main')
    await settled()
    expect((await setUp('', {}, { sql })).heartbeat.last).toMatchObject({ status: 'ok-token' })
  })
})

it('asks nobody any more once it has ended', async () => {
  const a = await setUp()
  await a.start()
  a.heartbeat.end()
  a.heartbeat.wake('main')
  await settled()
  expect([a.asked.length, a.alarmAt()]).toEqual([0, null])
})

it('tells the pages how it is set', async () => {
  const a = await setUp('HEARTBEAT_OK', { every: '10m', prompt: 'Well?', target: 'none', ackMaxChars: 9 })
  a.systemEvents.add(MAIN, 'x')
  expect(a.vitals.heartbeatOf('main')).toEqual({ enabled: true, every: '10m', everyMs: 600_000, prompt: 'Well?', target: 'none', ackMaxChars: 9 })
  expect(a.vitals.queuedEvents()).toEqual(['x'])
})

it('may not do more than write', async () => {
  const a = await setUp()
  a.heartbeat.wake('main')
  expect([...a.runTable.get(a.runTable.open()[0]!)!.request!.principal.scopes].toSorted()).toEqual(['operator.read', 'operator.talk', 'operator.write'])
})

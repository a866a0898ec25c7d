// What becomes of runs that a process left behind. Each restart here is a second set of services on the same database,
// while the first one hangs for ever.

import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import type { ModelRequest } from '../../../src/index.ts'
import { defineTool } from '../../../src/services/conversation/tools.ts'
import { fakeClock, settled } from '../../harness/clock.ts'
import { script } from '../../suites/target.ts'
import { answer, call, createConversation, KEY, PLAYED, playedProvider, requestOf, type Conversation, type ConversationOptions } from './conversation.ts'

/** The process dies, and the next one takes up what it left. */
async function crash(before: Conversation, options: Partial<ConversationOptions> = {}, prepare: (after: Conversation) => void = () => {}): Promise<Conversation> {
  await settled()
  const after = await createConversation({ sql: before.sql, clock: fakeClock(before.clock.now() + 5000), ...options })
  prepare(after)
  after.runs.recover()
  await settled()
  return after
}

const HANGS = script({ hang: true })

describe('a run of which nothing was seen', () => {
  it('is begun again, with its input in the transcript once', async () => {
    const before = await createConversation()
    before.runs.start(requestOf(script({ delayMs: 10 }, { text: 'answered' }), { runId: 'r' }))
    const after = await crash(before)
    expect(after.runs.liveIn(KEY).map((run) => run.id)).toEqual(['r'])
    expect(after.runs.find('r')).toMatchObject({ state: 'running', attempts: 2 })
    await after.clock.advance(10)
    expect(await after.runs.wait('r', 1000)).toMatchObject({ state: 'ok', text: 'answered' })
    expect(after.said(KEY)).toEqual([expect.stringMatching(/^user/), 'assistant: answered'])
    expect(after.heard('chat').at(-1)).toMatchObject({ runId: 'r', state: 'final' })
  })

  it('is asked as it was asked at first', async () => {
    const requests: ModelRequest[] = []
    const provider = playedProvider(async function* (request) {
      requests.push(structuredClone(request))
      if (requests.length === 1) await new Promise(() => {})
      yield answer('done')
    })
    const options = { config: PLAYED, providers: [provider] }
    const before = await createConversation(options)
    before.runs.start(requestOf('hello', { runId: 'r', model: 'played/other', settings: { temperature: 0.5 }, instructions: 'Be brief.' }))
    const after = await crash(before, options)
    expect(await after.runs.wait('r', 0)).toMatchObject({ state: 'ok', provider: 'played', model: 'other' })
    expect(requests).toHaveLength(2)
    expect(requests[1]).toEqual(requests[0])
  })

  it('has the rights that it had', async () => {
    const before = await createConversation()
    const reader = { id: 'reader', role: 'operator' as const, scopes: new Set(['operator.read' as const]) }
    before.runs.start(requestOf(script({ delayMs: 1 }, { tool: { name: 'change' } }, { text: 'done' }), { runId: 'r', principal: reader }))
    const after = await crash(before, {}, ({ tools }) => {
      tools.add(defineTool({ name: 'change', description: '', scope: 'operator.admin', params: z.strictObject({}), run: () => expect.unreachable('it may not') }))
    })
    await after.clock.advance(1)
    expect(after.said(KEY)).toContainEqual('toolResult: "change" needs the scope operator.admin, which this run does not have')
  })

  it('is closed after three attempts: it might be what ends the process', async () => {
    let process = await createConversation()
    process.runs.start(requestOf(HANGS, { runId: 'r' }))
    for (const attempts of [2, 3]) {
      process = await crash(process)
      expect(process.runs.find('r')).toMatchObject({ state: 'running', attempts })
    }
    process = await crash(process)
    expect(process.runs.liveIn(KEY)).toEqual([])
    expect(process.runs.find('r')!.result).toMatchObject({ state: 'interrupted', stopReason: 'restart', text: '', error: { kind: 'interrupted' } })
    expect(process.runs.find('r')!.result!.error!.message).toContain('send it again')
    expect(process.sessions.get(KEY)).toMatchObject({ status: 'killed', lastError: expect.stringContaining('before this was answered') })
    expect(process.said(KEY)).toEqual([`user: ${HANGS}`])
  })

  it('is one that spoke while nobody could hear it', async () => {
    const before = await createConversation()
    before.audience.present = false
    before.runs.start(requestOf(script({ text: 'unheard' }, { delayMs: 10 }), { runId: 'r' }))
    const after = await crash(before)
    await after.clock.advance(10)
    expect(await after.runs.wait('r', 0)).toMatchObject({ state: 'ok', text: 'unheard' })
  })

  it('keeps its key: the same message is recognised, another is refused', async () => {
    const before = await createConversation()
    before.runs.start(requestOf(HANGS, { runId: 'r' }))
    const after = await crash(before)
    const again = after.runs.start(requestOf(HANGS, { runId: 'r' }))
    expect(again).toMatchObject({ status: 'in_flight', run: { id: 'r' } })
    expect(() => after.runs.start(requestOf('another', { runId: 'r' }))).toThrow('idempotency key was already used')
  })
})

describe('a run of which something was seen', () => {
  it('is closed with what there was of it', async () => {
    const before = await createConversation()
    before.runs.start(requestOf(script({ text: 'one ' }, { delayMs: 600 }, { text: 'two' }, { hang: true }), { runId: 'r' }))
    await settled()
    await before.clock.advance(600)
    await before.clock.advance(25) // what was kept in between is on disk now
    const after = await crash(before)
    expect(after.runs.active).toBe(0)
    const result = { state: 'interrupted', text: 'one two', stopReason: 'restart', startedAt: before.clock.now() - 625, endedAt: after.clock.now() }
    expect(after.runs.find('r')!.result).toMatchObject(result)
    expect(await after.runs.wait('r', 0)).toMatchObject(result)
    expect(after.said(KEY).at(-1)).toBe('assistant: one two')
    expect(after.sessions.get(KEY)!.status).toBe('killed')
    expect(after.runTable.output('r')).toBe('')
    expect(after.logged.filter((line) => line.level === 'warn').map((line) => line.message)).toEqual(['run r was interrupted by a restart and is closed'])
  })

  it('marks the message as cut short', async () => {
    const before = await createConversation()
    before.runs.start(requestOf(script({ text: 'half' }, { hang: true }), { runId: 'r' }))
    const after = await crash(before)
    const { sessionId } = after.sessions.get(KEY)!
    const [last] = after.transcripts.messages(sessionId, { after: 1, upTo: 2, limit: 1 })
    expect(last).toMatchObject({ openclawAbort: { aborted: true, origin: 'restart', runId: 'r' }, idempotencyKey: 'r:assistant', stopReason: 'restart' })
  })

  it('is told to those who follow its session', async () => {
    const before = await createConversation()
    before.runs.start(requestOf(script({ text: 'half' }, { hang: true }), { runId: 'r' }))
    const after = await crash(before)
    expect(after.heard('session.message')).toMatchObject([{ sessionKey: KEY, message: { stopReason: 'restart' } }])
    expect(after.heard('sessions.changed')).toMatchObject([{ sessionKey: KEY, phase: 'end', runId: 'r' }])
  })
})

describe('a run that called tools', () => {
  const acting = () => {
    let calls = 0
    const provider = playedProvider(async function* (request) {
      if (request.messages.at(-1)!.role === 'tool') await new Promise(() => {})
      yield [call('act'), { type: 'stop', reason: 'tool_calls' }]
    })
    const tool = defineTool({ name: 'act', description: '', scope: 'operator.read', params: z.strictObject({}), run: () => `acted ${++calls}` })
    return { options: { config: PLAYED, providers: [provider] }, tool, calls: () => calls }
  }

  it('is not run again, though nothing was seen of it', async () => {
    const { options, tool, calls } = acting()
    const before = await createConversation(options)
    before.tools.add(tool)
    before.runs.start(requestOf('act', { runId: 'r' }))
    await settled()
    expect(before.said(KEY)).toEqual(['user: act', 'assistant: call act', 'toolResult: acted 1'])
    const after = await crash(before, options, ({ tools }) => tools.add(tool))
    expect(calls()).toBe(1)
    expect(after.runs.find('r')!.result).toMatchObject({ state: 'interrupted', text: '', error: { message: expect.stringContaining('had called tools') } })
    expect(after.said(KEY)).toEqual(['user: act', 'assistant: call act', 'toolResult: acted 1'])
  })

  it('is closed also when the process died before the tool had answered', async () => {
    const { options } = acting()
    const before = await createConversation(options)
    before.tools.add(defineTool({ name: 'act', description: '', scope: 'operator.read', params: z.strictObject({}), run: () => new Promise(() => {}) }))
    before.runs.start(requestOf('act', { runId: 'r' }))
    const after = await crash(before, options)
    expect(after.runs.find('r')!.result).toMatchObject({ state: 'interrupted' })
  })

  const steps = script({ text: 'let me' }, { tool: { name: 'act' } }, { delayMs: 600 }, { text: 'half' }, { hang: true })

  it('has the text of all its steps, and in its last message that of the last', async () => {
    const before = await createConversation()
    before.tools.add(acting().tool)
    before.runs.start(requestOf(steps, { runId: 'r' }))
    await settled()
    await before.clock.advance(600)
    await before.clock.advance(25) // what was kept in between is on disk now
    const after = await crash(before)
    expect(after.said(KEY).slice(1)).toEqual(['assistant: let me | call act', 'toolResult: acted 1', 'assistant: half'])
    expect(after.runs.find('r')!.result).toMatchObject({ state: 'interrupted', text: 'let me\n\nhalf', error: { message: expect.stringContaining('had called tools') } })
  })

  it('leaves no message of line breaks alone', async () => {
    const before = await createConversation()
    before.tools.add(acting().tool)
    before.runs.start(requestOf(steps, { runId: 'r' }))
    const after = await crash(before)
    expect(after.said(KEY).slice(1)).toEqual(['assistant: let me | call act', 'toolResult: acted 1'])
  })

  it('counts the tokens of its steps', async () => {
    const { tool } = acting()
    const before = await createConversation()
    before.tools.add(tool)
    before.runs.start(requestOf(steps, { runId: 'r' }))
    await settled()
    const { sessionId } = before.sessions.get(KEY)!
    const [step] = before.transcripts.messages(sessionId, { after: 1, upTo: 2, limit: 1 })
    const used = step!.role === 'assistant' ? step!.usage : expect.unreachable('it is no step')
    expect(used.totalTokens).toBeGreaterThan(0)
    const after = await crash(before)
    expect(after.runs.find('r')!.result!.usage).toEqual(used)
    expect(after.sessions.get(KEY)!.totalTokens).toBe(used.totalTokens)
  })

  it('of the same session do not speak for the run behind them', async () => {
    const { options, tool } = acting()
    const before = await createConversation(options)
    before.tools.add(tool)
    before.runs.start(requestOf('act', { runId: 'first' }))
    before.runs.start(requestOf('act', { runId: 'second' }))
    const after = await crash(before, options, ({ tools }) => tools.add(tool))
    expect(after.runs.find('first')!.state).toBe('interrupted')
    expect(after.runs.find('second')).toMatchObject({ state: 'running', attempts: 1 })
  })
})

describe('an HTTP run', () => {
  it('is closed: nobody waits for it any more', async () => {
    const before = await createConversation()
    before.runs.start(requestOf(HANGS, { runId: 'running', origin: 'http' }))
    before.runs.start(requestOf(HANGS, { runId: 'waiting', origin: 'http' }))
    await before.clock.advance(25)
    const after = await crash(before)
    expect(after.runs.active).toBe(0)
    for (const id of ['running', 'waiting']) expect(after.runs.find(id)!.result).toMatchObject({ state: 'interrupted', stopReason: 'restart' })
    expect(after.said(KEY), 'both stand in the transcript').toEqual([`user: ${HANGS}`, `user: ${HANGS}`])
  })
})

describe('several runs', () => {
  it('are taken up in the order in which they were accepted', async () => {
    const before = await createConversation()
    for (const text of ['a', 'b', 'c']) before.runs.start(requestOf(script({ delayMs: 10 }, { text }), { runId: `r${text}` }))
    const after = await crash(before)
    expect(after.runs.queuedIn(KEY, 10).map((record) => record.id)).toEqual(['rb', 'rc'])
    await after.clock.advance(30)
    expect(after.said(KEY).filter((line) => line.startsWith('assistant'))).toEqual(['assistant: a', 'assistant: b', 'assistant: c'])
    expect(after.runs.find('ra')!.attempts).toBe(2)
    expect(after.runs.find('rb')!.attempts).toBe(1)
  })

  it('wait for the one before them, closed or not', async () => {
    const before = await createConversation()
    before.runs.start(requestOf(script({ text: 'half' }, { hang: true }), { runId: 'seen' }))
    before.runs.start(requestOf(script({ text: 'whole' }), { runId: 'queued' }))
    const after = await crash(before)
    expect(after.said(KEY).map((line) => line.replace(/script:.*/, '…'))).toEqual(['user: …', 'assistant: half', 'user: …', 'assistant: whole'])
  })

  it('of different sessions go on side by side, before anything new', async () => {
    const before = await createConversation()
    for (const name of ['x', 'y']) before.runs.start(requestOf(script({ delayMs: 10 }, { text: name }), { runId: name, sessionKey: `agent:main:${name}` }))
    const after = await crash(before)
    after.runs.start(requestOf(script({ text: 'new' }), { runId: 'new', sessionKey: 'agent:main:x' }))
    await after.clock.advance(10)
    await settled()
    expect(after.said('agent:main:x').filter((line) => line.startsWith('assistant'))).toEqual(['assistant: x', 'assistant: new'])
    expect(after.said('agent:main:y').at(-1)).toBe('assistant: y')
    expect(after.runs.active).toBe(0)
  })

  it('that ended are left alone', async () => {
    const before = await createConversation()
    before.runs.start(requestOf(script({ text: 'done' }), { runId: 'r' }))
    const after = await crash(before)
    expect(after.told).toEqual([])
    expect(after.runs.find('r')!.result).toMatchObject({ state: 'ok', text: 'done' })
  })
})

describe('a run that cannot be taken up', () => {
  const broken = async () => {
    const before = await createConversation()
    for (const runId of ['broken', 'whole']) before.runs.start(requestOf(script({ delayMs: 10 }, { text: 'answered' }), { runId, sessionKey: `agent:main:${runId}` }))
    await settled()
    before.sql.run(`UPDATE runs SET request = '{' WHERE id = 'broken'`)
    return createConversation({ sql: before.sql, clock: fakeClock(before.clock.now() + 5000) })
  }

  it('keeps no other from being taken up, and that one is so once', async () => {
    const { runs, clock } = await broken()
    expect(() => runs.recover()).toThrow('1 of 2 failed')
    expect(() => runs.recover()).toThrow('1 of 1 failed')
    await settled()
    await clock.advance(10)
    expect(await runs.wait('whole', 0)).toMatchObject({ state: 'ok', text: 'answered' })
    expect(runs.find('whole')).toMatchObject({ attempts: 2 })
  })

  it('is tried three times, and then in nobody\'s way', async () => {
    const { runs } = await broken()
    for (let n = 0; n < 3; n++) expect(() => runs.recover()).toThrow('failed')
    runs.recover()
    expect(runs.find('broken')!.result).toMatchObject({ state: 'interrupted', stopReason: 'restart', error: { message: expect.stringContaining('send it again') } })
    expect(runs.liveIn('agent:main:broken')).toEqual([])
  })
})

it('ends a run whose agent the configuration has lost', async () => {
  const config = { agents: { list: [{ id: 'main' }, { id: 'second' }] } }
  const before = await createConversation({ config })
  const sessionKey = 'agent:second:x'
  before.runs.start(requestOf(HANGS, { runId: 'begun', sessionKey }))
  before.runs.start(requestOf(HANGS, { runId: 'queued', sessionKey }))
  const after = await crash(before)
  await after.runs.abort(after.runs.liveIn(sessionKey), 'rpc')
  for (const id of ['begun', 'queued']) expect(after.runs.find(id)!.result!.state, id).toMatch(/error|aborted/)
  expect(after.runs.active).toBe(0)
})

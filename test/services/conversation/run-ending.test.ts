// How a run ends: its result, the last word in the transcript, and the record, together or not at all.

import { describe, expect, it } from 'vitest'
import { createLogger } from '../../../src/kit/log.ts'
import { invalid } from '../../../src/protocol/errors.ts'
import { noUsage } from '../../../src/protocol/shapes.ts'
import { ModelError } from '../../../src/ports/model.ts'
import { AbortReason, createRunEndings, toAssistantMessage, toFailure, toResult, type Ending } from '../../../src/services/conversation/run-ending.ts'
import type { RunResult } from '../../../src/services/conversation/run-table.ts'
import { createConversation, KEY, modelOf, requestOf } from './conversation.ts'

const MODEL = modelOf('p/m', async function* () {})
const SPAN = { startedAt: 1000, endedAt: 4000 }
const USED = { ...noUsage(), input: 7, totalTokens: 7 }

function failureOf(error: unknown, reason?: unknown) {
  const logged: string[] = []
  const aborter = new AbortController()
  if (reason !== undefined) aborter.abort(reason)
  const log = createLogger('test', (record) => logged.push(`${record.level}: ${JSON.stringify(record.fields)}`), () => 0)
  return { ...toFailure(error, aborter.signal, { text: 'so far', usage: USED }, MODEL, SPAN, log), logged }
}

describe('the result', () => {
  it('of a run that went well has all that was said, and the usage of all steps', () => {
    const outcome = { model: MODEL, text: 'last step', stopReason: 'length' as const, clientCalls: [], usage: noUsage(), responseId: 'id' }
    expect(toResult(outcome, { text: 'first step, last step', usage: USED }, SPAN)).toEqual({
      ...SPAN, state: 'ok', text: 'first step, last step', stopReason: 'length', toolCalls: [], usage: USED, provider: 'p', model: 'm', responseId: 'id',
    }) // prettier-ignore
  })

  it('of a model that failed tells what it said', () => {
    expect(failureOf(new ModelError('rate_limit', 'slow down', 429))).toMatchObject({
      state: 'error', text: 'so far', stopReason: 'error', provider: 'p', model: 'm', error: { message: 'slow down', kind: 'rate_limit', status: 429 }, logged: [],
    }) // prettier-ignore
    expect(failureOf(new ModelError('network', 'gone')).error).toEqual({ message: 'gone', kind: 'network' })
  })

  it('of a request that cannot be served says why', () => {
    expect(failureOf(invalid('the session was deleted')).error).toEqual({ message: 'the session was deleted', kind: 'invalid', status: 400 })
  })

  it('of a bug shows nothing of it; the log does', () => {
    const { error, logged } = failureOf(new TypeError('secret of the inside'))
    expect(error).toEqual({ message: 'internal error: the log of the gateway says more', kind: 'internal' })
    expect(logged).toEqual(['error: {"error":"secret of the inside"}'])
  })

  it('of an aborted run names who ended it, whatever was thrown', () => {
    for (const error of [new AbortReason('rpc'), new ModelError('network', 'cut'), new Error('x')]) {
      const { error: none, logged, ...result } = failureOf(error, new AbortReason('rpc'))
      expect(result).toMatchObject({ state: 'aborted', stopReason: 'rpc', text: 'so far', usage: USED })
      expect([none, logged]).toEqual([undefined, []])
    }
  })

  it('of one that took too long says how long that was', () => {
    const { state, stopReason, error } = failureOf(new Error('x'), new AbortReason('timeout'))
    expect([state, stopReason, error!.kind]).toEqual(['error', 'timeout', 'timeout'])
    expect(error!.message).toContain('after 3 s')
  })

  it('is a failure when a signal aborted for another reason', () => {
    expect(failureOf(new ModelError('timeout', 'was silent'), new Error('not ours'))).toMatchObject({ state: 'error', error: { message: 'was silent' } })
  })
})

describe('the message', () => {
  const said = { text: 'text', calls: [], api: 'a', provider: 'p', model: 'm', usage: noUsage(), stopReason: 'stop', timestamp: 1 }

  it('has text, then calls, with arguments as values', () => {
    const calls = [{ id: 'c', name: 'act', arguments: '{"n":1}' }, { id: 'd', name: 'act', arguments: '' }, { id: 'e', name: 'act', arguments: '{"n":' }]
    const { content } = toAssistantMessage({ ...said, calls })
    expect(content).toEqual([
      { type: 'text', text: 'text' },
      { type: 'toolCall', id: 'c', name: 'act', arguments: { n: 1 } },
      { type: 'toolCall', id: 'd', name: 'act', arguments: {} },
      { type: 'toolCall', id: 'e', name: 'act', arguments: { invalidJson: '{"n":' } },
    ])
  })

  it('has no empty text', () => {
    expect(toAssistantMessage({ ...said, text: '' }).content).toEqual([])
  })
})

describe('the record', () => {
  const LAST = { ...noUsage(), output: 2, totalTokens: 2 }

  async function make(more: Partial<Omit<Ending, 'result'>> & { result?: Partial<RunResult> } = {}) {
    const conversation = await createConversation()
    const { runTable, sessions, commit } = conversation
    const endings = createRunEndings({ table: runTable, sessions, commit })
    const request = requestOf('asked', { runId: 'r' })
    sessions.create({ key: KEY, via: 'run' })
    commit.tx(() => runTable.insert(request, more.begun ?? true, 1))
    if (more.begun ?? true) sessions.append(KEY, request.input[0]!)
    const ok: RunResult = { ...SPAN, state: 'ok', text: 'all of it', stopReason: 'stop', toolCalls: [], usage: { ...noUsage(), input: 5, output: 2, totalTokens: 7 }, provider: 'p', model: 'm' }
    const ending: Ending = { request, rest: 'of it', lastUsage: LAST, accepted: true, begun: true, hasOutput: false, api: 'builtin', ...more, result: { ...ok, ...more.result } }
    return { ...conversation, endings, ending }
  }

  it('puts what was said since the last step into the transcript, with the tokens that it took, and adds up those of all', async () => {
    const { endings, ending, runTable, sessions, transcripts, said } = await make()
    endings.record(ending)
    expect(said(KEY)).toEqual(['user: asked', 'assistant: of it'])
    expect(transcripts.messages(sessions.get(KEY)!.sessionId, { after: 1, upTo: 2, limit: 1 })).toMatchObject([{ usage: LAST }])
    expect(runTable.get('r')!.result).toEqual(ending.result)
    expect(sessions.get(KEY)).toMatchObject({ status: 'done', lastError: null, endedAt: 4000, provider: 'p', model: 'm', inputTokens: 5, outputTokens: 2, totalTokens: 7 })
  })

  it.each([
    [{ state: 'error', stopReason: 'error', error: { message: 'no', kind: 'server' } }, { status: 'failed', lastError: 'no' }],
    [{ state: 'error', stopReason: 'timeout', error: { message: 'late', kind: 'timeout' } }, { status: 'timeout', lastError: 'late' }],
    [{ state: 'aborted', stopReason: 'rpc' }, { status: 'killed', lastError: null }],
    [{ state: 'interrupted', stopReason: 'restart', error: { message: 'stopped', kind: 'interrupted' } }, { status: 'killed', lastError: 'stopped' }],
  ] as const)('of %j leaves the session as %j', async (result, expected) => {
    const { endings, ending, sessions } = await make({ result })
    endings.record(ending)
    expect(sessions.get(KEY)).toMatchObject(expected)
  })

  it('marks a text that was cut short', async () => {
    const { endings, ending, transcripts, sessions } = await make({ result: { state: 'aborted', stopReason: 'rpc' } })
    endings.record(ending)
    const [message] = transcripts.messages(sessions.get(KEY)!.sessionId, { after: 1, upTo: 2, limit: 1 })
    expect(message).toMatchObject({ idempotencyKey: 'r:assistant', openclawAbort: { aborted: true, origin: 'rpc', runId: 'r' }, __openclaw: { runId: 'r' } })
  })

  it('adds no message for an abort before the first word, and one for a failure', async () => {
    const aborted = await make({ rest: '', result: { state: 'aborted', stopReason: 'rpc', text: '' } })
    aborted.endings.record(aborted.ending)
    expect(aborted.said(KEY)).toEqual(['user: asked'])
    const failed = await make({ rest: '', result: { state: 'error', stopReason: 'error', text: '', error: { message: 'no', kind: 'auth' } } })
    failed.endings.record(failed.ending)
    expect(failed.said(KEY)).toEqual(['user: asked', 'assistant: '])
  })

  it('adds what was asked, when the run had not begun', async () => {
    const { endings, ending, said } = await make({ begun: false, rest: '', result: { state: 'aborted', stopReason: 'rpc', text: '' } })
    endings.record(ending)
    expect(said(KEY)).toEqual(['user: asked'])
  })

  it('is written also when the session was deleted meanwhile', async () => {
    const { endings, ending, sessions, runTable } = await make()
    sessions.delete(KEY)
    endings.record(ending)
    expect(runTable.get('r')!.result).toEqual(ending.result)
    expect(sessions.get(KEY)).toBeNull()
  })

  it('is written once, also when its first attempt was kept and only the disk failed', async () => {
    const { endings, ending, sessions, said } = await make()
    endings.record(ending, true)
    endings.record(ending, true)
    expect(said(KEY)).toEqual(['user: asked', 'assistant: of it'])
    expect(sessions.get(KEY)!.totalTokens).toBe(7)
  })

  it('is all or nothing', async () => {
    const { endings, ending, sessions, transcripts, runTable, commit, said } = await make({ hasOutput: true })
    commit.tx(() => runTable.addOutput('r', 0, 'kept'))
    const { sessionId } = sessions.get(KEY)!
    transcripts.append(sessionId, 2, { role: 'user', content: 'by another hand', timestamp: 1 })
    const before = sessions.get(KEY)
    expect(() => endings.record(ending)).toThrow()
    expect(runTable.get('r')).toMatchObject({ state: 'running', result: null })
    expect(runTable.output('r')).toBe('kept')
    expect(sessions.get(KEY)).toEqual(before)
    expect(said(KEY)).toEqual(['user: asked'])
  })
})

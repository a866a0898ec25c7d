// Calls that were accepted, and what becomes of them.

import { describe, expect, it } from 'vitest'
import type { ModelRequest } from '../../../src/ports/model.ts'
import type { HookTurn } from '../../../src/services/automation/hook-table.ts'
import type { HookOrigin } from '../../../src/services/automation/hooks.ts'
import { abortable } from '../../../src/kit/async.ts'
import { settled } from '../../harness/clock.ts'
import { answer, KEY, PLAYED, playedProvider, requestOf } from '../conversation/conversation.ts'
import type { TestSql } from '../../harness/sql.ts'
import { createAutomation } from './automation.ts'

const FROM = { hook: 'ci', address: '192.0.2.1' }
const turnOf = (message: string, more: object = {}) => ({ agentId: 'main', sessionKey: `agent:main:hook:${message}`, message, name: 'CI', ...more })

const lastOf = ({ messages }: ModelRequest): string => String((messages.at(-1) as { content?: unknown }).content)

/** A gateway whose model answers each message when it is told to. */
async function setUp({ sql, hooks = {} }: { sql?: TestSql; hooks?: object } = {}) {
  const asked: ModelRequest[] = []
  const gates = new Map<string, PromiseWithResolvers<void>>()
  const gate = (message: string) => {
    const known = gates.get(message) ?? Promise.withResolvers<void>()
    gates.set(message, known)
    return known
  }
  const provider = playedProvider(async function* (request, signal) {
    asked.push(request)
    await abortable(gate(lastOf(request)).promise, signal)
    yield answer('done')
  })
  const a = await createAutomation({ config: { ...PLAYED, hooks: { enabled: true, ...hooks } }, providers: [provider], ...(sql && { sql }) })
  await a.start()
  const finish = async (...messages: string[]) => {
    for (const message of messages) gate(message).resolve()
    await settled()
  }
  const rows = () => a.hooks.list({ limit: 99 }).map(({ status, outcome, sessionKey }) => `${sessionKey!.split(':').at(-1)} ${status}${outcome === null ? '' : ` ${outcome}`}`)
  const turn = (wanted: HookTurn, origin: HookOrigin) => a.hooks.turns([wanted], origin)[0]!
  return { ...a, turn, asked, finish, rows, asks: () => asked.map(lastOf) }
}

describe('a turn', () => {
  it('is on disk at once, and begins behind the answer', async () => {
    const a = await setUp()
    const id = a.turn(turnOf('one', { thinking: 'low', timeoutSeconds: 9 }), FROM)
    expect(a.rows()).toEqual(['one queued'])
    expect(a.asked).toEqual([])
    await settled()
    expect(a.rows()).toEqual(['one started'])
    expect(a.asked[0]!.settings).toEqual({ reasoningEffort: 'low' })
    expect(a.asked[0]!.messages[0]).toMatchObject({ role: 'system', text: expect.stringContaining('through the webhook "CI"') })
    expect(a.runs.find(id)?.request).toMatchObject({ origin: 'hook', principal: { id: 'hook:ci', role: 'operator' } })
    await a.finish('one')
    expect(a.rows()).toEqual(['one done ok'])
    expect(a.hooks.waiting).toBe(0)
  })

  it('decides nothing in the name of a person', async () => {
    const a = await setUp()
    const id = a.turn(turnOf('one'), FROM)
    await settled()
    const scopes = [...a.runs.find(id)!.request!.principal.scopes]
    expect(scopes).toContain('operator.write')
    for (const scope of ['operator.admin', 'operator.approvals', 'operator.pairing']) expect(scopes).not.toContain(scope)
  })

  it('of a delivery that comes again is the same', async () => {
    const a = await setUp()
    const first = a.turn(turnOf('one'), { ...FROM, delivery: 'd1' })
    expect(a.turn(turnOf('two'), { ...FROM, delivery: 'd1' })).toBe(first)
    await a.finish('one')
    expect(a.turn(turnOf('three'), { ...FROM, delivery: 'd1' })).toBe(first)
    expect(a.turn(turnOf('four'), { ...FROM, hook: 'other', delivery: 'd1' })).not.toBe(first)
    await settled()
    expect(a.asks()).toEqual(['one', 'four'])
  })

  it('of a signature that comes again is the same, whatever else is said', async () => {
    const a = await setUp()
    const first = a.turn(turnOf('one'), { ...FROM, delivery: 'd1', proof: 's1' })
    expect(a.turn(turnOf('two'), { ...FROM, delivery: 'd2', proof: 's1' })).toBe(first)
    expect(a.turn(turnOf('two'), { ...FROM, delivery: 'd1', proof: 's2' })).toBe(first)
    expect(a.rows()).toHaveLength(1)
  })

  it('is one of several, which are known again together', async () => {
    const a = await setUp()
    const ask = (...messages: string[]) => a.hooks.turns(messages.map((message) => turnOf(message)), { ...FROM, delivery: 'd1' })
    const ids = ask('one', 'two', 'three')
    expect(new Set(ids).size).toBe(3)
    expect(ask('one', 'two', 'three')).toEqual(ids)
    expect(a.rows()).toHaveLength(3)
  })

  it('that fails is told so', async () => {
    const a = await setUp()
    a.turn(turnOf('one', { model: 'nobody/knows' }), FROM)
    await settled()
    expect(a.rows()).toEqual(['one failed error'])
  })
})

describe('a burst', () => {
  it('has a few turns at a time, in order, and a message of a person goes before it', async () => {
    const a = await setUp()
    for (let n = 0; n < 50; n++) a.turn(turnOf(`hook ${n}`), FROM)
    await settled()
    expect(a.asks()).toEqual(['hook 0', 'hook 1'])
    a.runs.start(requestOf('hello'))
    await settled()
    expect(a.asks().at(-1)).toBe('hello')
    await a.finish('hello')
    expect(a.heard('chat').some(({ state, sessionKey }) => state === 'final' && sessionKey === KEY)).toBe(true)
    await a.finish('hook 1')
    expect(a.asks().at(-1)).toBe('hook 2')
    await a.finish(...Array.from({ length: 50 }, (_, n) => `hook ${n}`))
    for (let n = 0; n < 60 && a.hooks.waiting > 0; n++) await settled()
    expect(a.asks().filter((message) => message.startsWith('hook'))).toEqual(Array.from({ length: 50 }, (_, n) => `hook ${n}`))
    expect(a.hooks.waiting).toBe(0)
  })

  it('is as wide as the configuration says', async () => {
    const a = await setUp({ hooks: { maxConcurrent: 5 } })
    for (let n = 0; n < 9; n++) a.turn(turnOf(`hook ${n}`), FROM)
    await settled()
    expect(a.asked).toHaveLength(5)
  })
})

describe('over a death', () => {
  it('everything that was accepted is done once', async () => {
    const first = await setUp()
    for (let n = 0; n < 4; n++) first.turn(turnOf(`hook ${n}`), FROM)
    await settled()
    await first.finish('hook 0')
    expect(first.rows()).toEqual(['hook 3 queued', 'hook 2 started', 'hook 1 started', 'hook 0 done ok'])
    first.hooks.end() // it is gone
    const second = await setUp({ sql: first.sql })
    await settled()
    await second.finish('hook 1', 'hook 2', 'hook 3')
    for (let n = 0; n < 10; n++) await settled()
    expect(second.asks().toSorted()).toEqual(['hook 1', 'hook 2', 'hook 3'])
    expect(second.rows()).toEqual(['hook 3 done ok', 'hook 2 done ok', 'hook 1 done ok', 'hook 0 done ok'])
  })

  it('one that was accepted and not yet started begins', async () => {
    const first = await setUp()
    first.turn(turnOf('one'), FROM)
    first.hooks.end()
    const second = await setUp({ sql: first.sql })
    await settled()
    expect(second.asks()).toEqual(['one'])
  })
})

describe('a wake', () => {
  it('is told to the session, and kept', async () => {
    const a = await setUp()
    a.hooks.wake({ text: 'the build is red', mode: 'next-heartbeat' }, { ...FROM, delivery: 'd' })
    a.hooks.wake({ text: 'again', mode: 'next-heartbeat' }, { ...FROM, delivery: 'd' })
    expect(a.vitals.queuedEvents()).toEqual([expect.stringContaining('the build is red')])
    expect(a.rows()).toEqual(['main woken'])
  })
})

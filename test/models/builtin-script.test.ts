// The script mode: says, calls, waits and fails exactly as it is told.

import { describe, expect, it } from 'vitest'
import type { ModelEvent } from '../../src/index.ts'
import { isScript, playScript } from '../../src/models/builtin-script.ts'
import { noUsage } from '../../src/protocol/shapes.ts'
import { fakeClock, settled } from '../harness/clock.ts'
import { script } from '../suites/target.ts'

function play(message: string, results = 0) {
  const clock = fakeClock()
  const aborter = new AbortController()
  const events: ModelEvent[] = []
  let outcome: unknown = 'in the works'
  async function run() {
    for await (const batch of playScript(message, results, { ...noUsage(), input: 10, totalTokens: 10 }, clock, aborter.signal)) events.push(...batch)
  }
  const ended = run().then(() => (outcome = 'ended'), (error: unknown) => (outcome = error))
  return { clock, aborter, events, ended, outcome: () => outcome }
}

const eventsOf = async (message: string, results = 0) => {
  const { events, ended } = play(message, results)
  expect(await ended).toBe('ended')
  return events
}

it('knows a script by its beginning', () => {
  expect([script(), '  script:[]', 'a script:[]', 'Script:[]'].map(isScript)).toEqual([true, true, false, false])
})

describe('what is said', () => {
  it('comes step by step, with usage and an end', async () => {
    expect(await eventsOf(script({ reasoning: 'hm' }, { text: 'four' }, { text: 'five!' }))).toEqual([
      { type: 'reasoning', text: 'hm' },
      { type: 'text', text: 'four' },
      { type: 'text', text: 'five!' },
      { type: 'usage', usage: { ...noUsage(), input: 10, output: 3, totalTokens: 13 } },
      { type: 'stop', reason: 'stop' },
    ])
  })

  it('comes as often as wanted, each after its pause', async () => {
    const { clock, events, outcome } = play(script({ text: 'x', times: 3, delayMs: 10 }))
    await settled()
    expect(events).toEqual([])
    await clock.advance(20)
    expect(events).toHaveLength(2)
    await clock.advance(10)
    expect(outcome()).toBe('ended')
  })

  it.each(['length', 'content_filter', 'stop'])('ends with %s where that is wanted', async (reason) => {
    expect((await eventsOf(script({ text: 'x' }, { stop: reason }))).at(-1)).toEqual({ type: 'stop', reason })
  })

  it('may be nothing', async () => {
    expect(await eventsOf(script())).toEqual([{ type: 'usage', usage: { ...noUsage(), input: 10, totalTokens: 10 } }, { type: 'stop', reason: 'stop' }])
  })
})

describe('tools', () => {
  const two = script({ text: 'a' }, { tool: { name: 't', arguments: { n: 1 } } }, { tool: { name: 'u' } }, { text: 'b' }, { tool: { name: 'v' } }, { text: 'c' })
  const calls = (events: readonly ModelEvent[]) => events.flatMap((event) => (event.type === 'tool-call' ? [event.call] : []))

  it('in a row are one step, and what stands behind them waits for the results', async () => {
    const events = await eventsOf(two)
    expect(events[0]).toEqual({ type: 'text', text: 'a' })
    expect(calls(events)).toEqual([{ id: 'call_1', name: 't', arguments: '{"n":1}' }, { id: 'call_2', name: 'u', arguments: '{}' }])
    expect(events.at(-1)).toEqual({ type: 'stop', reason: 'tool_calls' })
    expect(events).not.toContainEqual({ type: 'text', text: 'b' })
  })

  it('are gone on behind, with ids of their own', async () => {
    const events = await eventsOf(two, 2)
    expect(events[0]).toEqual({ type: 'text', text: 'b' })
    expect(calls(events)).toEqual([{ id: 'call_3', name: 'v', arguments: '{}' }])
    expect(await eventsOf(two, 3)).toEqual([{ type: 'text', text: 'c' }, expect.anything(), { type: 'stop', reason: 'stop' }])
  })
})

describe('failures', () => {
  it.each(['auth', 'rate_limit', 'context_length', 'refusal', 'timeout', 'invalid', 'server', 'network'])('of the kind %s', async (kind) => {
    const { events, ended, outcome } = play(script({ text: 'first' }, { error: { message: 'no', kind, status: 418 } }, { text: 'never' }))
    await ended
    expect(outcome()).toMatchObject({ kind, message: 'no', status: 418 })
    expect(events).toEqual([{ type: 'text', text: 'first' }])
  })

  it('are those of a server unless said otherwise', async () => {
    const { ended, outcome } = play(script({ error: { message: 'no' } }))
    await ended
    expect(outcome()).toMatchObject({ kind: 'server', status: null })
  })

  it.each(['script:', 'script:{}', 'script:[{"txt":"x"}]', 'script:[{"text":"x","times":0}]', 'script:[', 'script:[{"hang":false}]'])('of %s say how to write it', async (message) => {
    const { ended, outcome } = play(message)
    await ended
    expect(outcome()).toMatchObject({ kind: 'invalid', message: expect.stringContaining('needs a JSON array of steps') })
  })
})

describe('an abort', () => {
  it.each([
    ['of one that hangs', script({ text: 'x' }, { hang: true })],
    ['in a pause', script({ text: 'x' }, { delayMs: 1000 })],
    ['between two words', script({ text: 'x' }, { text: 'y', times: 5, delayMs: 1000 })],
  ])('%s ends it with the reason, and no timer stays', async (_, message) => {
    const { aborter, clock, ended, events, outcome } = play(message)
    await settled()
    expect(outcome()).toBe('in the works')
    const reason = new Error('enough')
    aborter.abort(reason)
    await ended
    expect(outcome()).toBe(reason)
    expect(events).toEqual([{ type: 'text', text: 'x' }])
    expect(clock.pending).toBe(0)
  })
})

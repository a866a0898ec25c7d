// Models that failed rest: how long, which, and in which order they are tried meanwhile.

import { describe, expect, it } from 'vitest'
import type { Usage } from '../../../src/protocol/shapes.ts'
import { ModelError, type Model } from '../../../src/ports/model.ts'
import { runAgentLoop, type LoopIo } from '../../../src/services/conversation/agent-loop.ts'
import { createCooldowns, inTurn } from '../../../src/services/conversation/model-cooldown.ts'
import { fakeClock } from '../../harness/clock.ts'
import { answer, modelOf } from './conversation.ts'

const MINUTE = 60_000

function make() {
  const clock = fakeClock()
  const cooldowns = createCooldowns(clock)
  const failing = new Map<string, Error>()
  const asked: string[] = []
  const watched = (id: string, account = 'key') =>
    cooldowns.watch(
      modelOf(id, async function* () {
        asked.push(id)
        const failure = failing.get(id)
        if (failure) throw failure
        yield answer(`from ${id}`)
      }),
      account,
    )
  const ask = async (model: Model, signal = new AbortController().signal) => {
    try {
      for await (const _ of model.stream({ messages: [], tools: [], settings: {}, whole: false }, { signal })) continue
    } catch {
      // the cool-down is what counts
    }
    return model.rest!()
  }
  return { clock, cooldowns, failing, asked, watched, ask }
}

const limit = (retryAfterMs: number | null = null) => new ModelError('rate_limit', 'slow down', 429, retryAfterMs)

describe('how long', () => {
  it('is twice as long after each failure, up to a limit, and nothing after a success', async () => {
    const { clock, failing, watched, ask } = make()
    const model = watched('one/a')
    failing.set('one/a', limit())
    const pauses: number[] = []
    for (let i = 0; i < 7; i++) {
      pauses.push((await ask(model)) / 1000)
      await clock.advance(pauses.at(-1)! * 1000)
      expect(model.rest!()).toBe(0)
    }
    expect(pauses).toEqual([30, 60, 120, 240, 480, 900, 900])
    failing.delete('one/a')
    expect(await ask(model)).toBe(0)
    failing.set('one/a', limit())
    expect(await ask(model)).toBe(30_000)
  })

  it('is what the vendor asks for, within reason', async () => {
    const { failing, watched, ask } = make()
    failing.set('one/a', limit(4000)).set('one/b', limit(24 * 60 * MINUTE))
    expect(await ask(watched('one/a'))).toBe(4000)
    expect(await ask(watched('one/b'))).toBe(60 * MINUTE)
  })

  it('is forgotten after a long while', async () => {
    const { clock, failing, watched, ask } = make()
    const model = watched('one/a')
    failing.set('one/a', limit())
    await ask(model)
    await ask(model)
    await clock.advance(3 * 60 * MINUTE)
    expect(await ask(model)).toBe(30_000)
  })

  it('is nothing when the request was at fault, or when it was aborted', async () => {
    const { failing, watched, ask } = make()
    for (const kind of ['invalid', 'context_length', 'refusal'] as const) {
      failing.set('one/a', new ModelError(kind, 'no'))
      expect(await ask(watched('one/a')), kind).toBe(0)
    }
    failing.set('one/a', limit())
    expect(await ask(watched('one/a'), AbortSignal.abort())).toBe(0)
  })
})

describe('which', () => {
  it('is the account for what the account is at fault for, and the model for the rest', async () => {
    const { failing, watched, ask } = make()
    failing.set('one/a', limit())
    await ask(watched('one/a'))
    expect(watched('one/a').rest!()).toBe(30_000)
    expect(watched('one/b').rest!()).toBe(0)
    failing.set('one/a', new ModelError('auth', 'no', 401))
    await ask(watched('one/a'))
    expect(watched('one/b').rest!()).toBe(MINUTE)
    expect(watched('one/b', 'another key').rest!()).toBe(0)
    expect(watched('two/b').rest!()).toBe(0)
  })

  it('is bounded', async () => {
    const { failing, watched, ask } = make()
    for (let i = 0; i < 1100; i++) {
      failing.set(`one/${i}`, limit())
      await ask(watched(`one/${i}`))
    }
    expect(watched('one/0').rest!()).toBe(0)
    expect(watched('one/1099').rest!()).toBe(30_000)
  })
})

describe('the order', () => {
  it('leaves out those that rest, unless all do: then the one that is ready soonest is first', async () => {
    const { failing, watched, ask } = make()
    const [a, b, c] = [watched('one/a'), watched('two/b'), watched('three/c')]
    const ids = () => inTurn([a!, b!, c!]).map(({ id }) => id)
    expect(ids()).toEqual(['one/a', 'two/b', 'three/c'])
    failing.set('one/a', limit(50_000)).set('two/b', limit(20_000)).set('three/c', limit(30_000))
    await ask(a!)
    expect(ids()).toEqual(['two/b', 'three/c'])
    await ask(b!)
    expect(ids()).toEqual(['three/c'])
    await ask(c!)
    expect(ids()).toEqual(['two/b', 'three/c', 'one/a'])
  })

  it('holds for the steps of a run', async () => {
    const { clock, failing, asked, watched } = make()
    const models = [watched('one/a'), watched('two/b')]
    const nothing = () => {}
    const io: LoopIo = { signal: new AbortController().signal, onModel: nothing, onText: nothing, onReasoning: nothing, onToolCalls: nothing, callTool: async () => ({ text: '', isError: false }) }
    const run = async (): Promise<{ model: Model; usage: Usage }> => runAgentLoop({ models, messages: [], tools: [], clientTools: [], settings: {}, whole: false }, io)
    failing.set('one/a', limit())
    expect((await run()).model.id).toBe('two/b')
    expect((await run()).model.id).toBe('two/b')
    expect(asked).toEqual(['one/a', 'two/b', 'two/b'])
    failing.delete('one/a')
    await clock.advance(30_000)
    expect((await run()).model.id).toBe('one/a')
  })
})

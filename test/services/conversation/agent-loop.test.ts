// The loop: steps, tools, fallbacks, aborts. The models of these tests are generators that play a few events.

import { describe, expect, it } from 'vitest'
import type { Usage } from '../../../src/protocol/shapes.ts'
import { ModelError, type Model, type ModelErrorKind, type ModelEvent, type ModelRequest, type ModelToolCall } from '../../../src/ports/model.ts'
import { MAX_STEPS, runAgentLoop, type LoopInput, type LoopIo } from '../../../src/services/conversation/agent-loop.ts'
import { settled } from '../../harness/clock.ts'
import { answer, call, modelOf } from './conversation.ts'

const stop = (reason: Extract<ModelEvent, { type: 'stop' }>['reason'] = 'stop'): ModelEvent => ({ type: 'stop', reason })
const usageOf = (n: number): Usage => ({ input: n, output: 2 * n, cacheRead: 3 * n, cacheWrite: 4 * n, reasoning: 5 * n, totalTokens: 6 * n })

/** A model whose n-th answer are the n-th events; the requests that it got. */
function stepping(...steps: readonly (readonly ModelEvent[])[]): { model: Model; requests: ModelRequest[] } {
  const requests: ModelRequest[] = []
  const model = modelOf('test/steps', async function* (request) {
    const events = steps[requests.length] ?? steps.at(-1)!
    requests.push({ ...request, messages: [...request.messages] })
    yield events
  })
  return { model, requests }
}

function listen(callTool: (call: ModelToolCall) => Promise<string> = async ({ id }) => `result of ${id}`) {
  const aborter = new AbortController()
  const log: string[] = []
  const io: LoopIo = {
    signal: aborter.signal,
    onModel: ({ id }) => void log.push(`model ${id}`),
    onText: (text) => void log.push(`text ${text}`),
    onReasoning: (text) => void log.push(`reasoning ${text}`),
    onToolCalls: (_, text, calls, usage) => void log.push(`calls ${text}${calls.map(({ id }) => `[${id}]`).join('')} ${usage.totalTokens}`),
    async callTool(wanted) {
      log.push(`tool ${wanted.id}`)
      return { text: await callTool(wanted), isError: false }
    },
  }
  return { aborter, log, io }
}

const TOOL = { name: 'act', parameters: {} }
const input = (models: readonly Model[], more: Partial<LoopInput> = {}): LoopInput => ({
  models,
  messages: [{ role: 'user', content: 'go' }],
  tools: [TOOL],
  clientTools: [],
  settings: {},
  whole: false,
  ...more,
})

describe('one answer', () => {
  it('is the text, the reason and the usage that the model gave', async () => {
    const { model } = stepping([{ type: 'reasoning', text: 'hm' }, { type: 'text', text: 'one ' }, ...answer('two').slice(0, 2), { type: 'stop', reason: 'length', responseId: 'up' }])
    const { io, log } = listen()
    expect(await runAgentLoop(input([model]), io)).toEqual({
      model, text: 'one two', stopReason: 'length', clientCalls: [], responseId: 'up',
      usage: { input: 3, output: 2, cacheRead: 1, cacheWrite: 0, reasoning: 0, totalTokens: 6 },
    }) // prettier-ignore
    expect(log).toEqual(['model test/steps', 'reasoning hm', 'text one ', 'text two'])
  })

  it('hands the request on as it is', async () => {
    const { model, requests } = stepping([stop()])
    const settings = { temperature: 0.1 }
    const clientTools = [{ name: 'theirs', parameters: {} }]
    await runAgentLoop(input([model], { settings, clientTools, whole: true }), listen().io)
    expect(requests).toEqual([{ messages: [{ role: 'user', content: 'go' }], tools: [TOOL, ...clientTools], settings, whole: true }])
  })

  it('changes nothing of what it was given', async () => {
    const { model } = stepping([call('act'), stop('tool_calls')], answer('done'))
    const given = input([model])
    await runAgentLoop(given, listen().io)
    expect(given.messages).toEqual([{ role: 'user', content: 'go' }])
  })
})

describe('tools', () => {
  it('are called one after the other, and the model sees what came of each', async () => {
    const { model, requests } = stepping([{ type: 'text', text: 'let me' }, call('act', '{"n":1}', 'a'), call('act', '', 'b'), stop('tool_calls')], answer('done'))
    const { io, log } = listen()
    expect(await runAgentLoop(input([model]), io)).toMatchObject({ text: 'done', stopReason: 'stop' })
    expect(log).toEqual(['model test/steps', 'text let me', 'calls let me[a][b] 0', 'tool a', 'tool b', 'model test/steps', 'text done'])
    expect(requests[1]!.messages.slice(1)).toEqual([
      { role: 'assistant', text: 'let me', toolCalls: [{ id: 'a', name: 'act', arguments: '{"n":1}' }, { id: 'b', name: 'act', arguments: '' }] },
      { role: 'tool', toolCallId: 'a', name: 'act', text: 'result of a' },
      { role: 'tool', toolCallId: 'b', name: 'act', text: 'result of b' },
    ])
  })

  it('have their tokens told with each step, in totals of it', async () => {
    const step = (n: number): readonly ModelEvent[] => [call('act'), { type: 'usage', usage: usageOf(n) }, stop('tool_calls')]
    const { model } = stepping(step(1), step(10), [{ type: 'usage', usage: usageOf(1) }, { type: 'usage', usage: usageOf(100) }, stop()])
    const { io, log } = listen()
    const { usage } = await runAgentLoop(input([model]), io)
    expect(usage).toEqual(usageOf(100))
    expect(log.filter((line) => line.startsWith('calls'))).toEqual(['calls [call_act] 6', 'calls [call_act] 60'])
  })

  it('of the client end the run with their calls', async () => {
    const { model, requests } = stepping([{ type: 'text', text: 'ask them' }, call('act'), call('theirs', '{"x":1}'), stop('tool_calls')])
    const { io, log } = listen()
    const outcome = await runAgentLoop(input([model], { clientTools: [{ name: 'theirs', parameters: {} }] }), io)
    expect(outcome).toMatchObject({ text: 'ask them', stopReason: 'tool_calls', clientCalls: [{ name: 'theirs', arguments: '{"x":1}' }] })
    expect(log.some((line) => line.startsWith('tool'))).toBe(false)
    expect(requests).toHaveLength(1)
  })

  it('are no longer offered in the last step, and a model that still calls one ends', async () => {
    const { model, requests } = stepping([{ type: 'text', text: '.' }, call('act'), stop('tool_calls')])
    const theirs = { name: 'theirs', parameters: {} }
    const { io, log } = listen()
    const outcome = await runAgentLoop(input([model], { clientTools: [theirs] }), io)
    expect(outcome).toMatchObject({ text: '.', stopReason: 'tool_calls', clientCalls: [] })
    expect(requests).toHaveLength(MAX_STEPS)
    expect(log.filter((line) => line.startsWith('tool'))).toHaveLength(MAX_STEPS - 1)
    expect(requests.at(-2)!.tools).toEqual([TOOL, theirs])
    expect(requests.at(-1)!.tools).toEqual([theirs])
  })

  it('that throw end the run with what they threw', async () => {
    const { model } = stepping([call('act'), stop('tool_calls')])
    await expect(runAgentLoop(input([model]), listen(() => Promise.reject(new Error('broke'))).io)).rejects.toThrow('broke')
  })
})

describe('fallbacks', () => {
  const failing = (id: string, kind: ModelErrorKind, ...said: readonly ModelEvent[]) =>
    modelOf(id, async function* () {
      if (said.length > 0) yield said
      throw new ModelError(kind, `${id} failed`)
    })

  it.each(['auth', 'rate_limit', 'context_length', 'timeout', 'server', 'network'] as const)('come after %s', async (kind) => {
    const { io, log } = listen()
    const second = stepping(answer('from the second'))
    expect(await runAgentLoop(input([failing('test/first', kind), second.model]), io)).toMatchObject({ text: 'from the second', model: second.model })
    expect(log).toEqual(['model test/first', 'model test/steps', 'text from the second'])
  })

  it.each(['invalid', 'refusal'] as const)('do not come after %s: the request is at fault', async (kind) => {
    const { model, requests } = stepping(answer('no'))
    await expect(runAgentLoop(input([failing('test/first', kind), model]), listen().io)).rejects.toMatchObject({ kind })
    expect(requests).toEqual([])
  })

  it.each([[{ type: 'text', text: 'wo' }], [{ type: 'reasoning', text: 'hm' }]] as ModelEvent[][])('do not come after the first word %j', async (word) => {
    const { model, requests } = stepping(answer('no'))
    await expect(runAgentLoop(input([failing('test/first', 'server', word!), model]), listen().io)).rejects.toThrow('test/first failed')
    expect(requests).toEqual([])
  })

  it('end with what the last one threw', async () => {
    const models = [failing('test/first', 'server'), failing('test/second', 'auth'), failing('test/third', 'network')]
    await expect(runAgentLoop(input(models), listen().io)).rejects.toThrow('test/third failed')
    await expect(runAgentLoop(input([]), listen().io)).rejects.toThrow('no model is configured')
  })

  it('are not for bugs', async () => {
    const broken = modelOf('test/broken', async function* () {
      yield []
      throw new TypeError('a bug')
    })
    await expect(runAgentLoop(input([broken, stepping(answer('no')).model]), listen().io)).rejects.toThrow('a bug')
  })

  it('are for each step anew', async () => {
    let first = 0
    const flaky = modelOf('test/flaky', async function* () {
      if (++first === 1) throw new ModelError('server', 'down')
      yield answer('from the first')
    })
    const { model } = stepping([call('act'), stop('tool_calls')])
    expect(await runAgentLoop(input([flaky, model]), listen().io)).toMatchObject({ text: 'from the first' })
  })
})

describe('an abort', () => {
  const reason = new Error('enough')

  it('ends at once although the model ignores it', async () => {
    const deaf = modelOf('test/deaf', async function* () {
      yield [{ type: 'text', text: 'one' }]
      await new Promise(() => {})
    })
    const { aborter, io, log } = listen()
    const loop = runAgentLoop(input([deaf]), io)
    await settled()
    aborter.abort(reason)
    await expect(loop).rejects.toBe(reason)
    expect(log).toEqual(['model test/deaf', 'text one'])
  })

  it('lets nothing be heard that comes after it', async () => {
    const late = Promise.withResolvers<void>()
    const deaf = modelOf('test/deaf', async function* () {
      await late.promise
      yield answer('too late')
    })
    const { aborter, io, log } = listen()
    const loop = runAgentLoop(input([deaf]), io)
    await settled()
    aborter.abort(reason)
    await expect(loop).rejects.toBe(reason)
    late.resolve()
    await settled()
    expect(log).toEqual(['model test/deaf'])
  })

  it('closes the model, and is not disturbed by how it fails then', async () => {
    let closed = false
    const model = modelOf('test/model', async function* (_, signal) {
      try {
        yield [{ type: 'text', text: 'one' }]
        await new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(new ModelError('network', 'cut'))))
      } finally {
        closed = true
      }
    })
    const { aborter, io } = listen()
    const loop = runAgentLoop(input([model, stepping(answer('no')).model]), io)
    await settled()
    aborter.abort(reason)
    await expect(loop).rejects.toBe(reason)
    await settled()
    expect(closed).toBe(true)
  })

  it('ends at once although a tool goes on, and calls no further one', async () => {
    const { model } = stepping([call('act', '{}', 'a'), call('act', '{}', 'b'), stop('tool_calls')])
    const { aborter, io, log } = listen(() => new Promise(() => {}))
    const loop = runAgentLoop(input([model]), io)
    await settled()
    aborter.abort(reason)
    await expect(loop).rejects.toBe(reason)
    expect(log.filter((line) => line.startsWith('tool'))).toEqual(['tool a'])
  })

  it('between two tools calls no further one', async () => {
    const { model } = stepping([call('act', '{}', 'a'), call('act', '{}', 'b'), stop('tool_calls')])
    const { aborter, io, log } = listen(async () => {
      aborter.abort(reason)
      return 'done'
    })
    await expect(runAgentLoop(input([model]), io)).rejects.toBe(reason)
    expect(log.filter((line) => line.startsWith('tool'))).toEqual(['tool a'])
  })

  it('before the beginning asks no model', async () => {
    const { model, requests } = stepping(answer('no'))
    const { aborter, io } = listen()
    aborter.abort(reason)
    await expect(runAgentLoop(input([model]), io)).rejects.toBe(reason)
    await settled()
    expect(requests).toEqual([])
  })
})

it('ends with what a listener threw', async () => {
  const { model } = stepping(answer('x'))
  const { io } = listen()
  const failing = { ...io, onText: () => expect.unreachable('as planned') }
  await expect(runAgentLoop(input([model]), failing)).rejects.toThrow('as planned')
})

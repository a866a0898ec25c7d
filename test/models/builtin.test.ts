// builtin/operator: what it understands, which tool it takes, and that it never pretends to be a language model.

import { describe, expect, it } from 'vitest'
import type { ModelEvent, ModelRequest } from '../../src/index.ts'
import { createBuiltinModel } from '../../src/models/builtin.ts'
import { fakeClock } from '../harness/clock.ts'
import { script } from '../suites/target.ts'

const TOOLS = ['gateway_status', 'gateway_health', 'models_list', 'session_status', 'sessions_list'].map((name) => ({ name, parameters: {} }))

async function ask(messages: string | ModelRequest['messages'], tools: ModelRequest['tools'] = TOOLS, signal = new AbortController().signal) {
  const events: ModelEvent[] = []
  const request = { messages: typeof messages === 'string' ? [{ role: 'user' as const, content: messages }] : messages, tools, settings: {}, whole: false }
  for await (const batch of createBuiltinModel(fakeClock()).stream(request, { signal })) events.push(...batch)
  return {
    events,
    text: events.map((event) => (event.type === 'text' ? event.text : '')).join(''),
    call: events.flatMap((event) => (event.type === 'tool-call' ? [event.call] : [])).at(0),
    usage: events.flatMap((event) => (event.type === 'usage' ? [event.usage] : [])).at(0),
    reason: events.flatMap((event) => (event.type === 'stop' ? [event.reason] : [])).at(0),
  }
}

it('is itself', () => {
  expect(createBuiltinModel(fakeClock())).toMatchObject({ id: 'builtin/operator', provider: 'builtin', model: 'operator', api: 'builtin' })
})

describe('plain words', () => {
  it.each([
    ['Is the gateway healthy?', 'gateway_health'],
    ['status please', 'gateway_status'],
    ['which VERSION is it', 'gateway_status'],
    ['list my sessions', 'sessions_list'],
    ['how many tokens did this session use?', 'session_status'],
    ['what models are there', 'models_list'],
  ])('"%s" is a question for %s', async (asked, name) => {
    expect(await ask(asked)).toMatchObject({ call: { name, arguments: '{}', id: `call_${name}` }, reason: 'tool_calls', text: '' })
  })

  it('are no question for a tool that the run does not have', async () => {
    expect(await ask('status', [])).toMatchObject({ call: undefined, reason: 'stop', text: expect.stringContaining('not a language model') })
  })

  it('of any other kind are answered with what it is, and how to get a real model', async () => {
    const { text, reason, call } = await ask(`Tell me ${'x'.repeat(100)}`)
    expect([reason, call]).toEqual(['stop', undefined])
    expect(text).toContain('not a language model')
    expect(text).toContain('OPENAI_API_KEY')
    expect(text).toContain(`"Tell me ${'x'.repeat(51)}…"`)
  })
})

describe('commands', () => {
  it('name a tool, with arguments or without', async () => {
    expect((await ask('/sessions_list {"limit": 2}')).call).toMatchObject({ name: 'sessions_list', arguments: '{"limit": 2}' })
    expect((await ask(' /gateway_status ')).call).toMatchObject({ name: 'gateway_status', arguments: '{}' })
    expect((await ask('/tool {"name":"anything","arguments":{"a":[1]}}')).call).toMatchObject({ name: 'anything', arguments: '{"a":[1]}' })
    expect((await ask('/tool {"name":"anything"}')).call).toMatchObject({ name: 'anything', arguments: '{}' })
  })

  it.each(['/tool nonsense', '/tool {"name":7}', '/tool null', '/tool {"arguments":{}}'])('%s is told how to be written', async (asked) => {
    expect(await ask(asked)).toMatchObject({ call: undefined, text: expect.stringContaining('Write it as /tool {"name"') })
  })

  it.each(['/help', '/HELP me', '/nothing', '/sessions_list and more'])('%s lists the tools', async (asked) => {
    const { text, call } = await ask(asked)
    expect(call).toBeUndefined()
    for (const { name } of TOOLS) expect(text).toContain(`/${name}`)
  })
})

describe('the conversation', () => {
  const user = (content: string) => ({ role: 'user' as const, content })
  const called = { role: 'assistant' as const, text: '', toolCalls: [{ id: 'c', name: 'gateway_health', arguments: '{}' }] }
  const result = (text: string) => ({ role: 'tool' as const, toolCallId: 'c', name: 'gateway_health', text })

  it('goes on with the results of the last question alone', async () => {
    const healthy = result('{"ok":true,"agents":[{"agentId":"main"}]}')
    expect((await ask([user('health'), called, healthy])).text).toBe('The gateway is healthy. Agents: main.')
    expect((await ask([user('health'), called, healthy, { role: 'assistant', text: 'so', toolCalls: [] }, user('status')])).call).toMatchObject({ name: 'gateway_status' })
    expect((await ask([user('health'), called, result('one'), result('two')])).text).toBe('one\n\ntwo')
  })

  it('may bring images, and may bring nothing', async () => {
    const parts = [{ type: 'image' as const, mimeType: 'image/png', base64: 'AAAA' }, { type: 'text' as const, text: 'health' }]
    expect((await ask([{ role: 'user', content: parts }])).call).toMatchObject({ name: 'gateway_health' })
    expect((await ask([])).text).toContain('not a language model')
  })
})

describe('an answer', () => {
  it('streams word by word, a turn of the event loop after the other', async () => {
    const clock = fakeClock()
    let turns = 0
    const counting = { ...clock, turn: (work: () => void) => (turns++, clock.turn(work)) }
    const request = { messages: [{ role: 'user' as const, content: 'hello' }], tools: [], settings: {}, whole: false }
    const words: string[] = []
    for await (const batch of createBuiltinModel(counting).stream(request, { signal: new AbortController().signal })) {
      for (const event of batch) if (event.type === 'text') words.push(event.text)
    }
    expect(words.length).toBeGreaterThan(20)
    expect(turns).toBe(words.length)
    expect(words.every((word) => /^\S+\s*$/.test(word))).toBe(true)
  })

  it('is estimated as models count', async () => {
    const { usage, text } = await ask('hello')
    expect(usage).toMatchObject({ input: Math.ceil(JSON.stringify({ role: 'user', content: 'hello' }).length / 4), output: Math.ceil(text.length / 4) })
    expect(usage!.totalTokens).toBe(usage!.input + usage!.output)
  })

  it('ends between two words when it is aborted', async () => {
    const aborter = new AbortController()
    const clock = fakeClock()
    const request = { messages: [{ role: 'user' as const, content: 'hello' }], tools: [], settings: {}, whole: false }
    let words = 0
    const reading = (async () => {
      for await (const _ of createBuiltinModel(clock).stream(request, { signal: aborter.signal })) if (++words === 3) aborter.abort(new Error('enough'))
    })()
    await expect(reading).rejects.toThrow('enough')
    expect(words).toBe(3)
  })

  it('has nothing to say when the gateway asks whether it has', async () => {
    expect(await ask('Look at the gateway. If nothing needs attention, reply HEARTBEAT_OK.')).toMatchObject({ text: 'HEARTBEAT_OK', reason: 'stop' })
  })

  it('is a script where the message is one, also behind results', async () => {
    const played = script({ text: 'a' }, { tool: { name: 't' } }, { text: 'b' })
    expect(await ask(played)).toMatchObject({ text: 'a', call: { name: 't' } })
    const back = [{ role: 'user' as const, content: played }, { role: 'tool' as const, toolCallId: 'call_1', name: 't', text: 'x' }]
    expect(await ask(back)).toMatchObject({ text: 'b', reason: 'stop' })
  })
})

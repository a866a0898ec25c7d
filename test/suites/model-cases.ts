// Models behind the OpenAI wire, as a gateway uses them: streams, tools, failures, and good manners towards upstream.

import { expect, it } from 'vitest'
import type { Data } from '../harness/client.ts'
import type { Exchange } from '../harness/upstream.ts'
import { freshKey, textIn, type Reach, type Target } from './target.ts'

export function modelCases(at: Reach, get: () => Target): void {
  /** Sends `text` to a session whose model plays `play`, and returns the terminal event and all that went with it. */
  async function ask(play: (exchange: Exchange) => void | Promise<void>, { text = 'hello', more = {} as Data, during = (_sent: Data): Promise<void> => Promise.resolve() } = {}) {
    const model = `play-${crypto.randomUUID()}`
    get().upstream.on(model, play)
    const { client } = await at.join({ more: { caps: ['tool-events'] } })
    const { key } = await client.call('sessions.create', { model: `mock/${model}` })
    const runId = crypto.randomUUID()
    await client.call('chat.send', { sessionKey: key, message: text, idempotencyKey: runId, ...more })
    await during({ client, key, runId })
    const end = await client.ended(runId)
    const { messages } = await client.call('chat.history', { sessionKey: key })
    return { client, key, end, messages: messages as Data[], requests: get().upstream.requests.filter((request) => request.model === model) }
  }

  it('streams an answer, with its usage', async () => {
    const { end, messages, requests } = await ask((exchange) => exchange.answer('an answer in pieces'))
    expect(textIn(end.message)).toBe('an answer in pieces')
    expect(messages.at(-1)).toMatchObject({
      api: 'openai-completions',
      provider: 'mock',
      responseId: 'chatcmpl-up',
      usage: { input: 8, cacheRead: 4, output: 5, reasoning: 2, totalTokens: 17 },
    })
    expect(requests[0]).toMatchObject({ stream: true, stream_options: { include_usage: true } })
    expect(requests[0].messages[0]).toMatchObject({ role: 'system' })
    expect(requests[0].messages.at(-1)).toEqual({ role: 'user', content: 'hello' })
  })

  it('sends the key, and shows it to nobody', async () => {
    const { end, requests } = await ask((exchange) => {
      exchange.fail(401, { message: `incorrect key ${String(exchange.headers.authorization)}` })
    })
    expect(requests).toHaveLength(1)
    expect(end).toMatchObject({ state: 'error', errorDetail: { httpStatus: 401 } })
    expect(JSON.stringify(end)).not.toContain('sk-of-the-mock')
    expect(end.errorMessage).toContain('[key]')
  })

  it('puts characters together that arrive in halves', async () => {
    const { end } = await ask((exchange) => {
      exchange.begin()
      const bytes = Buffer.from('data: {"choices":[{"delta":{"content":"déjà 🦀"},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n')
      return sendSlowly(exchange, bytes)
    })
    expect(textIn(end.message)).toBe('déjà 🦀')
  })

  it('calls tools whose arguments arrive in fragments, and goes on', async () => {
    const call = { id: 'call_1', function: { name: 'sessions_list', arguments: '{"limit": 1}' } }
    const { end, messages, requests } = await ask((exchange) => {
      if (exchange.attempt === 1) exchange.answer('Let me look.', { toolCalls: [call], finish: 'tool_calls' })
      else exchange.answer('There they are.')
    })
    expect(textIn(end.message)).toBe('Let me look.\n\nThere they are.')
    expect(messages.map((message) => message.role)).toEqual(['user', 'assistant', 'toolResult', 'assistant'])
    expect(requests[0].tools.map((tool: Data) => tool.function.name)).toContain('sessions_list')
    const [asked, answered] = requests[1].messages.slice(-2)
    expect(asked).toMatchObject({ role: 'assistant', tool_calls: [{ id: 'call_1', function: { name: 'sessions_list', arguments: '{"limit": 1}' } }] })
    expect(answered).toMatchObject({ role: 'tool', tool_call_id: 'call_1' })
    expect(JSON.parse(answered.content)).toMatchObject({ total: expect.any(Number) })
  })

  it('tries again after a failure, as long as nothing was said', async () => {
    const { end, requests } = await ask((exchange) => {
      if (exchange.attempt === 1) exchange.fail(503)
      else exchange.answer('recovered')
    })
    expect(textIn(end.message)).toBe('recovered')
    expect(requests).toHaveLength(2)
  })

  it('does not try again what was refused for good', async () => {
    const { end, requests } = await ask((exchange) => exchange.fail(400, { message: "This model's maximum context length is 8000 tokens" }))
    expect(requests).toHaveLength(1)
    expect(end).toMatchObject({ state: 'error', errorKind: 'context_length' })
  })

  it('says when the upstream breaks off, and keeps what was said', async () => {
    const { end, messages, requests } = await ask((exchange) => {
      exchange.begin()
      exchange.chunk({ content: 'half an ans' })
      setTimeout(() => exchange.cut(), 50)
    })
    expect(end.state).toBe('error')
    expect(textIn(messages.at(-1))).toBe('half an ans')
    expect(requests).toHaveLength(1)
  })

  it('says when the upstream sends what is no JSON', async () => {
    const { end } = await ask((exchange) => {
      exchange.begin()
      exchange.write('data: {nonsense\n\n')
      exchange.end()
    })
    expect(end).toMatchObject({ state: 'error', errorMessage: 'mock sent a chunk that is not JSON' })
  })

  it('says when the upstream fails in the middle of a stream', async () => {
    const { end } = await ask((exchange) => {
      exchange.begin()
      exchange.chunk({ content: 'so far' })
      exchange.write('data: {"error":{"message":"overloaded"}}\n\n')
      exchange.end()
    })
    expect(end).toMatchObject({ state: 'error', errorMessage: 'mock failed: overloaded' })
    expect(textIn(end.message)).toBe('so far')
  })

  it('falls back to the next model before the first word', async () => {
    const { upstream } = get()
    const { client } = await at.join()
    const runId = crypto.randomUUID()
    upstream.on('first-choice', (exchange) => exchange.fail(401, { message: 'no' }))
    upstream.on('second-choice', (exchange) => exchange.answer('from the second'))
    await client.call('chat.send', { sessionKey: freshKey('fallback'), message: 'hi', idempotencyKey: runId })
    const end = await client.ended(runId)
    expect(textIn(end.message)).toBe('from the second')
    const models = client.events('agent').filter((payload) => payload.runId === runId && payload.data.phase === 'model').map((payload) => payload.data.model)
    expect(models).toEqual(['first-choice', 'second-choice'])
  })

  it('ends the upstream request when a run is aborted', async () => {
    const upstreamGone = Promise.withResolvers<void>()
    const { end } = await ask(
      (exchange) => {
        exchange.begin()
        exchange.chunk({ content: 'partial' })
        void exchange.gone.then(upstreamGone.resolve)
      },
      {
        async during({ client, key, runId }) {
          await client.event('chat', (payload: Data) => payload.runId === runId && payload.state === 'delta')
          await client.call('chat.abort', { sessionKey: key })
        },
      },
    )
    expect(end).toMatchObject({ state: 'aborted' })
    expect(textIn(end.message)).toBe('partial')
    if (get().direct) await upstreamGone.promise
  })

  it('gives the model the conversation so far, images included', async () => {
    const png = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='
    const attachments = [{ type: 'image', mimeType: 'image/png', content: png }]
    const { client, key, requests } = await ask((exchange) => exchange.answer('a crab'), { text: 'what is this?', more: { attachments } })
    expect(requests[0].messages.at(-1).content).toEqual([
      { type: 'text', text: 'what is this?' },
      { type: 'image_url', image_url: { url: `data:image/png;base64,${png}` } },
    ])
    const runId = crypto.randomUUID()
    await client.call('chat.send', { sessionKey: key, message: 'sure?', idempotencyKey: runId })
    await client.ended(runId)
    const again = get().upstream.requests.filter((request) => request.model === requests[0].model).at(-1)
    expect(again.messages.map((message: Data) => message.role)).toEqual(['system', 'user', 'assistant', 'user'])
  })

  it('asks for as much thinking as the message wants', async () => {
    const { requests } = await ask((exchange) => exchange.answer('thought'), { more: { thinking: 'high' } })
    expect(requests[0].reasoning_effort).toBe('high')
  })
}

async function sendSlowly(exchange: Exchange, bytes: Buffer): Promise<void> {
  for (const byte of bytes) {
    exchange.write(Buffer.from([byte]))
    await new Promise((resolve) => setImmediate(resolve))
  }
  exchange.end()
}

// LangChain on the chat completions and embeddings of a running gateway.

import { HumanMessage, ToolMessage, type AIMessageChunk } from '@langchain/core/messages'
import { tool } from '@langchain/core/tools'
import { ChatOpenAI, OpenAIEmbeddings } from '@langchain/openai'
import * as z from 'zod'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { callsFirst, PIXEL, serve, type Served } from '../harness/serve.ts'
import { script } from '../suites/target.ts'
import type { Data } from '../harness/client.ts'

const tokensIn = (message: { usage_metadata?: unknown }): unknown => (message.usage_metadata as Data | undefined)?.output_tokens

describe('@langchain/openai', () => {
  let served: Served
  beforeAll(async () => void (served = await serve()))
  afterAll(() => served.close())

  const chat = (model: string) => new ChatOpenAI({ model, apiKey: served.apiKey, maxRetries: 0, configuration: { baseURL: served.baseURL } })
  const weather = tool(async ({ city }: { city: string }) => `sunny in ${city}`, { name: 'weather', description: 'The weather.', schema: z.object({ city: z.string() }) })

  it('answers, with what it took', async () => {
    const message = await chat('openclaw').invoke(script({ text: 'hello there' }))
    expect([message.text, tokensIn(message)]).toEqual(['hello there', 3])
  })

  it('streams', async () => {
    let whole = null as AIMessageChunk | null
    let pieces = 0
    for await (const chunk of await chat('openclaw').stream(script({ text: 'one ' }, { text: 'two', delayMs: 20 }))) {
      pieces++
      whole = whole ? whole.concat(chunk) : chunk
    }
    expect([whole!.text, pieces > 1, tokensIn(whole!)]).toEqual(['one two', true, 2])
  })

  it('calls tools, and goes on with their results, streamed or not', async () => {
    const name = served.model(callsFirst('weather', { city: 'Bonn' }, (result) => `It is ${result}.`))
    const bound = chat(name).bindTools([weather])
    const question = new HumanMessage('weather in Bonn?')
    const first = await bound.invoke([question])
    expect(first.tool_calls).toMatchObject([{ name: 'weather', args: { city: 'Bonn' } }])
    const result = (await weather.invoke(first.tool_calls![0]!)) as ToolMessage
    expect((await bound.invoke([question, first, result])).text).toBe('It is sunny in Bonn.')
    let streamed = null as AIMessageChunk | null
    for await (const chunk of await bound.stream([question])) streamed = streamed ? streamed.concat(chunk) : chunk
    expect(streamed!.tool_calls).toMatchObject([{ name: 'weather', args: { city: 'Bonn' } }])
  })

  it('has structured output', async () => {
    const name = served.model((exchange) => exchange.answer('{"name":"Ada"}'))
    const schema = z.object({ name: z.string() })
    expect(await chat(name).withStructuredOutput(schema, { method: 'jsonSchema', name: 'person' }).invoke('who?')).toEqual({ name: 'Ada' })
    expect(served.asked(name).response_format).toMatchObject({ type: 'json_schema', json_schema: { name: 'person' } })
  })

  it('sends images', async () => {
    const name = served.model((exchange) => exchange.answer('seen'))
    const content = [{ type: 'text', text: 'look' }, { type: 'image_url', image_url: { url: `data:image/png;base64,${PIXEL}` } }]
    expect((await chat(name).invoke([new HumanMessage({ content })])).text).toBe('seen')
    expect(JSON.stringify(served.asked(name).messages)).toContain(PIXEL)
  })

  it('throws what is wrong, with its status', async () => {
    await expect(chat('openclaw').invoke(script({ error: { message: 'no', kind: 'context_length' } }))).rejects.toMatchObject({ status: 400, code: 'context_length_exceeded' })
    await expect(chat('nothing').invoke('x')).rejects.toMatchObject({ status: 404 })
    await expect(chat('openclaw').invoke(script({ error: { message: 'no', kind: 'rate_limit' } }))).rejects.toMatchObject({ status: 429 })
  })

  it('aborts: the model is let go of', async () => {
    const { name, gone } = served.lasting()
    const aborter = new AbortController()
    const read = async () => {
      for await (const _ of await chat(name).stream('x', { signal: aborter.signal })) aborter.abort()
    }
    await expect(read()).rejects.toThrow(/abort/i)
    await gone
  })

  it('embeds', async () => {
    const name = served.model((exchange) => {
      const data = (exchange.body.input as string[]).map((text, index) => ({ object: 'embedding', index, embedding: [text.length, 0.5] }))
      exchange.send('application/json', new TextEncoder().encode(JSON.stringify({ object: 'list', data, usage: { prompt_tokens: 2, total_tokens: 2 } })))
    })
    const embeddings = new OpenAIEmbeddings({ model: name, apiKey: served.apiKey, maxRetries: 0, configuration: { baseURL: served.baseURL } })
    expect(await embeddings.embedDocuments(['a', 'bb'])).toEqual([[1, 0.5], [2, 0.5]])
    expect(await embeddings.embedQuery('ccc')).toEqual([3, 0.5])
  })
})

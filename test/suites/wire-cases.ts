// Every wire of models on the runtime itself: its library is loaded there, over the runtime's own transport.

import { expect, it } from 'vitest'
import type { Data } from '../harness/client.ts'
import { anthropicWire } from '../harness/vendors/anthropic.ts'
import { bedrockWire } from '../harness/vendors/bedrock.ts'
import { mistralWire } from '../harness/vendors/completions.ts'
import { geminiWire } from '../harness/vendors/gemini.ts'
import { responsesWire } from '../harness/vendors/responses.ts'
import type { VendorWire } from '../harness/vendors/vendor.ts'
import { WIRE_APIS, type Reach, type Target } from './target.ts'

const VENDORS: Record<(typeof WIRE_APIS)[number], VendorWire> = {
  'anthropic-messages': anthropicWire,
  'google-generative-ai': geminiWire,
  'openai-responses': responsesWire,
  'azure-openai-responses': responsesWire,
  'bedrock-converse-stream': bedrockWire,
  'mistral-conversations': mistralWire,
  'xai-responses': responsesWire,
}

export function wireCases(at: Reach, get: () => Target): void {
  it.each(WIRE_APIS)('answers through %s', async (api) => {
    const wire = VENDORS[api]
    const model = `of-${api}`
    const scene = { reasoning: 'hm', text: ['hello ', 'wörld'] }
    get().upstream.on(model, ({ body, headers, send }) => {
      const request = { path: '', headers, body }
      const parts = [...wire.frames(scene, request), ...wire.end(scene, request)]
      send(wire.type, Buffer.concat(parts.map((part) => Buffer.from(part))))
    })
    const answer = await at.http('/v1/chat/completions', { model: `by-${api}/${model}`, messages: [{ role: 'user', content: 'hi' }] })
    const body = (await answer.json()) as Data
    expect(body).toMatchObject({ object: 'chat.completion', choices: [{ message: { role: 'assistant', content: 'hello wörld' }, finish_reason: 'stop' }] })
    expect(body.usage.completion_tokens).toBe(5)
  })

  it('says what a vendor complained about, and keeps its key', async () => {
    get().upstream.on('refusing', (exchange) => exchange.fail(401, { type: 'authentication_error', message: 'sk-of-anthropic-messages is no key' }))
    const answer = await at.http('/v1/chat/completions', { model: 'by-anthropic-messages/refusing', messages: [{ role: 'user', content: 'hi' }] })
    expect(answer.ok).toBe(false)
    const text = await answer.text()
    expect(text).toContain('[key] is no key')
    expect(text).not.toContain('sk-of-anthropic-messages')
  })
}

// Google's Gemini API.

import { sse, TOLD, type VendorWire } from './vendor.ts'

const piece = (parts: readonly object[], more: object = {}, rest: object = {}) =>
  sse({ candidates: [{ content: { role: 'model', parts }, index: 0, ...more }], modelVersion: 'gemini', responseId: 'gem_1', ...rest })

export const geminiWire: VendorWire = {
  type: 'text/event-stream',
  *frames({ reasoning, text = [], calls = [] }) {
    if (reasoning) yield piece([{ text: reasoning, thought: true }])
    for (const each of text) yield piece([{ text: each }])
    for (const call of calls) {
      yield piece([{ functionCall: { id: call.id, name: call.name, args: JSON.parse(call.arguments) as unknown }, thoughtSignature: 'signed' }])
    }
  },
  *end({ finish = 'stop' }) {
    const usageMetadata = {
      promptTokenCount: TOLD.input + TOLD.cacheRead,
      cachedContentTokenCount: TOLD.cacheRead,
      candidatesTokenCount: TOLD.output - TOLD.reasoning,
      thoughtsTokenCount: TOLD.reasoning,
      totalTokenCount: TOLD.input + TOLD.cacheRead + TOLD.output,
    }
    yield piece([{ text: '' }], { finishReason: finish === 'length' ? 'MAX_TOKENS' : 'STOP' }, { usageMetadata })
  },
  nonsense: () => 'data: {nonsense\n\n',
  failure: (code, message) => ({ error: { code, message, status: 'FAILED' } }),
}

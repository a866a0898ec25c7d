// Amazon Bedrock's ConverseStream: frames of AWS's event stream encoding.

import { EventStreamCodec } from '@smithy/eventstream-codec'
import { TOLD, type VendorWire } from './vendor.ts'

const codec = new EventStreamCodec(
  (bytes) => (typeof bytes === 'string' ? bytes : new TextDecoder().decode(bytes as Uint8Array)),
  (text) => new TextEncoder().encode(text),
)

const text = (value: string) => ({ type: 'string' as const, value })

function frame(type: string, payload: object): Uint8Array {
  const headers = { ':event-type': text(type), ':content-type': text('application/json'), ':message-type': text('event') }
  return codec.encode({ headers, body: new TextEncoder().encode(JSON.stringify(payload)) })
}

export const bedrockWire: VendorWire = {
  type: 'application/vnd.amazon.eventstream',
  *frames({ reasoning, text: pieces = [], calls = [] }) {
    yield frame('messageStart', { role: 'assistant' })
    let contentBlockIndex = -1
    if (reasoning) {
      contentBlockIndex++
      yield frame('contentBlockDelta', { contentBlockIndex, delta: { reasoningContent: { text: reasoning } } })
      yield frame('contentBlockDelta', { contentBlockIndex, delta: { reasoningContent: { signature: 'signed' } } })
      yield frame('contentBlockStop', { contentBlockIndex })
    }
    if (pieces.length > 0) {
      contentBlockIndex++
      for (const piece of pieces) yield frame('contentBlockDelta', { contentBlockIndex, delta: { text: piece } })
      yield frame('contentBlockStop', { contentBlockIndex })
    }
    for (const call of calls) {
      contentBlockIndex++
      yield frame('contentBlockStart', { contentBlockIndex, start: { toolUse: { toolUseId: call.id, name: call.name } } })
      for (const input of call.arguments.match(/.{1,4}/gs) ?? []) yield frame('contentBlockDelta', { contentBlockIndex, delta: { toolUse: { input } } })
      yield frame('contentBlockStop', { contentBlockIndex })
    }
  },
  *end({ calls = [], finish = 'stop' }) {
    yield frame('messageStop', { stopReason: finish === 'length' ? 'max_tokens' : calls.length > 0 ? 'tool_use' : 'end_turn' })
    const usage = { inputTokens: TOLD.input, outputTokens: TOLD.output, totalTokens: TOLD.input + TOLD.output, cacheReadInputTokens: TOLD.cacheRead, cacheWriteInputTokens: TOLD.cacheWrite }
    yield frame('metadata', { usage, metrics: { latencyMs: 1 } })
  },
  nonsense: () => new Uint8Array([0, 0, 0, 20, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]),
  failure: (_, message) => ({ message }),
}

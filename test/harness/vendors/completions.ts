// Chat completions, as OpenAI speaks them, and as Mistral does, whose thoughts stand within the content.

import { sse, TOLD, type Request, type Scene, type VendorWire } from './vendor.ts'

const chunk = ({ body }: Request, delta: object, finish_reason: string | null = null, more: object = {}) =>
  sse({ id: 'chatcmpl-1', object: 'chat.completion.chunk', created: 1, model: body.model, choices: [{ index: 0, delta, finish_reason }], ...more })

function* say({ text = [], calls = [] }: Scene, request: Request): Generator<string> {
  for (const content of text) yield chunk(request, { content })
  const whole = calls.map((call, index) => ({ index, id: call.id, type: 'function', function: { name: call.name, arguments: call.arguments } }))
  if (whole.length > 0) yield chunk(request, { content: '', tool_calls: whole })
}

function* finish({ finish = 'stop', calls = [] }: Scene, request: Request): Generator<string> {
  const usage = {
    prompt_tokens: TOLD.input + TOLD.cacheRead,
    completion_tokens: TOLD.output,
    total_tokens: TOLD.input + TOLD.cacheRead + TOLD.output,
    prompt_tokens_details: { cached_tokens: TOLD.cacheRead },
    completion_tokens_details: { reasoning_tokens: TOLD.reasoning },
  }
  yield chunk(request, {}, finish === 'length' ? 'length' : calls.length > 0 ? 'tool_calls' : 'stop', { usage })
  yield 'data: [DONE]\n\n'
}

const common = { type: 'text/event-stream', end: finish, nonsense: () => 'data: {nonsense\n\n' }

export const completionsWire: VendorWire = {
  ...common,
  *frames(scene, request) {
    yield chunk(request, { role: 'assistant' })
    if (scene.reasoning) yield chunk(request, { reasoning_content: scene.reasoning })
    yield* say(scene, request)
  },
  failure: (status, message) => ({ error: { message, type: 'error', param: null, code: String(status) } }),
}

export const mistralWire: VendorWire = {
  ...common,
  *frames(scene, request) {
    yield chunk(request, { role: 'assistant', content: '' })
    if (scene.reasoning) yield chunk(request, { content: [{ type: 'thinking', thinking: [{ type: 'text', text: scene.reasoning }] }] })
    yield* say(scene, request)
  },
  failure: (status, message) => ({ object: 'error', message, type: 'error', param: null, code: String(status) }),
}

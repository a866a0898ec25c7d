// Summaries: in one request, in pieces, and without a language model.

import { describe, expect, it } from 'vitest'
import type { ModelRequest } from '../../../src/index.ts'
import type { StoredMessage } from '../../../src/protocol/shapes.ts'
import { MAX_PIECES, summarise, toLine } from '../../../src/services/conversation/session-summary.ts'
import { createBuiltinModel } from '../../../src/models/builtin.ts'
import { fakeClock } from '../../harness/clock.ts'
import { answer, modelOf } from './conversation.ts'

const { signal } = new AbortController()
const MARK = { __openclaw: { id: 'id', seq: 1 } }

function model(reply: (asked: string) => string) {
  const requests: ModelRequest[] = []
  const played = modelOf('played/one', async function* (request) {
    requests.push(request)
    const last = request.messages.at(-1)!
    yield answer(reply(last.role === 'user' ? String(last.content) : ''))
  })
  return { models: [played], requests }
}

describe('a line', () => {
  it('tells who said what, and which tools were called', () => {
    const facts = { api: '', provider: '', model: '', usage: {} as never, stopReason: '', timestamp: 0, ...MARK }
    const call = { type: 'toolCall' as const, id: 'x', name: 'look', arguments: {} }
    const lines: readonly StoredMessage[] = [
      { role: 'user', content: ' hello ', timestamp: 0, ...MARK },
      { role: 'user', content: [{ type: 'image', mimeType: 'image/png', mediaId: 'm', sizeBytes: 1 }], timestamp: 0, ...MARK },
      { role: 'assistant', content: [{ type: 'text', text: 'well' }, call], ...facts },
      { role: 'assistant', content: [], ...facts },
      { role: 'toolResult', toolCallId: 'x', toolName: 'look', content: [{ type: 'text', text: 'y'.repeat(600) }], isError: false, timestamp: 0, ...MARK },
      { role: 'system', content: [{ type: 'text', text: 'Reset' }], timestamp: 0, ...MARK },
    ]
    expect(lines.map(toLine)).toEqual(['User: hello', 'User: [an image]', 'Assistant: well [called look]', null, `Tool look: ${'y'.repeat(500)}…`, null])
  })
})

describe('a summary', () => {
  it('is asked for once where all of it fits', async () => {
    const { models, requests } = model(() => ' short ')
    const done = await summarise({ models, before: null, lines: ['User: a', 'Assistant: b'], budget: 1000, signal })
    expect(done).toMatchObject({ text: 'short', usage: { totalTokens: 6 }, provider: 'played', model: 'one' })
    expect(requests).toHaveLength(1)
    expect(requests[0]!.tools).toEqual([])
    expect(requests[0]!.messages.at(-1)).toMatchObject({ content: expect.stringContaining('<conversation>\nUser: a\nAssistant: b\n</conversation>') })
  })

  it('goes on from piece to piece, with what is known so far', async () => {
    const { models, requests } = model((asked) => (asked.includes('summary_so_far') ? 'both' : 'first'))
    const lines = [`User: ${'x'.repeat(70)}`, `User: ${'y'.repeat(70)}`]
    expect(await summarise({ models, before: null, lines, budget: 100, signal })).toMatchObject({ text: 'both', usage: { totalTokens: 12 } })
    expect(requests[1]!.messages.at(-1)).toMatchObject({ content: expect.stringContaining('<summary_so_far>\nfirst\n</summary_so_far>') })
  })

  it('takes a bounded number of requests: the newest pieces count', async () => {
    const { models, requests } = model(() => 'more')
    const lines = Array.from({ length: MAX_PIECES + 5 }, (_, index) => `User: ${index} ${'x'.repeat(80)}`)
    await summarise({ models, before: 'long ago', lines, budget: 100, signal })
    expect(requests).toHaveLength(MAX_PIECES)
    expect(requests.at(-1)!.messages.at(-1)).toMatchObject({ content: expect.stringContaining(`User: ${MAX_PIECES + 4} `) })
  })

  it('is refused when it is empty, or the model fails', async () => {
    await expect(summarise({ models: model(() => ' ').models, before: null, lines: ['User: a'], budget: 100, signal })).rejects.toThrow('no summary')
    const broken = modelOf('played/broken', async function* () {
      yield* []
      throw new Error('broke')
    })
    await expect(summarise({ models: [broken], before: null, lines: ['User: a'], budget: 100, signal })).rejects.toThrow('broke')
  })

  it('is an excerpt where no language model is there, and says so', async () => {
    const builtin = createBuiltinModel(fakeClock())
    const lines = Array.from({ length: 45 }, (_, index) => `User: line ${index}`)
    const { text, usage } = await summarise({ models: [builtin], before: 'known', lines, budget: 100, signal })
    expect(text).toMatch(/^known\nExcerpt \(no language model.*\n- … 5 earlier messages\n- User: line 5\n/)
    expect(usage.totalTokens).toBe(0)
  })
})

// What a model is given: a conversation that every provider accepts, whatever happened to the transcript.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { toBase64 } from '../../../src/kit/bytes.ts'
import { noUsage, type Message, type ToolCallPart } from '../../../src/protocol/shapes.ts'
import type { ModelMessage } from '../../../src/ports/model.ts'
import { buildContext } from '../../../src/services/conversation/run-context.ts'
import { createConversation, KEY, requestOf } from './conversation.ts'

const user = (content: Extract<Message, { role: 'user' }>['content']): Message => ({ role: 'user', content, timestamp: 1 })
const assistant = (text: string, ...calls: readonly string[]): Message => ({
  role: 'assistant',
  content: [...(text === '' ? [] : [{ type: 'text' as const, text }]), ...calls.map((id): ToolCallPart => ({ type: 'toolCall', id, name: `tool ${id}`, arguments: { n: 1 } }))],
  api: 'a',
  provider: 'p',
  model: 'm',
  usage: noUsage(),
  stopReason: 'stop',
  timestamp: 1,
})
const result = (toolCallId: string, text = `result ${toolCallId}`): Message => ({
  role: 'toolResult',
  toolCallId,
  toolName: `tool ${toolCallId}`,
  content: [{ type: 'text', text }],
  isError: false,
  timestamp: 1,
})

async function make(config: unknown = {}) {
  const conversation = await createConversation({ config })
  const { sessions } = conversation
  sessions.create({ key: KEY, via: 'operator' })
  return {
    ...conversation,
    /** The context after these messages; shortened to `role text`, calls and answers by their id. */
    async after(...messages: readonly Message[]): Promise<string[]> {
      for (const message of messages) sessions.append(KEY, message)
      return (await buildContext(requestOf('x', { bare: true }), 'main', sessions.get(KEY)!, conversation)).map(short)
    },
    build: (more = {}) => buildContext(requestOf('x', more), 'main', sessions.get(KEY)!, conversation),
  }
}

function short(message: ModelMessage): string {
  if (message.role === 'tool') return `tool ${message.toolCallId}: ${message.text}`
  if (message.role === 'assistant') return `assistant ${message.text}${message.toolCalls.map((call) => `[${call.id}]`).join('')}`
  return message.role === 'user' ? `user ${JSON.stringify(message.content)}` : `system ${message.text}`
}

describe('instructions', () => {
  it('are those of the agent, then those of the request, in one message', async () => {
    const { build } = await make({ agents: { list: [{ id: 'main', systemPrompt: 'You are one.' }] } })
    expect(await build()).toEqual([{ role: 'system', text: 'You are one.' }])
    expect(await build({ instructions: 'Be brief.' })).toEqual([{ role: 'system', text: 'You are one.\n\nBe brief.' }])
  })

  it('of the agent are left out for a bare model', async () => {
    const { build } = await make()
    expect(await build({ bare: true })).toEqual([])
    expect(await build({ bare: true, instructions: 'Be brief.' })).toEqual([{ role: 'system', text: 'Be brief.' }])
  })
})

describe('the conversation', () => {
  it('is what the client brought, where it brought one', async () => {
    const { build, after } = await make()
    await after(user('in the transcript'))
    const turns: ModelMessage[] = [{ role: 'user', content: 'brought' }]
    expect(await build({ bare: true, turns })).toEqual(turns)
    expect((await build({ turns }))[0]!.role).toBe('system')
  })

  it('is the transcript in order, with calls as the model wrote them', async () => {
    const { after } = await make()
    expect(await after(user('hi'), assistant('let me see', 'a', 'b'), result('a'), result('b'), assistant('so'))).toEqual([
      'user "hi"', 'assistant let me see[a][b]', 'tool a: result a', 'tool b: result b', 'assistant so',
    ]) // prettier-ignore
    const { after: again, build } = await make()
    await again(assistant('', 'a'), result('a'))
    expect((await build({ bare: true }))[0]).toEqual({ role: 'assistant', text: '', toolCalls: [{ id: 'a', name: 'tool a', arguments: '{"n":1}' }] })
  })

  it('has no marks for people, no empty answers and no thinking in it', async () => {
    const { after, sessions } = await make()
    const thinking = { ...assistant('said'), content: [{ type: 'thinking' as const, thinking: 'hm' }, { type: 'text' as const, text: 'said' }] } as Message
    await after(user('old'))
    sessions.reset(KEY)
    expect(await after(user('new'), assistant(''), thinking)).toEqual(['user "new"', 'assistant said'])
  })

  it('is the newest 200 messages', async () => {
    const { after } = await make()
    const context = await after(...Array.from({ length: 205 }, (_, n) => user(`m${n}`)))
    expect(context).toHaveLength(200)
    expect([context[0], context.at(-1)]).toEqual(['user "m5"', 'user "m204"'])
  })

  it('does not begin with results whose call is before the page', async () => {
    const { after } = await make()
    const page = Array.from({ length: 198 }, (_, n) => user(`m${n}`))
    const context = await after(assistant('', 'a', 'b', 'c'), result('a'), result('b'), result('c'), ...page)
    expect(context).toHaveLength(198)
    expect(context[0]).toBe('user "m0"')
  })

  it('does not begin with a result after a reset', async () => {
    const { after, sessions } = await make()
    await after(user('old'), assistant('', 'a'))
    sessions.reset(KEY)
    expect(await after(user('new'))).toEqual(['user "new"'])
  })
})

describe('calls without an answer', () => {
  it('get one where they stand', async () => {
    const { after } = await make()
    expect(await after(user('go'), assistant('', 'a', 'b'), result('b'), user('and?'))).toEqual([
      'user "go"', 'assistant [a][b]', 'tool a: no result: the run was interrupted', 'tool b: result b', 'user "and?"',
    ]) // prettier-ignore
  })

  it('get one at the end too', async () => {
    const { after } = await make()
    expect(await after(user('go'), assistant('', 'a'))).toEqual(['user "go"', 'assistant [a]', 'tool a: no result: the run was interrupted'])
  })

  it('of one step are not answered by those of another', async () => {
    const { after } = await make()
    expect(await after(assistant('', 'a'), assistant('', 'a'), result('a'))).toEqual([
      'assistant [a]', 'tool a: no result: the run was interrupted', 'assistant [a]', 'tool a: result a',
    ]) // prettier-ignore
  })
})

describe('results without a call', () => {
  it('are left out behind the mark of a reset', async () => {
    const { after, sessions } = await make()
    await after(user('old'), assistant('', 'a'))
    sessions.reset(KEY)
    expect(await after(result('a'), user('new'))).toEqual(['user "new"'])
  })

  it('are left out also when there is nothing else', async () => {
    const { after } = await make()
    expect(await after(result('a'))).toEqual([])
  })

  it('are none where another message came between: they stand behind their call', async () => {
    const { after } = await make()
    const context = await after(user('go'), assistant('', 'a'), assistant('by hand'), result('a'), user('and?'))
    expect(context).toEqual(['user "go"', 'assistant [a]', 'tool a: result a', 'assistant by hand', 'user "and?"'])
  })
})

it('answers each call once, right behind it, in whatever order a transcript is', async () => {
  const id = fc.constantFrom('a', 'b', 'c')
  const message = fc.oneof(
    fc.constant(user('x')),
    fc.uniqueArray(id, { maxLength: 3 }).map((ids) => assistant('say', ...ids)),
    id.map((each) => result(each)),
  )
  await fc.assert(
    fc.asyncProperty(fc.array(message, { maxLength: 20 }), async (messages) => {
      const context = await (await make()).after(...messages)
      const expected = context.flatMap((line) => [...(/^assistant say(.*)$/.exec(line)?.[1] ?? '').matchAll(/\[(\w)\]/g)].map((match) => match[1]))
      expect(context.flatMap((line) => /^tool (\w)/.exec(line)?.[1] ?? [])).toEqual(expected)
      for (const [index, line] of context.entries()) if (line.startsWith('tool')) expect(context[index - 1]).toMatch(/^(assistant .*\[|tool)/)
      expect(context.filter((line) => !line.startsWith('tool'))).toHaveLength(messages.filter(({ role }) => role !== 'toolResult').length)
    }),
    { numRuns: 50 },
  )
})

describe('images', () => {
  it('go along as they were sent', async () => {
    const { after, build, media } = await make()
    const images = await media.keep([{ mimeType: 'image/png', content: toBase64(new Uint8Array([1, 2, 3])) }])
    await after(user([{ type: 'text', text: 'look' }, ...images]))
    expect(await build({ bare: true })).toEqual([
      { role: 'user', content: [{ type: 'text', text: 'look' }, { type: 'image', mimeType: 'image/png', base64: 'AQID' }] },
    ])
  })

  it('that are gone are said to be gone', async () => {
    const { after, build } = await make()
    await after(user([{ type: 'image', mimeType: 'image/png', mediaId: 'nowhere', sizeBytes: 3 }]))
    expect(await build({ bare: true })).toEqual([{ role: 'user', content: [{ type: 'text', text: '[an image that is no longer there]' }] }])
  })
})

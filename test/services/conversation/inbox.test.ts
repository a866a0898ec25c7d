// From what a person sends to a run: refusals, attachments, repetitions.

import { describe, expect, it } from 'vitest'
import { MAX_MESSAGE_CHARS } from '../../../src/protocol/version.ts'
import type { Sent } from '../../../src/services/conversation/inbox.ts'
import type { Data } from '../../harness/client.ts'
import { script } from '../../suites/target.ts'
import { createConversation, KEY, OPERATOR } from './conversation.ts'

const PIXEL = { mimeType: 'image/png', content: 'AAAA' }
const CONFLICT = { code: 'INVALID_REQUEST', options: { details: { code: 'IDEMPOTENCY_CONFLICT' } } }

const sent = (message: string, more: Partial<Sent> = {}): Sent => ({ runId: 'key', sessionKey: KEY, origin: 'chat', principal: OPERATOR, message, ...more })

describe('what is refused', () => {
  it('is a message without anything in it', async () => {
    const { inbox, runs } = await createConversation()
    for (const message of ['', '  \n']) await expect(inbox.send(sent(message))).rejects.toThrow('message or attachment required')
    expect(runs.find('key')).toBeNull()
  })

  it('is a text that is too long, by a character', async () => {
    const { inbox } = await createConversation()
    expect(await inbox.send(sent('x'.repeat(MAX_MESSAGE_CHARS)))).toMatchObject({ status: 'started' })
    await expect(inbox.send(sent('x'.repeat(MAX_MESSAGE_CHARS + 1), { runId: 'other' }))).rejects.toThrow(`${MAX_MESSAGE_CHARS + 1} characters, at most`)
  })

  it('is an attachment that is none, before anything is accepted', async () => {
    const { inbox, runs, sessions } = await createConversation()
    await expect(inbox.send(sent('look', { attachments: [{ mimeType: 'text/plain', content: 'AAAA' }] }))).rejects.toThrow('attachments[0]')
    expect(runs.find('key')).toBeNull()
    expect(sessions.get(KEY)).toBeNull()
  })
})

describe('what a run is made of', () => {
  const requestOf = async (given: Sent) => {
    const { inbox, runs } = await createConversation()
    await inbox.send(given)
    return runs.find('key')!.request!
  }

  it('is the message under the key of the sender', async () => {
    const request = await requestOf(sent(script({ hang: true })))
    expect(request.input).toMatchObject([{ role: 'user', content: script({ hang: true }), idempotencyKey: 'key:user' }])
    expect(request).toMatchObject({ runId: 'key', sessionKey: KEY, origin: 'chat', settings: {}, principal: OPERATOR })
    expect(request).not.toHaveProperty('model')
    expect(request).not.toHaveProperty('timeoutMs')
  })

  it('is text first, then images; without text only images', async () => {
    const [first] = (await requestOf(sent(script({ hang: true }), { attachments: [PIXEL, PIXEL] }))).input
    expect((first!.content as Data[]).map((part) => part.type)).toEqual(['text', 'image', 'image'])
    const [bare] = (await requestOf(sent('', { attachments: [PIXEL] }))).input
    expect((bare!.content as Data[]).map((part) => part.type)).toEqual(['image'])
  })

  it('is how hard to think, unless that is off', async () => {
    expect((await requestOf(sent(script({ hang: true }), { thinking: 'high' }))).settings).toEqual({ reasoningEffort: 'high' })
    expect((await requestOf(sent(script({ hang: true }), { thinking: 'off' }))).settings).toEqual({})
  })
})

describe('a repetition', () => {
  it('is recognised from two sides at once, with attachments too', async () => {
    const { clock, inbox, said } = await createConversation()
    const message = sent(script({ delayMs: 1 }, { text: 'once' }), { attachments: [PIXEL] })
    const answers = await Promise.all([inbox.send(message), inbox.send(message), inbox.send(structuredClone(message))])
    expect(answers.map((answer) => answer.status).toSorted()).toEqual(['in_flight', 'in_flight', 'started'])
    expect(new Set(answers.map((answer) => answer.run)).size).toBe(1)
    await clock.advance(1)
    expect(said(KEY)).toHaveLength(2)
    expect(await inbox.send(message)).toEqual({ runId: 'key', status: 'ok', run: null })
  })

  it('keeps no attachment a second time', async () => {
    const { inbox, files } = await createConversation()
    const message = sent(script({ hang: true }), { attachments: [PIXEL] })
    await inbox.send(message)
    await inbox.send(message)
    expect(await files.getKeys()).toHaveLength(1)
  })

  it('is none when anything that matters differs', async () => {
    const { inbox } = await createConversation()
    const first = sent(script({ hang: true }), { attachments: [PIXEL] })
    await inbox.send(first)
    const others: Partial<Sent>[] = [
      { message: 'another' },
      { sessionKey: 'agent:main:elsewhere' },
      { attachments: [] },
      { attachments: [{ ...PIXEL, content: 'BBBB' }] },
      { model: 'builtin/operator' },
      { thinking: 'low' },
      { instructions: 'be brief' },
    ]
    for (const other of others) await expect(inbox.send({ ...first, ...other }), JSON.stringify(other)).rejects.toMatchObject(CONFLICT)
  })

  it('may ask for another time limit, and have its members in another order', async () => {
    const { inbox } = await createConversation()
    const first = sent(script({ hang: true }), { attachments: [{ mimeType: 'image/png', content: 'AAAA' }] })
    await inbox.send(first)
    const again = { ...first, timeoutMs: 5, attachments: [{ content: 'AAAA', mimeType: 'image/png' }] }
    expect(await inbox.send(again)).toMatchObject({ status: 'in_flight' })
  })
})

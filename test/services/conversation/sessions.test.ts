// Sessions: made once, named once, changed with everything that hangs on them.

import { describe, expect, it } from 'vitest'
import type { AssistantMessage, Message } from '../../../src/protocol/shapes.ts'
import { noUsage } from '../../../src/protocol/shapes.ts'
import { settled } from '../../harness/clock.ts'
import { createConversation, KEY } from './conversation.ts'

const user = (content: string): Message => ({ role: 'user', content, timestamp: 1 })
const assistant = (text: string): AssistantMessage => ({
  role: 'assistant',
  content: [{ type: 'text', text }],
  api: 'a',
  provider: 'p',
  model: 'm',
  usage: noUsage(),
  stopReason: 'stop',
  timestamp: 1,
})
const TWO_AGENTS = { agents: { list: [{ id: 'main' }, { id: 'second' }] } }

describe('making one', () => {
  it('makes a key where none is given, of the agent that is named', async () => {
    const { sessions } = await createConversation({ config: TWO_AGENTS })
    expect(sessions.create({ via: 'operator' }).key).toMatch(/^agent:main:dashboard:[0-9a-f-]{36}$/)
    expect(sessions.create({ via: 'operator', agentId: 'second' })).toMatchObject({ key: expect.stringMatching(/^agent:second:/), agentId: 'second' })
  })

  it('returns the one that has the key, as it is', async () => {
    const { sessions, clock } = await createConversation()
    const first = sessions.create({ key: KEY, via: 'operator', settings: { icon: '🦀' } })
    await clock.advance(1000)
    expect(sessions.create({ key: KEY, via: 'run', settings: { icon: 'x' } })).toEqual(first)
    expect(sessions.ensure(KEY, 'run')).toEqual(first)
    expect(sessions.count({})).toBe(1)
  })

  it('refuses the key of an agent that is not there', async () => {
    const { sessions } = await createConversation()
    expect(() => sessions.ensure('agent:gone:x', 'run')).toThrow('no longer exists')
    expect(() => sessions.create({ key: 'agent:gone:x', via: 'run' })).toThrow('no longer exists')
    expect(sessions.count({})).toBe(0)
  })

  it('knows what a session would be that is none yet', async () => {
    const { sessions } = await createConversation()
    const row = sessions.emptyRow('agent:main:main')
    expect(row).toMatchObject({ key: 'agent:main:main', isMain: true, updatedAt: null, inputTokens: 0, modelProvider: 'builtin' })
    for (const member of ['sessionId', 'createdAt', 'createdVia']) expect(row).not.toHaveProperty(member)
    expect(sessions.count({})).toBe(0)
  })
})

describe('labels', () => {
  it('are unique within an agent', async () => {
    const { sessions } = await createConversation({ config: TWO_AGENTS })
    const one = sessions.create({ key: 'agent:main:one', label: 'mine', via: 'operator' })
    expect(() => sessions.create({ key: 'agent:main:two', label: 'mine', via: 'operator' })).toThrow('label already in use: mine')
    expect(sessions.get('agent:main:two')).toBeNull()
    expect(sessions.create({ key: 'agent:second:one', label: 'mine', via: 'operator' }).label).toBe('mine')
    expect(sessions.create({ key: one.key, label: 'mine', via: 'operator' })).toEqual(one)
    expect(sessions.findBy('label', 'mine', 'second')!.key).toBe('agent:second:one')
    expect(sessions.findBy('label', 'mine', 'gone')).toBeNull()
  })

  it('can be kept, given up, and taken by another', async () => {
    const { sessions } = await createConversation()
    sessions.create({ key: 'agent:main:one', label: 'mine', via: 'operator' })
    sessions.create({ key: 'agent:main:two', via: 'operator' })
    expect(() => sessions.patch('agent:main:two', { label: 'mine' })).toThrow('label already in use')
    expect(sessions.patch('agent:main:one', { label: 'mine' }).label).toBe('mine')
    expect(sessions.patch('agent:main:one', { label: null }).label).toBeNull()
    expect(sessions.patch('agent:main:two', { label: 'mine' }).label).toBe('mine')
  })

  it('leave nothing behind where they are refused', async () => {
    const { sessions } = await createConversation()
    sessions.create({ key: 'agent:main:one', label: 'mine', via: 'operator' })
    expect(() => sessions.patch('agent:main:new', { label: 'mine', settings: { icon: 'x' } })).toThrow('label already in use')
    expect(sessions.get('agent:main:new')).toBeNull()
    expect(sessions.page({}, 10, 0).map((row) => row.key)).toEqual(['agent:main:one'])
  })
})

describe('a patch', () => {
  it('joins settings, clears with null, and leaves alone what it does not name', async () => {
    const { sessions, clock } = await createConversation()
    const first = sessions.create({ key: KEY, via: 'operator', label: 'l', settings: { icon: 'i', color: 'c' } })
    await clock.advance(10)
    const patched = sessions.patch(KEY, { settings: { color: null, category: 'k' } })
    expect(patched).toMatchObject({ settings: { icon: 'i', category: 'k' }, label: 'l', archived: false, updatedAt: first.updatedAt + 10 })
    expect(sessions.patch(KEY, { archived: true })).toMatchObject({ archived: true, settings: { icon: 'i', category: 'k' } })
  })

  it('notes since when a session is archived, until somebody writes in it', async () => {
    const { sessions, clock } = await createConversation()
    sessions.create({ key: KEY, via: 'operator' })
    const archivedAt = clock.now()
    expect(sessions.patch(KEY, { archived: true })).toMatchObject({ archived: true, archivedAt })
    await clock.advance(10)
    expect(sessions.patch(KEY, { archived: true })).toMatchObject({ archived: true, archivedAt })
    sessions.append(KEY, user('back'))
    expect(sessions.get(KEY)).toMatchObject({ archived: false, archivedAt: null })
    expect(() => sessions.patch('agent:main:main', { archived: true })).toThrow('main session')
  })

  it('makes the session where there is none', async () => {
    const { sessions } = await createConversation()
    expect(sessions.patch(KEY, { settings: { icon: 'i' } })).toMatchObject({ key: KEY, settings: { icon: 'i' } })
  })
})

describe('messages', () => {
  it('are numbered, and count', async () => {
    const { sessions, said, clock } = await createConversation()
    sessions.create({ key: KEY, via: 'operator' })
    await clock.advance(10)
    expect(sessions.append(KEY, user('one')).seq).toBe(1)
    expect(sessions.append(KEY, assistant('two'), { runId: 'r' })).toMatchObject({ seq: 2, message: { __openclaw: { runId: 'r' } } })
    expect(said(KEY)).toEqual(['user: one', 'assistant: two'])
    expect(sessions.get(KEY)).toMatchObject({ messages: 2, updatedAt: clock.now(), interactedAt: clock.now() })
    expect(() => sessions.append('agent:main:gone', user('x'))).toThrow('session not found')
  })

  it('make the title once and the last line each time, on one line and cut', async () => {
    const { sessions } = await createConversation()
    sessions.create({ key: KEY, via: 'operator' })
    sessions.append(KEY, user(`  what\n\n is ${'x'.repeat(100)}`))
    const { title } = sessions.get(KEY)!
    expect(title).toMatch(/^what is x+…$/)
    expect(title).toHaveLength(80)
    sessions.append(KEY, assistant(`so\t${'y'.repeat(300)}`))
    sessions.append(KEY, user('and more'))
    expect(sessions.get(KEY)).toMatchObject({ title, preview: 'and more' })
    sessions.append(KEY, assistant('y'.repeat(300)))
    expect(sessions.get(KEY)!.preview).toHaveLength(200)
  })

  it('cut no character of the title or the last line in half', async () => {
    const { sessions } = await createConversation()
    sessions.create({ key: KEY, via: 'operator' })
    sessions.append(KEY, user('x🦀'.padStart(82, 'x').repeat(3)))
    for (let length = 198; length < 202; length++) {
      sessions.append(KEY, assistant(`${'y'.repeat(length)}🦀 and more`))
      const { title, preview } = sessions.get(KEY)!
      expect([title!.isWellFormed(), preview!.isWellFormed()]).toEqual([true, true])
    }
  })

  it('of tools, and empty ones, are no last line', async () => {
    const { sessions } = await createConversation()
    sessions.create({ key: KEY, via: 'operator' })
    sessions.append(KEY, user('asked'))
    const text = [{ type: 'text' as const, text: 'a result' }]
    sessions.append(KEY, { role: 'toolResult', toolCallId: 'c', toolName: 't', content: text, isError: false, timestamp: 1 })
    sessions.append(KEY, assistant('  '))
    expect(sessions.get(KEY)!.preview).toBe('asked')
  })

  it('without text do not take the title', async () => {
    const { sessions } = await createConversation()
    sessions.create({ key: KEY, via: 'operator' })
    const image = { type: 'image' as const, mimeType: 'image/png', mediaId: 'm', sizeBytes: 3 }
    sessions.append(KEY, { role: 'user', content: [image], timestamp: 1 })
    sessions.append(KEY, user('what is in it?'))
    expect(sessions.get(KEY)!.title).toBe('what is in it?')
  })

  it('bring an archived session back, when a user wrote them', async () => {
    const { sessions } = await createConversation()
    sessions.create({ key: KEY, via: 'operator' })
    sessions.patch(KEY, { archived: true })
    sessions.append(KEY, assistant('by itself'))
    expect(sessions.get(KEY)!.archived).toBe(true)
    sessions.append(KEY, user('again'))
    expect(sessions.get(KEY)!.archived).toBe(false)
  })

  it('are all or nothing: one whose number is taken changes nothing', async () => {
    const { sessions, transcripts } = await createConversation()
    const { sessionId } = sessions.create({ key: KEY, via: 'operator' })
    transcripts.append(sessionId, 1, user('by another hand'))
    const before = sessions.get(KEY)
    expect(() => sessions.append(KEY, user('mine'))).toThrow()
    expect(sessions.get(KEY)).toEqual(before)
    expect(sessions.page({}, 10, 0)).toEqual([before])
  })
})

describe('a reset', () => {
  it('puts a floor under what was, with a mark above it', async () => {
    const { sessions, said } = await createConversation()
    sessions.create({ key: KEY, via: 'operator', label: 'stays' })
    sessions.append(KEY, user('old'))
    sessions.update(KEY, { status: 'failed', lastError: 'e', inputTokens: 5, outputTokens: 5, totalTokens: 10 }, {})
    const { sessionId } = sessions.get(KEY)!
    const cleared = { floor: 1, messages: 2, title: null, preview: null, status: null, lastError: null, inputTokens: 0, outputTokens: 0, totalTokens: 0 }
    expect(sessions.reset(KEY)).toMatchObject({ ...cleared, sessionId, label: 'stays' })
    expect(said(KEY)).toEqual(['system: Reset'])
    sessions.append(KEY, user('new'))
    expect(sessions.get(KEY)!.title).toBe('new')
    expect(said(KEY)).toEqual(['system: Reset', 'user: new'])
  })

  it('adds no mark where there was nothing', async () => {
    const { sessions, said } = await createConversation()
    expect(sessions.reset(KEY)).toMatchObject({ floor: 0, messages: 0 })
    expect(said(KEY)).toEqual([])
  })
})

describe('a deletion', () => {
  it('takes the transcript with it, and frees the key and the label', async () => {
    const { sessions, transcripts } = await createConversation()
    const { sessionId } = sessions.create({ key: KEY, via: 'operator', label: 'mine' })
    sessions.append(KEY, user('gone soon'))
    expect(sessions.delete(KEY)).toBe(true)
    expect(sessions.delete(KEY)).toBe(false)
    expect(sessions.get(KEY)).toBeNull()
    expect(transcripts.last(sessionId)).toBe(0)
    expect(sessions.count({})).toBe(0)
    expect(sessions.create({ key: KEY, via: 'operator', label: 'mine' })).toMatchObject({ messages: 0, label: 'mine' })
  })
})

describe('what is told', () => {
  it('is each change, with the row as it is then', async () => {
    const { sessions, heard } = await createConversation()
    sessions.create({ key: KEY, via: 'operator' })
    sessions.patch(KEY, { label: 'l' })
    sessions.update(KEY, { status: 'running' }, { phase: 'start', runId: 'r' })
    sessions.reset(KEY)
    sessions.delete(KEY)
    await settled()
    const events = heard('sessions.changed')
    expect(events.map(({ reason, phase }) => reason ?? phase)).toEqual(['create', 'patch', 'start', 'reset', 'delete'])
    expect(events[2]).toMatchObject({ sessionKey: KEY, agentId: 'main', runId: 'r' })
    expect(events[4]).toMatchObject({ sessionKey: KEY, agentId: 'main', session: null })
  })

  it('is each message, to those who follow its session', async () => {
    const { sessions, told } = await createConversation()
    sessions.create({ key: KEY, via: 'operator' })
    const { id, message } = sessions.append(KEY, user('hello'))
    await settled()
    const event = told.find(({ name }) => name === 'session.message')!
    expect(event.audience).toEqual({ session: KEY })
    expect(event.payload).toMatchObject({ sessionKey: KEY, messageId: id, messageSeq: 1, message })
  })

  it('is nothing while nobody hears it', async () => {
    const { sessions, told, audience } = await createConversation()
    audience.present = false
    sessions.create({ key: KEY, via: 'operator' })
    sessions.append(KEY, user('x'))
    await settled()
    expect(told).toEqual([])
  })

  it('is on disk before', async () => {
    const { sessions, sql, told } = await createConversation()
    const disk = Promise.withResolvers<void>()
    sql.sync = () => disk.promise
    sessions.create({ key: KEY, via: 'operator' })
    sessions.append(KEY, user('x'))
    await settled()
    expect(told).toEqual([])
    disk.resolve()
    await settled()
    expect(told).toHaveLength(2)
  })

  it('is never a change that was taken back', async () => {
    const { sessions, told } = await createConversation()
    sessions.create({ key: 'agent:main:one', label: 'mine', via: 'operator' })
    await settled()
    expect(() => sessions.patch('agent:main:new', { label: 'mine' })).toThrow('label already in use')
    await settled()
    expect(told.map(({ payload }) => payload.sessionKey as string)).toEqual(['agent:main:one'])
  })
})

// Compactions: what is summarised, what is kept, and what happens meanwhile.

import { describe, expect, it } from 'vitest'
import type { ModelRequest } from '../../../src/index.ts'
import { buildContext } from '../../../src/services/conversation/run-context.ts'
import { settled } from '../../harness/clock.ts'
import { answer, createConversation, KEY, PLAYED, playedProvider, requestOf } from './conversation.ts'

const user = (content: string) => ({ role: 'user' as const, content, timestamp: 0 })

async function open(texts: readonly string[] = ['one', 'two', 'three']) {
  const requests: ModelRequest[] = []
  const hold = { until: Promise.resolve() }
  const provider = playedProvider(async function* (request) {
    requests.push(request)
    await hold.until
    yield answer('a summary')
  })
  const conversation = await createConversation({ providers: [provider], config: PLAYED })
  const { sessions } = conversation
  sessions.ensure(KEY, 'operator')
  for (const text of texts) sessions.append(KEY, user(text))
  const session = () => sessions.get(KEY)!
  const given = async () => {
    const messages = await buildContext(requestOf('x', { bare: true }), 'main', session(), conversation)
    return messages.map((message) => (message.role === 'user' ? message.content : message.role))
  }
  return { ...conversation, requests, hold, session, given }
}

describe('a summary', () => {
  it('is of everything but the last turn', async () => {
    const { compaction, session, given, said, heard, requests } = await open()
    const done = await compaction.summarise(session())
    expect(done).toMatchObject({ compaction: { keptAfter: 2, seq: 4, summary: 'a summary' } })
    expect(requests[0]!.messages.at(-1)).toMatchObject({ content: expect.stringContaining('User: one\nUser: two\n<') })
    expect(await given()).toEqual([expect.stringContaining('a summary'), 'three'])
    expect(said(KEY)).toEqual(['user: one', 'user: two', 'user: three', 'system: Compaction'])
    expect(session().preview).toBe('three')
    await settled()
    expect(heard('session.operation').map(({ phase, completed }) => [phase, completed])).toEqual([['start', undefined], ['end', true]])
  })

  it('is of one long turn as a whole', async () => {
    const { compaction, session, sessions, given } = await open(['one'])
    expect(await compaction.summarise(session())).toEqual({ reason: 'Nothing to compact (session too small)' })
    const result = { role: 'toolResult' as const, toolCallId: 'x', toolName: 'look', content: [{ type: 'text' as const, text: 'seen' }], isError: false, timestamp: 0 }
    for (let n = 0; n < 3; n++) sessions.append(KEY, result)
    expect(await compaction.summarise(session())).toMatchObject({ compaction: { keptAfter: 4, firstKeptId: null } })
    expect(await given()).toEqual([expect.stringContaining('a summary')])
  })

  it('covers what a run has added meanwhile by what is kept', async () => {
    const { compaction, session, sessions, hold, given } = await open()
    const { promise, resolve } = Promise.withResolvers<void>()
    hold.until = promise
    const going = compaction.summarise(session())
    await settled()
    await expect(compaction.summarise(session())).rejects.toThrow('being compacted already')
    sessions.append(KEY, user('four'))
    resolve()
    await going
    expect(await given()).toEqual([expect.stringContaining('a summary'), 'three', 'four'])
  })

  it('of a conversation that has begun anew is thrown away', async () => {
    const { compaction, session, sessions, hold, heard, said } = await open()
    const { promise, resolve } = Promise.withResolvers<void>()
    hold.until = promise
    const going = compaction.summarise(session())
    await settled()
    sessions.reset(KEY)
    resolve()
    await expect(going).rejects.toThrow('changed meanwhile')
    expect(compaction.list(session())).toEqual([])
    expect(said(KEY)).toEqual(['system: Reset'])
    await settled()
    expect(heard('session.operation').at(-1)).toMatchObject({ phase: 'end', completed: false })
  })

  it('that takes too long is given up', async () => {
    const { compaction, session, hold, clock } = await open()
    hold.until = new Promise(() => {})
    const going = expect(compaction.summarise(session())).rejects.toThrow('took too long')
    await clock.advance(3 * 60 * 1000)
    await going
    expect(clock.pending).toBe(0)
  })

  it('is told of with what it took', async () => {
    const { compaction, session, usage } = await open()
    const took: number[] = []
    compaction.onSummary((_, { usage: { totalTokens } }) => void took.push(totalTokens))
    await compaction.summarise(session())
    expect(took).toEqual([6])
    expect((await usage.cost({ days: 1, mode: 'utc' })).totals).toMatchObject({ totalTokens: 6, missingCostByModel: { 'played/one': 1 } })
  })

  it('waits for runs', async () => {
    const { compaction, session, activity } = await open()
    activity.begin(KEY, 'run')
    await expect(compaction.summarise(session())).rejects.toThrow('has queued work')
    expect(() => compaction.keepLast(session(), 1)).toThrow('has queued work')
  })
})

describe('keeping the last messages', () => {
  it('leaves the history as it is', async () => {
    const { compaction, session, given, said } = await open()
    expect(compaction.keepLast(session(), 3)).toEqual({ compacted: false, kept: 3 })
    expect(compaction.keepLast(session(), 1)).toEqual({ compacted: true, kept: 1 })
    expect(await given()).toEqual(['three'])
    expect(said(KEY)).toHaveLength(4)
  })
})

describe('a checkpoint', () => {
  it('is found as long as the conversation has it', async () => {
    const { compaction, branches, session, given } = await open()
    await compaction.summarise(session())
    const [checkpoint] = compaction.list(session())
    expect(compaction.find(session(), checkpoint!.id)).toEqual(checkpoint)
    branches.rewindTo(session(), checkpoint!.seq - 1, 'compaction-restore')
    expect(await given()).toEqual(['one', 'two', 'three'])
    expect(() => compaction.find(session(), checkpoint!.id)).toThrow('checkpoint not found')
  })

  it('goes along into branches and forks behind it', async () => {
    const { compaction, branches, sessions, session, given } = await open()
    await compaction.summarise(session())
    sessions.append(KEY, user('four'))
    const { id } = sessions.append(KEY, user('five'))
    branches.rewind(KEY, id)
    expect(await given()).toEqual([expect.stringContaining('a summary'), 'three', 'four'])
  })
})

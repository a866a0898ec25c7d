// Text that an agent hears at its next turn, exactly once.

import { describe, expect, it } from 'vitest'
import type { ModelRequest } from '../../../src/ports/model.ts'
import { fakeClock, settled } from '../../harness/clock.ts'
import { memorySql } from '../../harness/sql.ts'
import { answer, KEY, PLAYED, playedProvider, requestOf } from '../conversation/conversation.ts'
import { createAutomation } from './automation.ts'

async function setUp(sql = memorySql(), clock = fakeClock(), silent = false) {
  const asked: ModelRequest[] = []
  const provider = playedProvider(async function* (request) {
    asked.push(request)
    if (silent) await new Promise(() => {})
    yield answer('heard')
  })
  return { ...(await createAutomation({ sql, clock, config: PLAYED, providers: [provider] })), asked }
}

const textsOf = ({ messages }: ModelRequest) => messages.slice(1).map(({ role, ...rest }) => `${role}: ${'content' in rest ? String(rest.content) : 'text' in rest ? rest.text : ''}`)

it('is told before what is said, and stays in the conversation', async () => {
  const { asked, runs, systemEvents, said } = await setUp()
  systemEvents.add(KEY, 'the door is open')
  systemEvents.add(KEY, 'the light is on')
  await runs.start(requestOf('hello')).run!.done
  await runs.start(requestOf('and now')).run!.done
  const event = expect.stringMatching(/^user: System events since the last turn.*\n- \[2026-01-01T00:00:00.000Z\] the door is open\n- \[.*\] the light is on$/s)
  expect(textsOf(asked[0]!)).toEqual([event, 'user: hello'])
  expect(textsOf(asked[1]!)).toEqual([event, 'user: hello', 'assistant: heard', 'user: and now'])
  expect(said(KEY).map((line) => line.split(':')[0])).toEqual(['system', 'user', 'assistant', 'user', 'assistant'])
  expect(systemEvents.count(KEY)).toBe(0)
})

it('waits for a turn of its own session', async () => {
  const { asked, runs, systemEvents } = await setUp()
  systemEvents.add('agent:main:other', 'x')
  await runs.start(requestOf('hello')).run!.done
  expect(textsOf(asked[0]!)).toEqual(['user: hello'])
  expect(systemEvents.count('agent:main:other')).toBe(1)
})

it('is not taken by a turn that does not hear the conversation', async () => {
  const { runs, systemEvents } = await setUp()
  systemEvents.add(KEY, 'x')
  await runs.start(requestOf('hello', { turns: [{ role: 'user', content: 'hello' }] })).run!.done
  await runs.start(requestOf('hello', { bare: true })).run!.done
  expect(systemEvents.count(KEY)).toBe(1)
})

it('survives a restart, and is told once also when a turn has to begin again', async () => {
  const [sql, clock] = [memorySql(), fakeClock()]
  const first = await setUp(sql, clock)
  first.systemEvents.add(KEY, 'kept')
  await settled()
  const second = await setUp(sql, clock, true)
  second.runs.start(requestOf('hello', { runId: 'r' })) // dies before the model answers
  await settled()
  const third = await setUp(sql, clock)
  await third.start()
  await settled()
  expect(textsOf(third.asked[0]!)).toEqual([expect.stringContaining('kept'), 'user: hello'])
  expect(third.said(KEY).filter((line) => line.includes('kept'))).toHaveLength(1)
})

describe('bounds', () => {
  it('keeps the same text in a row once', async () => {
    const { systemEvents } = await setUp()
    for (const text of ['a', ' a ', 'b', 'a']) systemEvents.add(KEY, text)
    expect(systemEvents.texts(10)).toEqual(['a', 'b', 'a'])
    expect(systemEvents.texts(2)).toEqual(['a', 'b'])
  })

  it('refuses what is empty, too long or too much', async () => {
    const { systemEvents } = await setUp()
    expect(() => systemEvents.add(KEY, ' \n')).toThrow('text required')
    expect(() => systemEvents.add(KEY, 'x'.repeat(16_001))).toThrow('at most 16000')
    for (let n = 0; n < 50; n++) systemEvents.add(KEY, `event ${n}`)
    expect(() => systemEvents.add(KEY, 'one more')).toThrow('too many system events wait')
    expect(() => systemEvents.add('agent:main:other', 'one more')).not.toThrow()
  })

  it('tells so much in one turn, and the rest in the next', async () => {
    const { asked, runs, systemEvents } = await setUp()
    for (let n = 0; n < 8; n++) systemEvents.add(KEY, `${n}${'x'.repeat(15_000)}`)
    await runs.start(requestOf('hello')).run!.done
    expect(systemEvents.count(KEY)).toBe(2)
    await runs.start(requestOf('hello')).run!.done
    expect([systemEvents.count(KEY), asked.length]).toEqual([0, 2])
  })

  it('forgets what nobody has heard for long', async () => {
    const { clock, systemEvents } = await setUp()
    systemEvents.add(KEY, 'old')
    await clock.advance(1000)
    systemEvents.add(KEY, 'new')
    systemEvents.prune(clock.now())
    expect(systemEvents.texts(5)).toEqual(['new'])
  })
})

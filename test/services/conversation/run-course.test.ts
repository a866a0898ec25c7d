// What the world sees of one run: exact deltas, in order, none before the disk.

import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { noUsage } from '../../../src/protocol/shapes.ts'
import { createCourse } from '../../../src/services/conversation/run-course.ts'
import type { RunResult } from '../../../src/services/conversation/run-table.ts'
import { settled } from '../../harness/clock.ts'
import { textIn } from '../../suites/target.ts'
import { createConversation } from './conversation.ts'

const RESULT: RunResult = { state: 'ok', text: '', stopReason: 'stop', toolCalls: [], usage: noUsage(), provider: 'p', model: 'm', startedAt: 1, endedAt: 2 }

async function make({ replayable = true } = {}) {
  const conversation = await createConversation()
  const { bus, gate, clock, commit, runTable, heard } = conversation
  const facts = { runId: 'r', sessionKey: 'agent:main:x', agentId: 'main', sessionId: 'id', replayable, beforeKept: () => {} }
  const course = createCourse(facts, { bus, gate, clock, commit, table: runTable })
  const deltas = () => heard('chat').filter((payload) => payload.state === 'delta')
  return {
    ...conversation,
    course,
    deltas,
    kept: () => runTable.output('r'),
    pieces: () => deltas().map((payload) => payload.deltaText as string),
    /** The data of one stream of `agent` events. */
    stream: (name: string) => heard('agent').filter((payload) => payload.stream === name).map((payload) => payload.data),
    end: (result: Partial<RunResult> = {}) => course.ended({ ...RESULT, text: course.text, ...result }),
    async say(text: string) {
      course.say(text)
      await settled()
    },
  }
}

describe('deltas', () => {
  it('are what was said, exactly, however it was cut', async () => {
    const move = fc.oneof(
      { weight: 6, arbitrary: fc.string({ unit: 'grapheme', maxLength: 12 }) },
      { weight: 1, arbitrary: fc.string({ unit: 'grapheme', minLength: 2000, maxLength: 6000 }) },
      { weight: 3, arbitrary: fc.constant({ turn: true }) },
      { weight: 1, arbitrary: fc.constant({ step: true }) },
      { weight: 1, arbitrary: fc.integer({ min: 1, max: 900 }) },
    )
    await fc.assert(
      fc.asyncProperty(fc.array(move, { maxLength: 40 }), async (moves) => {
        const { course, clock, commit, deltas, stream, end, heard } = await make()
        let listened = ''
        let spoken = ''
        course.listen((progress) => void (listened += progress.text))
        for (const each of moves) {
          if (typeof each === 'string') {
            course.say(each)
            spoken += each
          } else if (typeof each === 'number') await clock.advance(each)
          else if ('step' in each) commit.tx(() => course.stepEnded())
          else await settled()
        }
        expect(course.text).toBe(spoken)
        end()
        await clock.advance(1000)
        expect(deltas().map((payload) => payload.deltaText).join('')).toBe(spoken)
        expect(listened).toBe(spoken)
        expect(stream('assistant').map((data) => data.delta).join('')).toBe(spoken)
        let sofar = ''
        for (const { deltaText, message } of deltas()) {
          sofar += deltaText
          if (message) expect(textIn(message)).toBe(sofar)
        }
        for (const name of ['chat', 'agent']) {
          const numbers = heard(name).map((payload) => payload.seq as number)
          expect(numbers).toEqual([...new Set(numbers)].toSorted((a, b) => a - b))
        }
        expect(heard('chat').at(-1)).toMatchObject({ state: 'final' })
        expect(textIn(heard('chat').at(-1).message)).toBe(spoken)
      }),
      { numRuns: 60 },
    )
  })

  it('are one for each turn of the event loop', async () => {
    const { course, pieces, say } = await make()
    for (const word of ['a', 'b', 'c']) course.say(word)
    expect(course.text).toBe('abc')
    expect(pieces()).toEqual([])
    await settled()
    await say('d')
    expect(pieces()).toEqual(['abc', 'd'])
  })

  it('carry the whole text as long as it is short, then each time it has grown by a quarter', async () => {
    const { deltas, say } = await make()
    await say('x'.repeat(4096))
    for (let n = 0; n < 40; n++) await say('x'.repeat(100))
    const wholes = deltas().flatMap(({ message }) => (message ? [textIn(message).length] : []))
    expect(wholes[0]).toBe(4096)
    for (const [n, length] of wholes.slice(1).entries()) expect(length - wholes[n]!).toBeGreaterThanOrEqual(length / 4)
    expect(wholes.length).toBe(3)
  })

  it('are not told after the last word', async () => {
    const { heard, say, end, clock } = await make()
    await say('one')
    end()
    const before = heard('chat').length
    await say('too late')
    await clock.advance(1000)
    expect(heard('chat')).toHaveLength(before)
    expect(heard('chat').at(-1)).toMatchObject({ state: 'final' })
  })

  it('that are still untold at the end come before it', async () => {
    const { course, heard, end } = await make()
    course.say('last words')
    end()
    await settled()
    expect(heard('chat').map((payload) => payload.state)).toEqual(['delta', 'final'])
  })
})

describe('what is kept for the case of a crash', () => {
  it('is the first word, before anybody sees it', async () => {
    const { sql, kept, pieces, say } = await make()
    const disk = Promise.withResolvers<void>()
    sql.sync = () => disk.promise
    await say('first')
    expect(kept()).toBe('first')
    expect(pieces()).toEqual([])
    disk.resolve()
    await settled()
    expect(pieces()).toEqual(['first'])
  })

  it('comes behind what an HTTP caller hears, who waits for no disk', async () => {
    const { course, sql, commit, kept, say } = await make({ replayable: false })
    const heard: string[] = []
    course.listen(({ text }) => void heard.push(`${text}, kept: ${kept()}`))
    sql.sync = () => new Promise(() => {})
    commit.tx(() => sql.exec('CREATE TABLE others (n)')) // what others write waits for the disk
    await say('first')
    expect(heard).toEqual(['first, kept: '])
    expect(kept()).toBe('first')
  })

  it('is the rest each half second', async () => {
    const { clock, kept, say } = await make()
    await say('one ')
    await clock.advance(499)
    await say('two ')
    expect(kept()).toBe('one ')
    await clock.advance(1)
    await say('three ')
    expect(kept()).toBe('one two three ')
    await say('four')
    expect(kept()).toBe('one two three ')
  })

  it('is nothing as long as nobody can see anything', async () => {
    const { audience, course, kept, say, clock } = await make()
    audience.present = false
    await say('unseen ')
    await clock.advance(1000)
    await say('still ')
    expect(kept()).toBe('')
    audience.present = true
    await say('seen')
    expect(kept()).toBe('unseen still seen')
    expect(course.ending()).toBe(true)
  })

  it('is nothing more once the result is being written, which holds it all', async () => {
    const { clock, course, kept, pieces, say, end } = await make()
    expect(course.ending()).toBe(false)
    await say('first')
    await clock.advance(1000)
    await say(' and more')
    expect(kept()).toBe('')
    end()
    await settled()
    expect(pieces()).toEqual(['first', ' and more'])
  })

  it('is what a listener inside hears, too', async () => {
    const { audience, course, kept, say } = await make()
    audience.present = false
    course.listen(() => {})
    await say('heard')
    expect(kept()).toBe('heard')
  })

  it('of a run that is not begun again does not hold up its words', async () => {
    const { sql, kept, pieces, say } = await make({ replayable: false })
    sql.sync = () => new Promise(() => {})
    await say('first')
    expect(kept()).toBe('first')
    expect(pieces()).toEqual(['first'])
  })

  it('goes once it stands in the transcript, and begins anew', async () => {
    const { commit, course, kept, say, pieces } = await make()
    await say('step one')
    course.say(', its end')
    commit.tx(() => course.stepEnded())
    expect(kept()).toBe('')
    await say('step two')
    expect(kept()).toBe('step two')
    expect(pieces().join('')).toBe('step one, its endstep two')
  })
})

describe('the assistant stream', () => {
  it('repeats the text at most each 400 ms', async () => {
    const { clock, stream, say } = await make()
    await say('a')
    for (const word of ['b', 'c', 'd']) await say(word)
    expect(stream('assistant')).toEqual([{ text: 'a', delta: 'a', itemId: 'r:1' }])
    await clock.advance(399)
    expect(stream('assistant')).toHaveLength(1)
    await clock.advance(1)
    expect(stream('assistant')[1]).toEqual({ text: 'abcd', delta: 'bcd', itemId: 'r:1' })
    expect(clock.pending).toBe(0)
  })

  it('is complete before a tool is called, and before the end', async () => {
    const { course, stream, say, end, heard } = await make()
    await say('a')
    await say('b')
    course.toolStarted({ id: 'c', name: 'act', arguments: '{}' })
    expect(stream('assistant').at(-1)).toMatchObject({ text: 'ab' })
    await say('c')
    end()
    expect(heard('agent').slice(-2)).toMatchObject([{ stream: 'assistant', data: { text: 'abc' } }, { stream: 'lifecycle' }])
  })
})

describe('tools', () => {
  it('are told to those who asked for them only', async () => {
    const { course, told, stream } = await make()
    course.toolStarted({ id: 'c', name: 'act', arguments: '{"n":1}' })
    course.toolEnded({ id: 'c', name: 'act', arguments: '{"n":1}' }, { text: 'done', isError: false })
    course.toolStarted({ id: 'd', name: 'act', arguments: 'no json' })
    course.toolEnded({ id: 'd', name: 'act', arguments: 'no json' }, { text: 'broke', isError: true })
    await settled()
    expect(new Set(told.map((event) => event.audience.capability))).toEqual(new Set(['tool-events']))
    expect(stream('tool')).toMatchObject([
      { phase: 'start', toolCallId: 'c', args: { n: 1 } },
      { phase: 'result', isError: false, result: { content: [{ type: 'text', text: 'done' }] } },
      { phase: 'start', toolCallId: 'd', args: 'no json' },
      { phase: 'result', isError: true },
    ])
    expect(stream('item').map((data) => data.status)).toEqual(['running', 'completed', 'running', 'failed'])
  })
})

describe('reasoning', () => {
  it('is for listeners inside alone', async () => {
    const { course, told } = await make()
    const heard: string[] = []
    course.listen(({ type, text }) => void heard.push(`${type} ${text}`))
    course.reason('hm')
    await settled()
    expect(heard).toEqual(['reasoning hm'])
    expect(told).toEqual([])
  })
})

describe('the end', () => {
  it.each([
    [{ state: 'ok', stopReason: 'length' }, { state: 'final', stopReason: 'length' }],
    [{ state: 'aborted', stopReason: 'rpc' }, { state: 'aborted', stopReason: 'rpc' }],
    [{ state: 'interrupted', stopReason: 'restart' }, { state: 'aborted', stopReason: 'restart' }],
    [
      { state: 'error', stopReason: 'error', error: { message: 'no', kind: 'refusal', status: 400 } },
      { state: 'error', errorMessage: 'no', errorKind: 'refusal', errorDetail: { provider: 'p', model: 'm', httpStatus: 400 } },
    ],
    [
      { state: 'error', stopReason: 'error', provider: '', model: '', error: { message: 'no', kind: 'server', status: 99 } },
      { state: 'error', errorKind: 'unknown', errorDetail: {} },
    ],
    [{ state: 'error', stopReason: 'timeout', error: { message: 'late', kind: 'timeout' } }, { state: 'error', errorKind: 'timeout' }],
  ] as const)('of %j is told as %j', async (result, expected) => {
    const { say, end, heard } = await make()
    await say('so far')
    end(result)
    await settled()
    const last = heard('chat').at(-1)
    expect(last).toMatchObject(expected)
    expect(textIn(last.message)).toBe('so far')
  })

  it('without a word carries no message, unless it went well', async () => {
    const ok = await make()
    ok.end()
    const aborted = await make()
    aborted.end({ state: 'aborted', stopReason: 'rpc' })
    await settled()
    expect(textIn(ok.heard('chat').at(-1).message)).toBe('')
    expect(aborted.heard('chat').at(-1)).not.toHaveProperty('message')
    expect(ok.stream('lifecycle').at(-1)).toMatchObject({ phase: 'end', aborted: false, terminalReply: { disposition: 'empty', text: '' } })
    expect(aborted.stream('lifecycle').at(-1)).toMatchObject({ phase: 'end', aborted: true })
  })

  it('leaves no timer behind', async () => {
    const { clock, say, end } = await make()
    await say('a')
    await say('b')
    end()
    await clock.advance(25) // what may stay in an open group
    expect(clock.pending).toBe(0)
  })
})

it('numbers what is told, also where nobody hears it', async () => {
  const { audience, course, heard, say } = await make()
  course.lifecycle({ phase: 'start' })
  audience.present = false
  course.lifecycle({ phase: 'model' })
  course.status('starting_model')
  audience.present = true
  await say('a')
  expect(heard('agent')[0].seq).toBe(1)
  expect(heard('chat')[0].seq).toBe(4)
})

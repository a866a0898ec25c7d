// Stored responses: written with the end of their run, continued as a whole, and seen by their owner alone.

import { describe, expect, it } from 'vitest'
import { createResponses } from '../../../src/services/conversation/responses.ts'
import { createResponseTable } from '../../../src/services/conversation/responses-table.ts'
import type { ResponseObject } from '../../../src/protocol/responses-object.ts'
import { script } from '../../suites/target.ts'
import { createConversation, requestOf } from './conversation.ts'

const message = (id: string, text = id) => ({ type: 'message' as const, id, text })
const responseOf = (id: string, output: readonly string[] = [`out_${id}`]) => ({ id, created_at: 1, model: 'm', previous_response_id: null, output: output.map((each) => message(each)) }) as unknown as ResponseObject
const stored = (id: string, previousId: string | null = null, input: readonly string[] = [`in_${id}`]) => ({
  owner: 'operator',
  sessionKey: 'agent:main:x',
  previousId,
  response: responseOf(id),
  input: input.map((each) => message(each)),
})

async function setUp() {
  const conversation = await createConversation()
  const { sql, runs, commit } = conversation
  return { ...conversation, responses: createResponses({ table: createResponseTable(sql), runs, commit }) }
}

describe('a stored response', () => {
  it('is there once its run has ended, with what came of it', async () => {
    const { runs, responses } = await setUp()
    const { run } = runs.start(requestOf(script({ text: 'hello' })))
    responses.expect(run!.id, ({ text }) => ({ ...stored('resp_1'), response: responseOf('resp_1', [text]) }))
    expect(responses.get('resp_1', 'operator')).toBeNull()
    await run!.done
    expect(responses.get('resp_1', 'operator')).toEqual(responseOf('resp_1', ['hello']))
  })

  it('is written in the transaction of the end: both or neither', async () => {
    const { runs, responses, runTable, clock, sql } = await setUp()
    const { run } = runs.start(requestOf(script({ text: 'hello' })))
    let attempts = 0
    responses.expect(run!.id, () => {
      attempts++
      if (attempts === 1) throw new Error('the disk is full')
      expect(runTable.get(run!.id)?.result).not.toBeNull()
      return stored('resp_1')
    })
    while (attempts === 0) await new Promise((resolve) => setImmediate(resolve))
    expect(sql.all('SELECT 1 FROM responses')).toEqual([])
    await clock.advance(1000)
    await run!.done
    expect([attempts, responses.get('resp_1', 'operator')?.id]).toEqual([2, 'resp_1'])
  })

  it('is not there when nothing is to be kept of the run', async () => {
    const { runs, responses, sql } = await setUp()
    const first = runs.start(requestOf(script({ text: 'x' }), { runId: 'a' })).run!
    responses.expect('a', () => null)
    await first.done
    const second = runs.start(requestOf(script({ text: 'x' }), { runId: 'b' })).run!
    responses.expect('b', () => stored('resp_1'))
    responses.forget('b')
    await second.done
    expect(sql.all('SELECT 1 FROM responses')).toEqual([])
  })

  it('is continued with all that was said before it', async () => {
    const { responses } = await setUp()
    responses.put(stored('resp_1'))
    responses.put(stored('resp_2', 'resp_1'))
    responses.put(stored('resp_3', 'resp_2'))
    responses.put(stored('resp_fork', 'resp_1'))
    expect(responses.continue('resp_3', 'operator')?.items.map(({ id }) => id)).toEqual(['in_resp_1', 'out_resp_1', 'in_resp_2', 'out_resp_2', 'in_resp_3', 'out_resp_3'])
    expect(responses.continue('resp_fork', 'operator')?.items.map(({ id }) => id)).toEqual(['in_resp_1', 'out_resp_1', 'in_resp_fork', 'out_resp_fork'])
    expect(responses.continue('resp_3', 'operator')?.sessionKey).toBe('agent:main:x')
    expect(responses.delete('resp_2', 'operator')).toBe(true)
    expect([responses.continue('resp_3', 'operator'), responses.continue('resp_1', 'operator')?.items.length]).toEqual([null, 2])
  })

  it('is nobody else’s', async () => {
    const { responses } = await setUp()
    responses.put(stored('resp_1'))
    const page = { limit: 1, after: null, newestFirst: false }
    expect([responses.get('resp_1', 'other'), responses.continue('resp_1', 'other'), responses.item('in_resp_1', 'other'), responses.inputItems('resp_1', 'other', page), responses.delete('resp_1', 'other')]).toEqual([
      null,
      null,
      null,
      null,
      false,
    ])
    expect([responses.item('in_resp_1', 'operator')?.id, responses.get('resp_1', 'operator')?.id]).toEqual(['in_resp_1', 'resp_1'])
  })

  it('is refused when the conversation is longer than can be told', async () => {
    const { responses } = await setUp()
    responses.put({ ...stored('resp_1'), input: [{ ...message('big'), text: 'x'.repeat(33 * 1024 * 1024) }] as never })
    expect(() => responses.continue('resp_1', 'operator')).toThrow('too long to be continued')
  })

  it('lists its input in pages, either way round', async () => {
    const { responses } = await setUp()
    responses.put(stored('resp_1', null, ['a', 'b', 'c']))
    const page = (limit: number, after: string | null, newestFirst: boolean) => {
      const { items, hasMore } = responses.inputItems('resp_1', 'operator', { limit, after, newestFirst })!
      return [items.map(({ id }) => id).join(), hasMore]
    }
    expect([page(2, null, false), page(2, 'b', false), page(2, null, true), page(9, 'b', true), page(3, null, false)]).toEqual([
      ['a,b', true],
      ['c', false],
      ['c,b', true],
      ['a', false],
      ['a,b,c', false],
    ])
    expect(() => page(1, 'd', false)).toThrow('no input item "d"')
  })
})

// What is taken down when runs end.

import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import { defineTool } from '../../../src/services/conversation/tools.ts'
import { createUsageTable } from '../../../src/services/conversation/usage-table.ts'
import { script } from '../../suites/target.ts'
import { settled } from '../../harness/clock.ts'
import { createConversation, KEY, requestOf } from './conversation.ts'

async function open() {
  const conversation = await createConversation()
  conversation.tools.add(defineTool({ name: 'look', description: 'Looks.', scope: 'operator.read', params: z.object({}), run: () => 'seen' }))
  const table = createUsageTable(conversation.sql)
  const all = { from: 0, to: Number.MAX_SAFE_INTEGER }
  return { ...conversation, runsOf: (key: string) => table.runsOf(key, all, 100), sums: () => table.sums(all), calls: () => table.toolCalls(all) }
}

describe('a run', () => {
  it('is taken down with its messages and calls', async () => {
    const { runs, runsOf, sums, calls } = await open()
    const { run } = runs.start(requestOf(script({ text: 'a' }, { tool: { name: 'look' } }, { text: 'b' })))
    const result = await run!.done
    expect(runsOf(KEY)).toMatchObject([{ runId: run!.id, provider: 'builtin', model: 'operator', total: result.usage.totalTokens, userMessages: 1, answers: 2, toolCalls: 1, errors: 0 }])
    expect(sums()).toMatchObject([{ agentId: 'main', runs: 1, total: result.usage.totalTokens }])
    expect(calls()).toEqual([{ name: 'look', count: 1 }])
  })

  it('that fails is one, and one that no model answered is none', async () => {
    const { runs, runsOf } = await open()
    await runs.start(requestOf(script({ error: { message: 'broke' } }))).run!.done
    expect(runsOf(KEY)).toMatchObject([{ errors: 1 }])
    const waiting = runs.start(requestOf(script({ hang: true })))
    const queued = runs.start(requestOf('never'))
    await runs.abort([queued.run!], 'rpc')
    expect(runsOf(KEY)).toHaveLength(1)
    await settled()
    await runs.abort([waiting.run!], 'rpc')
    expect(runsOf(KEY)).toHaveLength(2)
  })

  it('is counted once, though its end is written again', async () => {
    const { runs, runsOf, sums, sql, clock } = await open()
    sql.exec("CREATE TRIGGER broken BEFORE INSERT ON usage_runs BEGIN SELECT raise(ABORT, 'disk full'); END")
    const { run } = runs.start(requestOf(script({ text: 'a' })))
    await settled()
    expect(sums()).toEqual([])
    sql.exec('DROP TRIGGER broken')
    await clock.advance(1000)
    await run!.done
    expect(sums()).toMatchObject([{ runs: 1 }])
    expect(runsOf(KEY)).toHaveLength(1)
  })

  it('of a conversation that HTTP brought along is a part of the sums alone', async () => {
    const { runs, runsOf, sums } = await open()
    const sessionKey = `agent:main:openai:${crypto.randomUUID()}`
    const request = requestOf('x', { origin: 'http', sessionKey, isNew: true, whole: true, turns: [{ role: 'user', content: script({ text: 'a' }) }] })
    await runs.start(request).run!.done
    expect(sums()).toMatchObject([{ runs: 1, userMessages: 1, answers: 1 }])
    expect(runsOf(sessionKey)).toEqual([])
  })

  it('goes with its session; the sums stay', async () => {
    const { runs, runsOf, sums, sessions } = await open()
    await runs.start(requestOf(script({ text: 'a' }))).run!.done
    sessions.delete(KEY)
    expect([runsOf(KEY).length, sums().length]).toEqual([0, 1])
  })
})

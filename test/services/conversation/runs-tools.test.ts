// Runs whose model calls tools: what stands in the transcript, what is on disk before a tool acts, what an abort leaves.

import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import { noUsage } from '../../../src/protocol/shapes.ts'
import { defineTool } from '../../../src/services/conversation/tools.ts'
import { settled } from '../../harness/clock.ts'
import { answer, call, createConversation, KEY, PLAYED, playedProvider, requestOf } from './conversation.ts'

describe('tools', () => {
  function acting(run: () => unknown) {
    const provider = playedProvider(async function* (request) {
      if (request.messages.at(-1)!.role === 'tool') yield answer('done')
      else yield [{ type: 'text', text: 'let me' }, call('act'), { type: 'usage', usage: { ...noUsage(), input: 3, totalTokens: 3 } }, { type: 'stop', reason: 'tool_calls' }]
    })
    return createConversation({ config: PLAYED, providers: [provider] }).then((conversation) => {
      conversation.tools.add(defineTool({ name: 'act', description: '', scope: 'operator.read', params: z.strictObject({}), run }))
      return conversation
    })
  }

  it('stand in the transcript between what was said before and after them', async () => {
    const { runs, said } = await acting(() => 'acted')
    const result = await runs.start(requestOf('go')).run!.done
    expect(result).toMatchObject({ state: 'ok', text: 'let me\n\ndone' })
    expect(said(KEY)).toEqual(['user: go', 'assistant: let me | call act', 'toolResult: acted', 'assistant: done'])
  })

  it('are called only once it is on disk that they are', async () => {
    let called = 0
    const { runs, sql, said } = await acting(() => void called++)
    const { run } = runs.start(requestOf('go'))
    const disk = Promise.withResolvers<void>()
    sql.sync = () => disk.promise
    await settled()
    expect(said(KEY)).toEqual(['user: go', 'assistant: let me | call act'])
    expect(called).toBe(0)
    disk.resolve()
    await run!.done
    expect(called).toBe(1)
  })

  it('have a message for each step with its own usage, which add up to that of the run', async () => {
    const { runs, sessions, transcripts } = await acting(() => 'acted')
    const { usage } = await runs.start(requestOf('go')).run!.done
    const { sessionId } = sessions.get(KEY)!
    const stored = transcripts.messages(sessionId, { after: 0, upTo: 10, limit: 10 })
    const steps = stored.flatMap((message) => (message.role === 'assistant' ? [message.usage.totalTokens] : []))
    expect(steps).toEqual([3, 6])
    expect(usage.totalTokens).toBe(9)
  })

  it('that fail are shown to the model, and the run goes on', async () => {
    const { runs, said } = await acting(() => Promise.reject(new Error('no file')))
    expect(await runs.start(requestOf('go')).run!.done).toMatchObject({ state: 'ok' })
    expect(said(KEY)).toContainEqual('toolResult: "act" failed: no file')
  })

  it('leave what was said before them, when the run is aborted while one works', async () => {
    const { runs, said } = await acting(() => new Promise(() => {}))
    const { run } = runs.start(requestOf('go'))
    await settled()
    run!.abort('rpc')
    expect(await run!.done).toMatchObject({ state: 'aborted', text: 'let me\n\n' })
    expect(said(KEY)).toEqual(['user: go', 'assistant: let me | call act'])
  })

  it('whose step is over count its tokens, however the run ends then', async () => {
    const { runs, sessions } = await acting(() => new Promise(() => {}))
    const { run } = runs.start(requestOf('go'))
    await settled()
    run!.abort('rpc')
    expect((await run!.done).usage).toEqual({ ...noUsage(), input: 3, totalTokens: 3 })
    expect(sessions.get(KEY)).toMatchObject({ inputTokens: 3, totalTokens: 3 })
  })

  it('are not called after an abort', async () => {
    let called = 0
    const { runs, sql } = await acting(() => void called++)
    const { run } = runs.start(requestOf('go'))
    const disk = Promise.withResolvers<void>()
    sql.sync = () => disk.promise
    await settled()
    run!.abort('rpc')
    disk.resolve()
    await run!.done
    await settled()
    expect(called).toBe(0)
  })

  it('that answer after the end of their run say nothing in the transcript', async () => {
    const work = Promise.withResolvers<string>()
    const { runs, said } = await acting(() => work.promise)
    const { run } = runs.start(requestOf('go'))
    await settled()
    run!.abort('rpc')
    await run!.done
    const before = said(KEY)
    work.resolve('too late')
    await settled()
    expect(said(KEY)).toEqual(before)
  })
})

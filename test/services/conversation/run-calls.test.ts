import * as z from 'zod'
import { expect, it } from 'vitest'
import { defineTool } from '../../../src/services/conversation/tools.ts'
import { settled } from '../../harness/clock.ts'
import { holdDisk } from '../../harness/foundation.ts'
import { answer, call, createConversation, KEY, PLAYED, playedProvider, requestOf } from './conversation.ts'

async function open(act: () => unknown) {
  const provider = playedProvider(async function* ({ messages }) {
    if (messages.at(-1)?.role === 'tool') yield answer('end')
    else yield [call('act'), { type: 'stop', reason: 'tool_calls' }]
  })
  const c = await createConversation({ config: PLAYED, providers: [provider] })
  let calls = 0
  const run = () => {
    calls++
    return act()
  }
  c.tools.add(defineTool({ name: 'act', description: '', scope: 'operator.read', params: z.strictObject({}), run }))
  return { ...c, count: () => calls, start: () => c.runs.start(requestOf('go')).run! }
}

it('carries a call out, and puts its result into the transcript', async () => {
  const c = await open(() => 'done')
  expect(await c.start().done).toMatchObject({ state: 'ok', text: 'end' })
  expect(c.said(KEY)).toEqual(['user: go', 'assistant: call act', 'toolResult: done', 'assistant: end'])
  const phases = c.told.filter(({ audience }) => audience.capability === 'tool-events').map(({ payload }) => payload.data.phase)
  expect(phases).toEqual(['start', 'start', 'result', 'end'])
})

it('does not act before it is on disk that it will', async () => {
  const c = await open(() => 'done')
  const run = c.start()
  const disk = holdDisk(c.sql)
  await settled()
  expect(c.count()).toBe(0)
  await disk.release()
  expect(await run.done).toMatchObject({ state: 'ok' })
  expect(c.count()).toBe(1)
})

it('does not act for a run that was aborted meanwhile', async () => {
  const c = await open(() => 'done')
  const run = c.start()
  const disk = holdDisk(c.sql)
  await settled()
  run.abort('rpc')
  await settled()
  await disk.release()
  expect(await run.done).toMatchObject({ state: 'aborted' })
  expect(c.count()).toBe(0)
})

it('adds nothing behind the end of a run', async () => {
  const slow = Promise.withResolvers<string>()
  const c = await open(() => slow.promise)
  const run = c.start()
  await settled()
  await c.runs.abort([run], 'rpc')
  slow.resolve('late')
  await settled()
  expect(c.said(KEY)).toEqual(['user: go', 'assistant: call act'])
})

// Messages that become part of a run that goes on.

import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import type { Principal } from '../../../src/protocol/scopes.ts'
import { mayJoin } from '../../../src/services/conversation/run-joining.ts'
import type { RunRequest } from '../../../src/services/conversation/run-table.ts'
import { defineTool } from '../../../src/services/conversation/tools.ts'
import { script } from '../../suites/target.ts'
import { settled } from '../../harness/clock.ts'
import { createConversation, KEY, requestOf } from './conversation.ts'

const WRITER: Principal = { id: 'device:w', role: 'operator', scopes: new Set(['operator.write', 'operator.read']) }
const steering = (message: string, more: Partial<RunRequest> = {}) => requestOf(message, { queueMode: 'steer', ...more })

describe('a message may join', () => {
  const host = requestOf('host')
  const cases: readonly (readonly [string, RunRequest, RunRequest, boolean])[] = [
    ['a run of a person', steering('x'), host, true],
    ['a run of a program', steering('x'), requestOf('host', { origin: 'agent' }), true],
    ['no run with a conversation of its own', steering('x'), requestOf('host', { turns: [] }), false],
    ['no run over HTTP', steering('x'), requestOf('host', { origin: 'http' }), false],
    ['no job', steering('x'), requestOf('host', { origin: 'cron' }), false],
    ['no run when it does not want to', requestOf('x'), host, false],
    ['no run in another mode', steering('x', { queueMode: 'collect' }), host, false],
    ['no run when another model is to answer', steering('x', { model: 'a/b' }), host, false],
    ['no run of somebody who may more', steering('x', { principal: WRITER }), host, false],
    ['a run that asks a model and no agent', steering('x'), requestOf('host', { bare: true }), false],
    ['a run of somebody who may less', steering('x'), requestOf('host', { principal: WRITER }), true],
  ]
  it.each(cases)('%s', (_, request, given, expected) => {
    expect(mayJoin(request, given, 'steer')).toBe(expected)
  })
})

async function open() {
  const conversation = await createConversation()
  const tool = Promise.withResolvers<string>()
  conversation.tools.add(defineTool({ name: 'slow', description: 'Takes a while.', scope: 'operator.read', params: z.object({}), run: () => tool.promise }))
  return { ...conversation, tool }
}

const HOST = script({ text: 'begun' }, { tool: { name: 'slow' } }, { text: 'not steered' })

describe('joining', () => {
  it('ends the run of the message when its text stands in the transcript, and not before', async () => {
    const { runs, tool, said, heard } = await open()
    const host = runs.start(requestOf(HOST, { runId: 'host' }))
    await settled()
    const { run } = runs.start(steering(script({ text: 'turned' }), { runId: 'joined' }))
    await settled()
    expect(runs.queuedIn(KEY, 9).map(({ id }) => id)).toEqual(['joined'])
    tool.resolve('there')
    expect(await run!.done).toMatchObject({ state: 'ok', text: '', stopReason: 'joined' })
    expect((await host.run!.done).text).toBe('begun\n\nturned')
    expect(said(KEY)).toEqual([`user: ${HOST}`, 'assistant: begun | call slow', 'toolResult: there', `user: ${script({ text: 'turned' })}`, 'assistant: turned'])
    expect(runs.find('joined')!.result).toMatchObject({ stopReason: 'joined' })
    const final = heard('chat').find(({ runId, state }) => runId === 'joined' && state === 'final')
    expect(final).not.toHaveProperty('message')
    expect(runs.active).toBe(0)
  })

  it('takes several in the order in which they came, and leaves those that wait for their turn', async () => {
    const { runs, tool, said } = await open()
    runs.start(requestOf(HOST))
    await settled()
    const wait = runs.start(requestOf(script({ text: 'in turn' })))
    for (const text of ['one', 'two']) runs.start(steering(text))
    tool.resolve('there')
    await wait.run!.done
    expect(said(KEY).filter((line) => line.startsWith('user'))).toEqual([`user: ${HOST}`, 'user: one', 'user: two', `user: ${script({ text: 'in turn' })}`])
  })

  it('is for those that are still there', async () => {
    const { runs, tool, said } = await open()
    const host = runs.start(requestOf(HOST))
    await settled()
    const { run } = runs.start(steering('taken back'))
    await runs.abort([run!], 'rpc')
    tool.resolve('there')
    expect((await host.run!.done).text).toBe('begun\n\nnot steered')
    expect(said(KEY)).toContain('user: taken back')
  })

  it('survives the process: what has not joined is run by the next one', async () => {
    const first = await open()
    first.runs.start(requestOf(HOST, { runId: 'host' }))
    await settled()
    first.runs.start(steering(script({ text: 'later' }), { runId: 'joined' }))
    await settled()
    const next = await createConversation({ sql: first.sql, clock: first.clock })
    next.runs.recover()
    await settled()
    expect(next.runs.find('host')!.result).toMatchObject({ state: 'interrupted' })
    expect(next.runs.find('joined')!.result).toMatchObject({ state: 'ok', text: 'later' })
  })

  it('that cannot be written fails both, and loses no message', async () => {
    const { runs, tool, sql, clock } = await open()
    const host = runs.start(requestOf(HOST, { runId: 'host' }))
    await settled()
    const { run } = runs.start(steering('lost?', { runId: 'joined' }))
    sql.exec("CREATE TRIGGER broken BEFORE UPDATE ON runs WHEN new.id = 'joined' AND new.state = 'ok' BEGIN SELECT raise(ABORT, 'disk full'); END")
    tool.resolve('there')
    await clock.advance(10_000)
    expect(await run!.done).toMatchObject({ state: 'error' })
    expect(await host.run!.done).toMatchObject({ state: 'error' })
    expect(runs.find('joined')!.state).toBe('error')
  })
})

describe('collecting', () => {
  it('answers together what waits', async () => {
    const { runs, tool, said } = await open()
    runs.start(requestOf(HOST))
    await settled()
    const collect = (message: string) => runs.start(requestOf(message, { queueMode: 'collect' })).run!
    const [one, two] = [collect('one'), collect(script({ text: 'to both' }))]
    tool.resolve('there')
    expect(await one.done).toMatchObject({ text: 'to both', stopReason: 'stop' })
    expect(await two.done).toMatchObject({ text: '', stopReason: 'joined' })
    expect(said(KEY).slice(-3)).toEqual(['user: one', `user: ${script({ text: 'to both' })}`, 'assistant: to both'])
  })
})

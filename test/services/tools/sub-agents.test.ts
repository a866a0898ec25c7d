// Sub-agents: bounded, told of once, also over a restart, and ended with those who wanted them.

import { describe, expect, it } from 'vitest'
import { settled } from '../../harness/clock.ts'
import { script } from '../../suites/target.ts'
import { KEY, OPERATOR, requestOf } from '../conversation/conversation.ts'
import { openBench } from './bench.ts'

const wish = (task: string, more = {}) => ({ parentKey: KEY, principal: OPERATOR, task, ...more })

async function open(...options: Parameters<typeof openBench>) {
  const bench = await openBench(...options)
  bench.sessions.ensure(KEY, 'operator')
  return bench
}

describe('what comes of one', () => {
  it('is told to the session that spawned it, as a message that its agent answers', async () => {
    const { subAgents, said, runs, clock } = await open()
    const { runId, childKey } = subAgents.spawn(wish(script({ text: 'it is 42' }), { label: 'count' }))
    await settled()
    await clock.advance(60_000)
    expect(said(childKey)).toEqual([expect.stringContaining('user: script:'), 'assistant: it is 42'])
    const [first, second] = said(KEY)
    expect(first).toBe(`user: [The sub-agent "count" (${childKey}) has finished. This is what it says:]\n\nit is 42`)
    expect(second).toMatch(/^assistant: /)
    expect(runs.find(`sub-agent:${runId}`)!.result!.state).toBe('ok')
    expect(subAgents.list(KEY)).toMatchObject([{ runId, state: 'ok', label: 'count' }])
  })

  it('is told when it went wrong, with what it had said', async () => {
    const { subAgents, said } = await open()
    subAgents.spawn(wish(script({ text: 'so far' }, { error: { message: 'the model is ill' } })))
    await settled()
    expect(said(KEY)[0]).toContain('has not finished: the model is ill.] It had said:\n\nso far')
  })

  it('is told between two steps to an agent that still works', async () => {
    const { subAgents, said, runs, clock } = await open()
    const { run } = runs.start(requestOf(script({ tool: { name: 'none' } }, { delayMs: 1000 }, { tool: { name: 'none' } }, { text: 'done' })))
    subAgents.spawn(wish(script({ text: 'found it' })))
    await settled()
    await clock.advance(1000)
    await run!.done
    const told = said(KEY).findIndex((each) => each.includes('found it'))
    expect(said(KEY).findIndex((each) => each.startsWith('toolResult'))).toBeLessThan(told)
    expect(said(KEY).slice(told + 1).some((each) => each.startsWith('assistant'))).toBe(true)
    expect(said(KEY).filter((each) => each.startsWith('user: [The sub-agent'))).toHaveLength(1)
  })

  it('is told once, however often the gateway restarts', async () => {
    const first = await open()
    const { runId } = first.subAgents.spawn(wish(script({ delayMs: 1000 }, { text: 'after a while' })))
    await settled()
    const second = await openBench({ sql: first.sql }) // the first has died
    second.runs.recover()
    second.subAgents.recover()
    await settled()
    await second.clock.advance(60_000)
    expect(second.said(KEY).filter((each) => each.includes(runId) || each.includes('after a while'))).toHaveLength(1)
    const third = await openBench({ sql: first.sql })
    third.runs.recover()
    third.subAgents.recover()
    await settled()
    expect(third.said(KEY)).toEqual(second.said(KEY))
    expect(third.subAgentTable.untold()).toEqual([])
  })

  it('is told after the restart when the gateway was shut down under it', async () => {
    const first = await open()
    first.subAgents.spawn(wish(script({ text: 'half ' }, { hang: true })))
    await settled()
    await first.runs.stop('shutdown')
    expect(first.said(KEY)).toEqual([])
    const second = await openBench({ sql: first.sql })
    second.runs.recover()
    second.subAgents.recover()
    await settled()
    expect(second.said(KEY)[0]).toContain('has not finished: shutdown.] It had said:\n\nhalf')
  })

  it('is nobody’s when the session is gone', async () => {
    const { subAgents, sessions, subAgentTable } = await open()
    subAgents.spawn(wish(script({ text: 'hello?' })))
    sessions.delete(KEY)
    await settled()
    expect(sessions.get(KEY)).toBeNull()
    expect(subAgentTable.untold()).toEqual([])
  })
})

describe('bounds', () => {
  const hanging = script({ hang: true })

  it('of children, of all that work, and of depth', async () => {
    const config = { agents: { defaults: { subagents: { maxChildrenPerAgent: 2, maxConcurrent: 3, maxSpawnDepth: 2 } } } }
    const { subAgents, sessions } = await open({ config })
    const { childKey } = subAgents.spawn(wish(hanging))
    subAgents.spawn(wish(hanging))
    expect(() => subAgents.spawn(wish(hanging))).toThrow('2 sub-agents of this session work already')
    const grandchild = subAgents.spawn(wish(hanging, { parentKey: childKey }))
    expect(grandchild.childKey).toMatch(/^agent:main:subagent:[^:]+:subagent:[^:]+$/)
    expect(sessions.get(grandchild.childKey)).toMatchObject({ parentKey: childKey, createdVia: 'spawn' })
    expect(() => subAgents.spawn(wish(hanging, { parentKey: grandchild.childKey }))).toThrow('may be 2 deep')
    expect(() => subAgents.spawn(wish(hanging, { parentKey: childKey }))).toThrow('too many sub-agents')
  })

  it('of agents that it may spawn', async () => {
    const list = [{ id: 'main', subagents: { allowAgents: ['second'] } }, { id: 'second' }, { id: 'third' }]
    const { subAgents } = await open({ config: { agents: { list } } })
    expect(subAgents.spawn(wish(hanging, { agentId: 'second' })).childKey).toMatch(/^agent:second:subagent:/)
    expect(() => subAgents.spawn(wish(hanging, { agentId: 'third' }))).toThrow('may not spawn "third"')
    expect(() => subAgents.spawn(wish(hanging, { agentId: 'nobody' }))).toThrow('there is no agent "nobody"')
    expect(() => subAgents.spawn(wish(hanging, { model: 'no/model' }))).toThrow('is not configured')
  })

  it('of time', async () => {
    const { subAgents, clock, said } = await open({ config: { agents: { defaults: { subagents: { runTimeoutSeconds: 60 } } } } })
    subAgents.spawn(wish(hanging))
    await settled()
    await clock.advance(60_000)
    expect(said(KEY)[0]).toContain('its time limit')
  })
})

describe('ending them', () => {
  it('by run, session or label, and only one’s own', async () => {
    const { subAgents } = await open()
    const { runId, childKey } = subAgents.spawn(wish(script({ hang: true }), { label: 'slow' }))
    await expect(subAgents.cancel('agent:main:other', runId)).rejects.toThrow('has no sub-agent')
    expect(await subAgents.cancel(KEY, childKey)).toBe(true)
    expect(await subAgents.cancel(KEY, 'slow')).toBe(false)
    expect(subAgents.list(KEY)).toMatchObject([{ state: 'aborted' }])
  })

  it('with the run that a person ends, and without a word', async () => {
    const { subAgents, runs, said } = await open()
    const { run } = runs.start(requestOf(script({ text: 'on it' }, { hang: true })))
    const { runId, childKey } = subAgents.spawn(wish(script({ hang: true })))
    subAgents.spawn(wish(script({ hang: true }), { parentKey: childKey }))
    await settled()
    await runs.abort([run!], 'rpc')
    await settled()
    expect(runs.live(runId)).toBeNull()
    expect(runs.active).toBe(0)
    expect(said(KEY).some((each) => each.includes('sub-agent'))).toBe(false)
  })
})

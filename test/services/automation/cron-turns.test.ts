// Runs of jobs as turns of agents.

import * as z from 'zod'
import { describe, expect, it } from 'vitest'
import type { ModelRequest } from '../../../src/ports/model.ts'
import { expandScopes, type Scope } from '../../../src/protocol/scopes.ts'
import { defineTool } from '../../../src/services/conversation/tools.ts'
import { settled } from '../../harness/clock.ts'
import { answer, call, OPERATOR, PLAYED, playedProvider } from '../conversation/conversation.ts'
import { createAutomation, jobOf } from './automation.ts'

async function setUp(play: (request: ModelRequest) => ReturnType<typeof answer> = () => answer('done')) {
  const asked: ModelRequest[] = []
  const provider = playedProvider(async function* (request) {
    asked.push(request)
    yield play(request)
  })
  const config = { ...PLAYED, agents: { ...PLAYED.agents, list: [{ id: 'main' }, { id: 'second' }] } }
  return { ...(await createAutomation({ config, providers: [provider] })), asked }
}

const turn = (more: object) => ({ payload: { kind: 'agentTurn' as const, message: 'do it', ...more } })

it('hears what it is to do, and that nobody is there', async () => {
  const a = await setUp()
  const { job } = a.cron.add(jobOf({ ...turn({ thinking: 'low' }), displayName: 'Brief', agentId: 'second' }), OPERATOR)
  a.cron.run(job.id, 'force')
  await settled()
  expect(a.asked).toHaveLength(1)
  const { messages, settings } = a.asked[0]!
  expect(messages.at(-1)).toEqual({ role: 'user', content: 'do it' })
  expect(messages[0]).toMatchObject({ role: 'system', text: expect.stringContaining('unattended run of the automation "Brief"') })
  expect(settings).toEqual({ reasoningEffort: 'low' })
  expect(a.cron.runs({ limit: 1, offset: 0, sortDir: 'desc' }).entries[0]!.sessionKey).toMatch(/^agent:second:cron:/)
})

it('has the whole conversation of a session that was named, and none of its own', async () => {
  const a = await setUp()
  const named = a.cron.add(jobOf({ sessionTarget: 'session:notes' }), OPERATOR).job
  const alone = a.cron.add(jobOf(), OPERATOR).job
  for (const { id } of [named, named, alone, alone]) {
    a.cron.run(id, 'force')
    await settled()
  }
  expect(a.asked.map(({ messages }) => messages.length)).toEqual([2, 4, 2, 2])
})

describe('what it may', () => {
  const calls = (name: string) => ({ messages }: ModelRequest) => (messages.at(-1)!.role === 'tool' ? answer('done') : [call(name), { type: 'stop' as const, reason: 'tool_calls' as const }])

  async function withTool(scopes: readonly Scope[], more: object = {}) {
    const a = await setUp(calls('act'))
    const seen: unknown[] = []
    a.tools.add(defineTool({ name: 'act', description: '', scope: 'operator.admin', params: z.strictObject({}), run: (_, { principal }) => void seen.push(principal) }))
    const { job } = a.cron.add(jobOf(turn(more)), { ...OPERATOR, scopes: expandScopes(scopes) })
    a.cron.run(job.id, 'force')
    await settled()
    return { ...a, seen, job, offered: a.asked[0]!.tools.map(({ name }) => name), result: a.asked[1]!.messages.at(-1)! }
  }

  it('is what those may who made it, in its own name', async () => {
    const { seen, job, offered } = await withTool(['operator.admin'])
    expect(offered).toContain('act')
    expect(seen).toMatchObject([{ id: `cron:${job.id}`, role: 'operator' }])
  })

  it('is never more', async () => {
    const { seen, offered, result } = await withTool(['operator.write'])
    expect(offered).not.toContain('act')
    expect(seen).toEqual([])
    expect(result).toMatchObject({ role: 'tool', text: expect.stringContaining('operator.admin') })
  })

  it('is not more when somebody else changes it', async () => {
    const a = await setUp()
    const { job } = a.cron.add(jobOf(), { ...OPERATOR, scopes: expandScopes(['operator.write']) })
    expect(a.cron.update(job.id, { name: 'x' }, undefined, OPERATOR).scopes.toSorted()).toEqual(['operator.read', 'operator.talk', 'operator.write'])
    expect(a.cron.update(job.id, { name: 'y' }, undefined, { ...OPERATOR, scopes: new Set<Scope>(['operator.read']) }).scopes).toEqual(['operator.read'])
  })

  it.each([[[]], [['other']]])('is only the tools that it was given: %j', async (toolsAllow) => {
    const { seen, offered, result } = await withTool(['operator.admin'], { toolsAllow })
    expect(offered).not.toContain('act')
    expect(seen).toEqual([])
    expect(result).toMatchObject({ role: 'tool' })
  })

  it('may be all tools, or one of them', async () => {
    for (const toolsAllow of [['*'], ['act']]) expect((await withTool(['operator.admin'], { toolsAllow })).seen).toHaveLength(1)
  })
})

it('uses its own model, then its own fallbacks', async () => {
  const tried: string[] = []
  const a = await createAutomation({
    config: { ...PLAYED, agents: { defaults: { model: 'played/one' } } },
    providers: [{ api: 'played', model: (spec) => ({ id: `played/${spec.model}`, provider: 'played', model: spec.model, api: 'played', async *stream() { tried.push(spec.model); if (spec.model !== 'three') throw new Error('no') ; yield answer('x') } }) }],
  }) // prettier-ignore
  const { job } = a.cron.add(jobOf(turn({ model: 'played/two', fallbacks: ['played/three'] })), OPERATOR)
  a.cron.run(job.id, 'force')
  await settled()
  expect(tried[0]).toBe('two')
  expect(() => a.cron.add(jobOf(turn({ model: 'nowhere/x' })), OPERATOR)).toThrow('is not configured')
  expect(() => a.cron.add(jobOf(turn({ fallbacks: ['nowhere/x'] })), OPERATOR)).toThrow('is not configured')
})

it('refuses agents and sessions that cannot be', async () => {
  const a = await setUp()
  expect(() => a.cron.add(jobOf({ agentId: 'nobody' }), OPERATOR)).toThrow('no longer exists')
  expect(() => a.cron.add(jobOf({ sessionTarget: 'session:agent:nobody:x' }), OPERATOR)).toThrow('no longer exists')
  expect(() => a.cron.add(jobOf({ sessionTarget: 'session:\u0001' }), OPERATOR)).toThrow('invalid session key')
  expect(() => a.cron.add(jobOf({ sessionKey: 'agent:nobody:x' }), OPERATOR)).toThrow('no longer exists')
})

it('ends when its time is over', async () => {
  const a = await createAutomation()
  const { job } = a.cron.add(jobOf(turn({ message: 'script:[{"hang":true}]', timeoutSeconds: 2 })), OPERATOR)
  a.cron.run(job.id, 'force')
  await settled()
  await a.clock.advance(2000)
  expect(a.cron.get(job.id).state).toMatchObject({ lastRunStatus: 'error', lastErrorReason: 'timeout' })
})

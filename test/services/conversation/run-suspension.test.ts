// Runs that wait for a person, and processes that end meanwhile: at each step a new one takes the run up where it is.

import * as z from 'zod'
import { describe, expect, it } from 'vitest'
import type { ApprovalsFile } from '../../../src/protocol/approval-shapes.ts'
import type { ApprovalWish } from '../../../src/services/conversation/approval-wish.ts'
import { createConfirmTool } from '../../../src/services/conversation/confirm-tool.ts'
import type { RunRequest } from '../../../src/services/conversation/run-table.ts'
import { defineTool } from '../../../src/services/conversation/tools.ts'
import type { ModelMessage } from '../../../src/ports/model.ts'
import { settled } from '../../harness/clock.ts'
import { answer, call, createConversation, KEY, PLAYED, playedProvider, requestOf, type Conversation, type ConversationOptions } from './conversation.ts'

const by = { resolver: { kind: 'runtime' as const, id: 'test' }, by: 'test' }
const WISH: ApprovalWish = { kind: 'exec', command: 'rm x', commandArgv: ['rm', 'x'] }

interface House extends Conversation {
  /** Arguments of the calls that were carried out, over all processes. */
  readonly done: string[]
  readonly context: ModelMessage[][]
}

/**
 * `played` are the calls of the model's first step; its second step says "end". `act` is the tool that needs a person,
 * `look` one that does not.
 */
function world(...played: readonly (readonly [tool: string, args: string])[]) {
  const done: string[] = []
  const context: ModelMessage[][] = []
  let hold: Promise<void> | null = null

  async function open(options: ConversationOptions & { wish?: ApprovalWish } = {}): Promise<House> {
    const { wish = WISH, ...rest } = options
    const provider = playedProvider(async function* ({ messages }) {
      context.push([...messages])
      const since = messages.findLastIndex((message) => message.role === 'user')
      if (messages.slice(since).some((message) => message.role === 'tool')) return yield answer('end')
      yield [
        { type: 'text', text: 'So:' },
        ...played.map(([tool, args], n) => call(tool, args, `call_${n}`)),
        { type: 'usage', usage: { input: 3, output: 2, cacheRead: 0, cacheWrite: 0, reasoning: 0, totalTokens: 5 } },
        { type: 'stop', reason: 'tool_calls' },
      ]
    })
    const c = await createConversation({ config: PLAYED, providers: [provider], ...rest })
    const params = z.strictObject({ n: z.int() })
    const run = async ({ n }: { n: number }) => {
      done.push(String(n))
      await hold
      return `did ${n}`
    }
    c.tools.add(defineTool({ name: 'look', description: '', scope: 'operator.read', params, run }))
    c.tools.add(defineTool({ name: 'act', description: '', scope: 'operator.read', params, approval: ({ n }) => ({ ...wish, cwd: `/${n}` }), run }))
    c.approvals.begin()
    return { ...c, done, context }
  }

  return {
    open,
    /** As a process that died, and one that starts. */
    async restart({ sql, clock }: Conversation, options: ConversationOptions = {}): Promise<House> {
      await settled()
      const next = await open({ sql, clock, ...options })
      next.runs.recover()
      await settled()
      return next
    },
    /** Tools that are called from now on do not end. */
    hang: () => void (hold = new Promise(() => {})),
  }
}

/** Digests are made on other threads: turns of the event loop alone do not tell when they are there. */
async function until(fits: () => boolean): Promise<void> {
  for (let round = 0; round < 100_000 && !fits(); round++) await new Promise((resolve) => setImmediate(resolve))
  expect(fits(), String(fits)).toBe(true)
  await settled()
}

/** Starts a run, and returns when it waits for a person or has ended. */
async function begin(c: Conversation, more: Partial<RunRequest> = {}) {
  const { runId, run } = c.runs.start(requestOf('go', { runId: 'r', ...more }))
  await until(() => c.runs.live(runId) === null || c.approvals.pending({}).some((approval) => approval.runId === runId))
  return run!
}

const ASKS = { agents: { main: { ask: 'always' } }, version: 1 } as const
const onlyPending = ({ approvals }: Conversation) => {
  const [first, ...more] = approvals.pending({})
  expect(more).toEqual([])
  return first!
}

describe('a run that waits', () => {
  it('goes on after a yes, and carries the call out once', async () => {
    const c = await world(['act', '{"n":1}']).open()
    await c.policy.set(ASKS, undefined)
    const run = await begin(c)
    const { id, request } = onlyPending(c)
    expect(request).toMatchObject({ command: 'rm x', cwd: '/1', runId: 'r', toolCallId: 'call_0', sessionKey: KEY, agentId: 'main' })
    expect(c.done).toEqual([])
    c.approvals.resolve(id, { decision: 'allow-once', ...by })
    expect(await run.done).toMatchObject({ state: 'ok', text: 'So:\n\nend' })
    expect(c.done).toEqual(['1'])
    expect(c.said(KEY)).toEqual(['user: go', 'assistant: So: | call act', 'toolResult: did 1', 'assistant: end'])
    expect(c.approvals.get(id)).toMatchObject({ spentAtMs: expect.any(Number) })
    expect(c.suspensions.of('r')).toBeNull()
  })

  it.each([
    ['deny', 'a person denied it'],
    [null, 'nobody answered in time'],
  ])('tells the model of %s', async (decision, why) => {
    const c = await world(['act', '{"n":1}']).open()
    await c.policy.set(ASKS, undefined)
    const run = await begin(c)
    if (decision) c.approvals.resolve(onlyPending(c).id, { decision, ...by })
    else {
      await c.clock.advance(30 * 60_000)
      await c.wakeups.ring()
    }
    expect(await run.done).toMatchObject({ state: 'ok', text: 'So:\n\nend' })
    expect(c.done).toEqual([])
    expect(c.said(KEY)[2]).toBe(`toolResult: "act" was not carried out: ${why}`)
    expect(c.suspensions.of('r')).toBeNull()
  })

  it('has no time limit while it waits, and the rest of it afterwards', async () => {
    const w = world(['act', '{"n":1}'])
    w.hang()
    const c = await w.open()
    await c.policy.set(ASKS, undefined)
    const run = await begin(c, { timeoutMs: 10_000 })
    await c.clock.advance(20 * 60_000)
    c.approvals.resolve(onlyPending(c).id, { decision: 'allow-once', ...by })
    await until(() => c.done.length === 1)
    await c.clock.advance(9_999)
    expect(c.runs.live('r')).not.toBeNull()
    await c.clock.advance(1)
    expect(await run.done).toMatchObject({ state: 'error', stopReason: 'timeout' })
  })

  it('takes no place away from other sessions, and keeps nothing awake', async () => {
    const c = await world(['act', '{"n":1}']).open({ config: { ...PLAYED, agents: { defaults: { ...PLAYED.agents.defaults, maxConcurrent: 1 } } } })
    await c.policy.set(ASKS, undefined)
    const run = await begin(c)
    expect(c.activeCounts.at(-1)).toBe(0)
    const other = await begin(c, { runId: 'other', sessionKey: 'agent:main:there' })
    const [mine, theirs] = c.approvals.pending({})
    c.approvals.resolve(theirs!.id, { decision: 'deny', ...by })
    expect(await other.done).toMatchObject({ state: 'ok' })
    c.approvals.resolve(mine!.id, { decision: 'deny', ...by })
    expect(await run.done).toMatchObject({ state: 'ok' })
  })

  it('withdraws the request when it is aborted', async () => {
    const c = await world(['act', '{"n":1}']).open()
    await c.policy.set(ASKS, undefined)
    const run = await begin(c)
    const { id } = onlyPending(c)
    await c.runs.abort([run], 'rpc')
    expect(c.approvals.get(id)).toMatchObject({ status: 'cancelled', reason: 'run-aborted' })
    expect(c.suspensions.of('r')).toBeNull()
    expect(c.approvals.resolve(id, { decision: 'allow-once', ...by }).applied).toBe(false)
    await settled()
    expect(c.done).toEqual([])
  })

  it('says why it could not even ask', async () => {
    const c = await world(['act', '{"n":1}']).open({ wish: { kind: 'plugin', title: '\u200B'.repeat(80), description: 'x' } })
    expect(await (await begin(c)).done).toMatchObject({ state: 'ok' })
    expect(c.said(KEY)[2]).toContain('"act" was not carried out: the title has')
    expect(c.done).toEqual([])
  })
})

describe('a process that ends', () => {
  it.each([
    ['allow-once', ['1'], 'did 1'],
    ['deny', [], '"act" was not carried out: a person denied it'],
  ])('while its run waits leaves it to the next one, to which a person says %s', async (decision, done, result) => {
    const w = world(['act', '{"n":1}'])
    const before = await w.open()
    await before.policy.set(ASKS, undefined)
    await begin(before)
    const after = await w.restart(before)
    expect(onlyPending(after), 'it is not asked twice').toMatchObject({ runId: 'r' })
    expect(after.context, 'no model is asked before').toHaveLength(1)
    const run = after.runs.live('r')!
    after.approvals.resolve(onlyPending(after).id, { decision, ...by })
    expect(await run.done).toMatchObject({ state: 'ok', text: 'So:\n\nend' })
    expect(after.done).toEqual(done)
    expect(after.said(KEY)).toEqual(['user: go', 'assistant: So: | call act', `toolResult: ${result}`, 'assistant: end'])
    expect(after.context[1]!.slice(-3)).toMatchObject([{ role: 'user' }, { role: 'assistant', toolCalls: [{ id: 'call_0' }] }, { role: 'tool', text: result }])
  })

  it('between the answer and the call leaves the call to the next one', async () => {
    const w = world(['act', '{"n":1}'])
    const before = await w.open()
    await before.policy.set(ASKS, undefined)
    await begin(before)
    // Answered by a process that has not taken the run up.
    const between = await w.open({ sql: before.sql, clock: before.clock })
    between.approvals.resolve(onlyPending(between).id, { decision: 'allow-once', ...by })
    const after = await w.restart(between)
    await until(() => after.runs.find('r')?.state === 'ok')
    expect(after.done).toEqual(['1'])
  })

  it('in the middle of the call ends the run: it is not carried out twice', async () => {
    const w = world(['act', '{"n":1}'])
    w.hang()
    const before = await w.open()
    await before.policy.set(ASKS, undefined)
    await begin(before)
    before.approvals.resolve(onlyPending(before).id, { decision: 'allow-once', ...by })
    await until(() => before.done.length === 1)
    const after = await w.restart(before)
    expect(after.runs.find('r')).toMatchObject({ state: 'interrupted' })
    expect(after.done).toEqual(['1'])
  })

  it('after its time was over tells the model so', async () => {
    const w = world(['act', '{"n":1}'])
    const before = await w.open()
    await before.policy.set(ASKS, undefined)
    await begin(before)
    await before.clock.advance(60 * 60_000)
    const after = await w.restart(before)
    await until(() => after.runs.find('r')?.state === 'ok')
    expect(after.said(KEY)[2]).toContain('nobody answered in time')
  })

  it('again and again keeps the run, and asks once', async () => {
    const w = world(['act', '{"n":1}'])
    let c = await w.open()
    await c.policy.set(ASKS, undefined)
    await begin(c)
    const { id } = onlyPending(c)
    for (let n = 0; n < 10; n++) c = await w.restart(c)
    const run = c.runs.live('r')!
    c.approvals.resolve(id, { decision: 'allow-once', ...by })
    expect(await run.done).toMatchObject({ state: 'ok', text: 'So:\n\nend' })
    expect(c.done).toEqual(['1'])
    expect(c.context).toHaveLength(2)
  })

  it('among several calls goes on with those that are left', async () => {
    const w = world(['look', '{"n":0}'], ['act', '{"n":1}'], ['look', '{"n":2}'], ['act', '{"n":3}'])
    const before = await w.open()
    await before.policy.set(ASKS, undefined)
    await begin(before)
    const middle = await w.restart(before)
    middle.approvals.resolve(onlyPending(middle).id, { decision: 'allow-once', ...by })
    await until(() => middle.approvals.pending({})[0]?.request['toolCallId'] === 'call_3')
    const after = await w.restart(middle)
    const run = after.runs.live('r')!
    expect(onlyPending(after).request).toMatchObject({ cwd: '/3', toolCallId: 'call_3' })
    after.approvals.resolve(onlyPending(after).id, { decision: 'allow-once', ...by })
    const result = await run.done
    expect(result).toMatchObject({ state: 'ok', usage: { input: 6, output: 4 } })
    expect(after.done).toEqual(['0', '1', '2', '3'])
    expect(after.said(KEY)).toEqual([
      'user: go',
      'assistant: So: | call look | call act | call look | call act',
      ...[0, 1, 2, 3].map((n) => `toolResult: did ${n}`),
      'assistant: end',
    ])
    expect(after.context.at(-1)!.filter((message) => message.role === 'tool')).toHaveLength(4)
  })

  it('goes on with the numbers and the text that clients have heard', async () => {
    const w = world(['act', '{"n":1}'])
    const before = await w.open()
    await before.policy.set(ASKS, undefined)
    await begin(before)
    const heard = before.heard('chat')
    const after = await w.restart(before)
    after.approvals.resolve(onlyPending(after).id, { decision: 'deny', ...by })
    await after.runs.live('r')!.done
    await settled()
    const all = [...heard, ...after.heard('chat')]
    const numbers = all.filter((payload) => payload.state === 'delta').map((payload) => payload.seq)
    expect(numbers).toEqual(numbers.toSorted((a: number, b: number) => a - b))
    expect(all.filter((payload) => payload.state === 'delta').map((payload) => payload.deltaText).join('')).toBe('So:\n\nend')
  })

  it('politely leaves a run that waits as it is', async () => {
    const w = world(['act', '{"n":1}'])
    const before = await w.open()
    await before.policy.set(ASKS, undefined)
    await begin(before)
    await before.runs.stop('shutdown')
    expect(before.runs.find('r')).toMatchObject({ state: 'running' })
    const after = await w.restart(before)
    after.approvals.resolve(onlyPending(after).id, { decision: 'allow-once', ...by })
    expect(await after.runs.live('r')!.done).toMatchObject({ state: 'ok' })
  })

  it('takes with it the run of an HTTP caller, and what that waits for', async () => {
    const w = world(['act', '{"n":1}'])
    const before = await w.open()
    await before.policy.set(ASKS, undefined)
    await begin(before, { origin: 'http' })
    const { id } = onlyPending(before)
    const after = await w.restart(before)
    expect(after.runs.find('r')).toMatchObject({ state: 'interrupted' })
    expect(after.approvals.get(id)).toMatchObject({ status: 'cancelled', reason: 'gateway-restart' })
  })

  it('whose next version asks for something else finds that the answer was not for that', async () => {
    const w = world(['act', '{"n":1}'])
    const before = await w.open()
    await before.policy.set(ASKS, undefined)
    await begin(before)
    before.sql.run(`UPDATE run_suspensions SET calls = replace(calls, '{\\"n\\":1}', '{\\"n\\":2}')`)
    const after = await w.restart(before)
    after.approvals.resolve(onlyPending(after).id, { decision: 'allow-once', ...by })
    await after.runs.live('r')!.done
    expect(after.said(KEY)[2]).toContain('what was approved is not what would be done now')
    expect(after.done).toEqual([])
  })
})

describe('the policy', () => {
  const run = async (file: Parameters<Conversation['policy']['set']>[0], present = true) => {
    const c = await world(['act', '{"n":1}']).open()
    await c.policy.set(file, undefined)
    c.audience.present = present
    await (await begin(c)).done
    return c
  }

  it('lets commands through that it allows', async () => {
    const allowlist = [{ pattern: 'rm' }]
    const files: ApprovalsFile[] = [{ version: 1 }, { version: 1, agents: { main: { security: 'allowlist', allowlist } } }]
    for (const file of files) {
      const c = await run(file)
      expect(c.done).toEqual(['1'])
      expect(c.approvals.history({ limit: 5 })).toEqual([])
    }
  })

  it('refuses what it does not allow without asking', async () => {
    for (const security of ['deny', 'allowlist']) {
      const c = await run({ version: 1, defaults: { security } })
      expect(c.done).toEqual([])
      expect(c.said(KEY)[2]).toContain('the policy of this gateway does not allow it')
    }
  })

  it('decides what happens when nobody can be asked', async () => {
    const refused = await run({ ...ASKS, defaults: { askFallback: 'deny' } }, false)
    expect(refused.done).toEqual([])
    expect(refused.said(KEY)[2]).toContain('nobody is connected who could approve it')
    expect((await run({ ...ASKS, defaults: { askFallback: 'full' } }, false)).done).toEqual(['1'])
    const allowlist = [{ pattern: 'rm' }]
    expect((await run({ version: 1, agents: { main: { ask: 'always', askFallback: 'allowlist', allowlist } } }, false)).done).toEqual(['1'])
  })

  it('does not ask again for what was allowed for good', async () => {
    const c = await world(['act', '{"n":1}']).open()
    await c.policy.set(ASKS, undefined)
    const first = await begin(c)
    c.approvals.resolve(onlyPending(c).id, { decision: 'allow-always', ...by })
    await first.done
    await (await begin(c, { runId: 's' })).done
    expect(c.done).toEqual(['1', '1'])
  })
})

it('asks with the tool of the gateway, also for long texts', async () => {
  const text = `${'Delete everything. '.repeat(60)}\u202E`
  const c = await world(['gateway_confirm', JSON.stringify({ text, title: 'Cleaning' })]).open()
  c.tools.add(createConfirmTool())
  const run = await begin(c)
  const { id, presentation } = onlyPending(c)
  expect(presentation).toMatchObject({ title: 'Cleaning', detail: `${'Delete everything. '.repeat(60)}\\u{202E}`, toolName: 'gateway_confirm' })
  c.approvals.resolve(id, { decision: 'allow-once', ...by })
  await run.done
  expect(c.said(KEY)[2]).toBe('toolResult: {"decision":"approved"}')
})

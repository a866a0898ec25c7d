// The registry of approvals on real values: one answer, one use, over restarts, and never longer than asked for.

import { describe, expect, it } from 'vitest'
import type { ExecWish } from '../../../src/services/conversation/approval-wish.ts'
import type { Approval } from '../../../src/services/conversation/approval-table.ts'
import { settled } from '../../harness/clock.ts'
import { holdDisk } from '../../harness/foundation.ts'
import { createConversation, OPERATOR, type Conversation } from './conversation.ts'

const WISH: ExecWish = {
  kind: 'exec',
  command: 'ls -la',
  commandArgv: ['ls', '-la'],
  cwd: '/tmp',
  env: { A: '1' },
  agentId: 'main',
  sessionKey: 'agent:main:here',
  nodeId: 'n1',
  host: 'gateway',
}
const NEVER = new AbortController().signal
const by = { resolver: { kind: 'runtime' as const, id: 'test' }, by: 'test' }

const ask = ({ approvals }: Conversation, wish: Partial<ExecWish> = {}, timeoutMs = 60_000) => approvals.ask({ ...WISH, ...wish, timeoutMs }, {})

async function allowed(c: Conversation, decision = 'allow-once'): Promise<Approval> {
  const { id } = await ask(c)
  return c.approvals.resolve(id, { decision, ...by }).approval
}

/** The same database, taken up by another process. */
async function restart({ sql, clock }: Conversation): Promise<Conversation> {
  await settled()
  const next = await createConversation({ sql, clock })
  next.approvals.begin()
  return next
}

describe('deciding', () => {
  it('lets exactly one of a thousand answers win, and everybody hears the same', async () => {
    const c = await createConversation()
    const { id } = await ask(c)
    const waits = Array.from({ length: 50 }, () => c.approvals.wait(id, NEVER))
    const attempts = Array.from({ length: 1000 }, async (_, n) => {
      await Promise.resolve()
      return c.approvals.resolve(id, { decision: n % 3 === 0 ? 'deny' : 'allow-once', ...by, by: `client ${n}` })
    })
    const results = await Promise.all(attempts)
    expect(results.filter(({ applied }) => applied)).toHaveLength(1)
    const decisions = new Set([...results.map(({ approval }) => approval.decision), ...(await Promise.all(waits)).map((approval) => approval.decision)])
    expect(decisions.size).toBe(1)
    expect(c.heard('exec.approval.resolved')).toHaveLength(1)
  })

  it('lets exactly one of a thousand users have it', async () => {
    const c = await createConversation()
    const { id } = await allowed(c)
    const uses = await Promise.all(Array.from({ length: 1000 }, () => c.approvals.spend(id, WISH)))
    expect(uses.filter(Boolean)).toHaveLength(1)
    const next = await restart(c)
    expect(await next.approvals.spend(id, WISH)).toBe(false)
  })

  const mutations: Partial<ExecWish>[] = [
    { command: 'ls -lA', commandArgv: ['ls', '-lA'] },
    { commandArgv: ['ls', '-la', '/'] },
    { commandArgv: undefined },
    { cwd: '/' },
    { env: { A: '2' } },
    { env: {} },
    { agentId: 'second' },
    { sessionKey: 'agent:main:there' },
    { nodeId: 'n2' },
    { host: 'sandbox' },
  ]
  it.each(mutations)('is worth nothing for %j', async (change) => {
    const c = await createConversation()
    const { id } = await allowed(c)
    expect(await c.approvals.spend(id, { ...WISH, ...change })).toBe(false)
    expect(await c.approvals.openFor({ ...WISH, ...change })).toBeNull()
    expect(await c.approvals.spend(id, WISH), 'the right one is not used up by it').toBe(true)
  })

  it('is worth nothing when its time is over, or was put off behind its back', async () => {
    const c = await createConversation()
    const [late, forged] = [await allowed(c), await allowed(c)]
    c.sql.run('UPDATE approvals SET expires_at = expires_at + 1000000 WHERE id = ?', forged.id)
    expect(await c.approvals.spend(forged.id, WISH)).toBe(false)
    await c.clock.advance(60_000)
    expect(await c.approvals.spend(late.id, WISH)).toBe(false)
  })

  it('is worth nothing while it waits, or when it was denied', async () => {
    const c = await createConversation()
    const pending = await ask(c)
    const denied = await allowed(c, 'deny')
    for (const { id } of [pending, denied]) expect(await c.approvals.spend(id, WISH)).toBe(false)
    expect(await c.approvals.spend('unknown', WISH)).toBe(false)
  })

  it('tells nobody before the answer is on disk', async () => {
    const c = await createConversation()
    const { id } = await ask(c)
    await settled()
    let told: Approval | null = null
    void c.approvals.wait(id, NEVER).then((approval) => void (told = approval))
    const disk = holdDisk(c.sql)
    c.approvals.resolve(id, { decision: 'allow-once', ...by })
    await settled()
    expect(told).toBeNull()
    expect(c.heard('exec.approval.resolved')).toEqual([])
    await disk.release()
    expect(told).toMatchObject({ decision: 'allow-once' })
    expect(c.heard('exec.approval.resolved')).toHaveLength(1)
  })
})

describe('time', () => {
  it('ends at the alarm, and sets it for the next one', async () => {
    const c = await createConversation()
    const now = c.clock.now()
    const [first, second] = [await ask(c, {}, 1000), await ask(c, {}, 5000)]
    expect(c.alarmAt()).toBe(now + 1000)
    const waits = c.approvals.wait(first.id, NEVER)
    await c.clock.advance(1000)
    await c.wakeups.ring()
    expect(await waits).toMatchObject({ status: 'expired', reason: 'timeout', decision: null })
    expect(c.heard('exec.approval.resolved')).toMatchObject([{ id: first.id, decision: 'deny', resolvedBy: null }])
    expect(c.alarmAt()).toBe(now + 5000)
    c.approvals.resolve(second.id, { decision: 'deny', ...by })
    expect(c.alarmAt()).toBeNull()
  })

  it('is over when it is over, also before the alarm rings', async () => {
    const c = await createConversation()
    const { id } = await ask(c, {}, 1000)
    await c.clock.advance(1000)
    expect(c.approvals.pending({})).toEqual([])
    expect(c.approvals.resolve(id, { decision: 'allow-once', ...by })).toMatchObject({ applied: false, approval: { status: 'expired' } })
    expect(c.approvals.get(id)).toMatchObject({ status: 'expired' })
  })

  it('waits no longer than the protocol can say, and half an hour or two minutes unless told otherwise', async () => {
    const c = await createConversation()
    const span = ({ createdAtMs, expiresAtMs }: Approval) => expiresAtMs - createdAtMs
    expect(span(await c.approvals.ask(WISH, {}))).toBe(30 * 60_000)
    expect(span(await c.approvals.ask({ kind: 'plugin', title: 't', description: 'd' }, {}))).toBe(2 * 60_000)
    expect(span(await ask(c, {}, 1e15))).toBe(2 ** 31 - 1)
  })
})

describe('over a restart', () => {
  it('still waits, sets the alarm, and can be answered', async () => {
    const before = await createConversation()
    const { id, expiresAtMs } = await ask(before)
    const after = await restart(before)
    expect(after.alarmAt()).toBe(expiresAtMs)
    expect(after.approvals.pending({ kind: 'exec' })).toMatchObject([{ id }])
    const waits = after.approvals.wait(id, NEVER)
    expect(after.approvals.resolve(id, { decision: 'allow-once', ...by })).toMatchObject({ applied: true })
    expect(await waits).toMatchObject({ decision: 'allow-once' })
    const third = await restart(after)
    expect(third.approvals.resolve(id, { decision: 'deny', ...by })).toMatchObject({ applied: false, approval: { decision: 'allow-once' } })
    expect(await third.approvals.spend(id, WISH)).toBe(true)
  })

  it('ends what nobody answered while it was down', async () => {
    const before = await createConversation()
    const { id } = await ask(before, {}, 1000)
    await before.clock.advance(5000)
    const after = await restart(before)
    expect(after.approvals.get(id)).toMatchObject({ status: 'expired' })
    await settled()
    expect(after.heard('exec.approval.resolved')).toMatchObject([{ id, decision: 'deny' }])
  })

  it('R9 keeps a hundred of them over a hundred restarts', async () => {
    let c = await createConversation()
    const ids = (await Promise.all(Array.from({ length: 100 }, () => ask(c)))).map(({ id }) => id)
    for (let n = 0; n < 100; n++) {
      c = await restart(c)
      expect(c.approvals.resolve(ids[n]!, { decision: 'allow-once', ...by }).applied).toBe(true)
      expect(c.approvals.pending({})).toHaveLength(99 - n)
    }
  })
})

describe('routes and bounds', () => {
  it('ends at once when nobody could answer, and tells nobody', async () => {
    const c = await createConversation()
    c.audience.present = false
    expect(await ask(c)).toMatchObject({ status: 'denied', reason: 'no-route', decision: 'deny', resolver: { id: 'no-approval-route' } })
    expect(await c.approvals.ask(WISH, { requireRoute: false })).toMatchObject({ status: 'pending' })
    expect(c.told).toEqual([])
    c.audience.present = true
    expect(await c.approvals.ask(WISH, { isSilent: true })).toMatchObject({ reason: 'no-route' })
    expect(c.told).toEqual([])
  })

  it('asks those with the capability, and those who follow the session', async () => {
    const c = await createConversation()
    await ask(c)
    await settled()
    expect(c.told.map(({ name, audience }) => [name, audience])).toEqual([
      ['session.approval', { topic: 'approvals:agent:main:here' }],
      ['exec.approval.requested', { capability: 'approvals' }],
    ])
  })

  it('refuses more than can wait, ids that were used, and waiting for nothing', async () => {
    const c = await createConversation()
    await Promise.all(Array.from({ length: 1000 }, () => ask(c)))
    await expect(ask(c)).rejects.toThrow('too many approvals are waiting')
    const [first] = c.approvals.pending({}, 1)
    c.approvals.resolve(first!.id, { decision: 'deny', ...by })
    await expect(c.approvals.ask(WISH, { id: first!.id })).rejects.toThrow('approval id already pending')
    await expect(c.approvals.wait('nothing', NEVER)).rejects.toThrow('approval expired or not found')
    expect(() => c.approvals.resolve('nothing', { decision: 'deny', ...by })).toThrow('approval not found')
  })

  it('forgets those who stopped waiting', async () => {
    const c = await createConversation()
    const { id } = await ask(c)
    const leaving = new AbortController()
    const waits = Array.from({ length: 5000 }, () => c.approvals.wait(id, leaving.signal))
    await expect(c.approvals.wait(id, NEVER)).rejects.toThrow('too many callers wait')
    leaving.abort(new Error('gone'))
    await expect(Promise.any(waits)).rejects.toThrow()
    const stays = c.approvals.wait(id, NEVER)
    c.approvals.resolve(id, { decision: 'deny', ...by })
    expect(await stays).toMatchObject({ decision: 'deny' })
  })
})

describe('standing grants', () => {
  it('answer for the same thing in any session, and for nothing else', async () => {
    const c = await createConversation()
    const { approval } = c.approvals.resolve((await ask(c)).id, { decision: 'allow-always', ...by, grantExpiresInDays: 1 })
    const granted = await ask(c, { sessionKey: 'agent:main:there' })
    expect(granted).toMatchObject({ status: 'allowed', decision: 'allow-always', resolver: { kind: 'system', id: expect.stringContaining('standing-grant:') } })
    expect(await c.approvals.spend(granted.id, { ...WISH, sessionKey: 'agent:main:there' })).toBe(true)
    expect(await c.approvals.spend(granted.id, { ...WISH, sessionKey: 'agent:main:there' }), 'each is used once').toBe(false)
    for (const change of [{ cwd: '/' }, { env: { A: '2' } }, { nodeId: 'n2' }, { ask: 'always' }]) expect((await ask(c, change)).status).toBe('pending')
    expect(c.grants.list(10)).toMatchObject([{ mintedByApprovalId: approval.id, useCount: 1, lastUsedAtMs: c.clock.now() }])
    await c.clock.advance(24 * 60 * 60_000)
    expect((await ask(c)).status, 'it has expired').toBe('pending')
  })

  it('are made by the answer that stands alone', async () => {
    const c = await createConversation()
    const { id } = await ask(c)
    c.approvals.resolve(id, { decision: 'deny', ...by })
    c.approvals.resolve(id, { decision: 'allow-always', ...by })
    const once = await ask(c, { ask: 'always' })
    expect(c.approvals.resolve(once.id, { decision: 'allow-always', ...by })).toMatchObject({ approval: { reason: 'malformed-verdict', decision: 'deny' } })
    expect(c.grants.list(10)).toEqual([])
  })
})

it('cancels what a run or a session waits for, and nothing else', async () => {
  const c = await createConversation()
  const [one, two, three] = [await ask(c, { runId: 'r1' }), await ask(c, { runId: 'r2' }), await ask(c, { sessionKey: 'agent:main:there' })]
  c.approvals.cancel({ runId: 'r1' }, 'run-aborted')
  expect([one, two, three].map(({ id }) => c.approvals.get(id)!.status)).toEqual(['cancelled', 'pending', 'pending'])
  c.approvals.cancel({ sessionKey: 'agent:main:here' }, 'run-aborted')
  expect([one, two, three].map(({ id }) => c.approvals.get(id)!.status)).toEqual(['cancelled', 'cancelled', 'pending'])
})

it('relays to nodes once somebody can', async () => {
  const c = await createConversation()
  const question = { nodeId: 'n', command: 'system.execApprovals.set', params: { file: {} }, caller: OPERATOR } as const
  await expect(c.approvals.onNode(question)).rejects.toThrow('NOT_CONNECTED: node not connected')
  c.approvals.relayToNode((asked) => Promise.resolve(asked))
  expect(await c.approvals.onNode(question)).toEqual(question)
})

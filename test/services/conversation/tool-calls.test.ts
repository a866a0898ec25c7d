// Calls of tools from outside a run: once for each key, whatever happens between, and allowed by a person where it must be.

import * as z from 'zod'
import { describe, expect, it } from 'vitest'
import { createIdempotency } from '../../../src/store/idempotency.ts'
import { createToolCalls, type ToolCall } from '../../../src/services/conversation/tool-calls.ts'
import { defineTool } from '../../../src/services/conversation/tools.ts'
import type { TestSql } from '../../harness/sql.ts'
import { createConversation, KEY, OPERATOR } from './conversation.ts'

async function open(sql?: TestSql, act: () => unknown = () => ({ done: true })) {
  const c = await createConversation(sql ? { sql } : {})
  let calls = 0
  const run = () => {
    calls++
    return act()
  }
  const params = z.strictObject({ n: z.int().default(0) })
  c.tools.add(defineTool({ name: 'look', description: '', scope: 'operator.read', params, run }))
  c.tools.add(defineTool({ name: 'act', description: '', scope: 'operator.read', params, approval: ({ n }) => ({ kind: 'exec', command: `act ${n}` }), run }))
  const { invoke } = createToolCalls({ ...c, modelOf: () => undefined, idempotency: createIdempotency(c.sql) })
  const call = (more: Partial<ToolCall> = {}) =>
    invoke({ name: 'look', args: {}, sessionKey: KEY, principal: OPERATOR, signal: new AbortController().signal, connection: null, confirm: false, ...more })
  return { ...c, call, count: () => calls }
}

const by = { resolver: { kind: 'runtime' as const, id: 'test' }, by: 'test' }

describe('without an approval', () => {
  it('answers with what the tool returned, or with what is wrong', async () => {
    const { call } = await open()
    expect(await call()).toEqual({ ok: true, toolName: 'look', source: 'core', output: { content: [{ type: 'text', text: '{"done":true}' }], details: { done: true } } })
    expect(await call({ name: 'none' })).toEqual({ ok: false, toolName: 'none', error: { code: 'not_found', message: 'Tool not available: none' } })
    expect(await call({ args: { n: 'x' } })).toMatchObject({ ok: false, error: { code: 'validation_error' } })
    expect(await call({ principal: { ...OPERATOR, scopes: new Set() } })).toMatchObject({ ok: false, error: { code: 'not_found' } })
    const broken = await open(undefined, () => Promise.reject(new Error('broken')))
    expect(await broken.call()).toMatchObject({ ok: false, error: { code: 'internal_error', message: expect.stringContaining('broken') } })
  })

  it('calls once for each key of each caller', async () => {
    const { call, count } = await open()
    const answers = await Promise.all(Array.from({ length: 100 }, () => call({ idempotencyKey: 'k' })))
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1)
    await call({ idempotencyKey: 'k' })
    expect(count()).toBe(1)
    await call({ idempotencyKey: 'k', principal: { ...OPERATOR, id: 'other' } })
    expect(count()).toBe(2)
    await expect(call({ idempotencyKey: 'k', args: { n: 1 } })).rejects.toThrow('already used for a different request')
    await expect(call({ idempotencyKey: 'k', sessionKey: 'agent:main:there' })).rejects.toThrow('already used')
  })

  it('refuses another body under a key that is in the works', async () => {
    const { call } = await open(undefined, () => new Promise(() => {}))
    void call({ idempotencyKey: 'k' })
    await new Promise((resolve) => setImmediate(resolve))
    await expect(call({ idempotencyKey: 'k', args: { n: 1 } })).rejects.toThrow('already used')
  })

  it('remembers over a restart, and does not know of a call that did not end', async () => {
    const before = await open()
    const told = await before.call({ idempotencyKey: 'k' })
    const hanging = await open(before.sql, () => new Promise(() => {}))
    void hanging.call({ idempotencyKey: 'lost' })
    while (hanging.count() === 0) await new Promise((resolve) => setImmediate(resolve))
    const after = await open(before.sql)
    expect(await after.call({ idempotencyKey: 'k' })).toEqual(told)
    expect(await after.call({ idempotencyKey: 'lost' })).toMatchObject({ ok: false, error: { code: 'interrupted' } })
    expect(after.count()).toBe(0)
  })
})

describe('with an approval', () => {
  it('answers that one is needed, and calls once it is there, once', async () => {
    const c = await open()
    const wanted = { name: 'act', idempotencyKey: 'k' }
    const first = await c.call(wanted)
    expect(first).toMatchObject({ ok: false, requiresApproval: true, approvalId: expect.any(String), error: { code: 'requires_approval' } })
    expect(await c.call(wanted)).toEqual(first)
    c.approvals.resolve(first.approvalId!, { decision: 'allow-once', ...by })
    expect(await c.call({ name: 'act', args: { n: 1 } }), 'it is for other arguments').toMatchObject({ requiresApproval: true })
    const done = await c.call(wanted)
    expect(done).toMatchObject({ ok: true })
    expect(await c.call(wanted)).toEqual(done)
    expect(c.count()).toBe(1)
    expect(await c.call({ name: 'act' }), 'it is used up').toMatchObject({ requiresApproval: true })
  })

  it('lets one of many calls have it', async () => {
    const c = await open()
    const { approvalId } = await c.call({ name: 'act' })
    c.approvals.resolve(approvalId!, { decision: 'allow-once', ...by })
    const answers = await Promise.all(Array.from({ length: 50 }, () => c.call({ name: 'act' })))
    expect(answers.filter(({ ok }) => ok)).toHaveLength(1)
    expect(c.count()).toBe(1)
  })

  it('waits when it is told to', async () => {
    const c = await open()
    const until = async () => {
      while (c.approvals.pending({}).length === 0) await new Promise((resolve) => setImmediate(resolve))
      return c.approvals.pending({})[0]!.id
    }
    const yes = c.call({ name: 'act', confirm: true })
    c.approvals.resolve(await until(), { decision: 'allow-once', ...by })
    expect(await yes).toMatchObject({ ok: true })
    const no = c.call({ name: 'act', confirm: true })
    c.approvals.resolve(await until(), { decision: 'deny', ...by })
    expect(await no).toMatchObject({ ok: false, error: { code: 'approval_denied', message: expect.stringContaining('a person denied it') } })
    expect(c.count()).toBe(1)
  })

  it('says that nobody is there who could allow it', async () => {
    const c = await open()
    c.audience.present = false
    expect(await c.call({ name: 'act' })).toMatchObject({ ok: false, error: { code: 'approval_denied', message: expect.stringContaining('nobody is connected') } })
    expect(c.count()).toBe(0)
  })
})

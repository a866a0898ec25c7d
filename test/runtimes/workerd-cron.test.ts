// Jobs on a Durable Object whose workerd dies: the alarm goes on by itself, and each second is accounted for once.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Data } from '../harness/client.ts'
import type { ServerProcess } from '../harness/processes.ts'
import { placeWorker, startWorkerd } from '../harness/workerd.ts'
import { connect } from '../harness/ws.ts'
import { script } from '../suites/target.ts'

const TOKEN = 'token-of-the-workerd-cron-suite'
const config = { agents: { defaults: { model: 'builtin/operator' } } }

describe('workerd with jobs', () => {
  let dir: string
  let workerd: ServerProcess

  const start = async () => (workerd = await startWorkerd({ dir, vars: { OPENCLAW_CONFIG: JSON.stringify(config), OPENCLAW_GATEWAY_TOKEN: TOKEN } }))
  const client = async () => (await connect(workerd.url, { token: TOKEN })).client

  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'edgeclaw-workerd-cron-'))
    placeWorker(dir)
  })
  afterAll(async () => {
    await workerd.kill('SIGKILL')
    rmSync(dir, { recursive: true, force: true })
  })

  it('runs each second, dies, and goes on by its alarm', async () => {
    await start()
    const job = {
      name: 'each second',
      schedule: { kind: 'every', everyMs: 1000 },
      sessionTarget: 'isolated',
      wakeMode: 'next-heartbeat',
      payload: { kind: 'agentTurn', message: script({ text: 'done' }) },
      delivery: { mode: 'none' },
    }
    const made = await (await client()).call('cron.add', job)
    await pause(3500)
    await workerd.kill('SIGKILL')
    await pause(2500)
    await start()
    const startedAt = Date.now()
    await pause(3500) // nobody asks for anything
    const askedAt = Date.now()
    const second = await client()
    const byItself = (await second.call('cron.runs', { id: made.id })).entries as Data[]
    expect(byItself.filter(({ status, runAtMs }) => status === 'ok' && runAtMs > startedAt && runAtMs < askedAt).length).toBeGreaterThanOrEqual(2)
    await workerd.kill('SIGKILL')
    await start()
    const third = await client()
    await pause(1500)
    await third.call('cron.update', { id: made.id, patch: { enabled: false } })
    await pause(500)
    const { entries } = (await third.call('cron.runs', { id: made.id, limit: 200 })) as Data
    const ran = entries.filter(({ runId }: Data) => runId).map(({ runId }: Data) => Number(runId.split(':').at(-1)) as number)
    const given = entries.filter(({ runId }: Data) => !runId).map(({ error }: Data) => Number(/\((\d+) slots\)/.exec(error as string)?.[1] ?? 1))
    const first = made.schedule.anchorMs + 1000
    expect(new Set(ran).size).toBe(ran.length)
    expect(Math.min(...ran)).toBe(first)
    // Each second from the first to the last that ran is one that ran, or one of those that are told as missed.
    expect(ran.length + given.reduce((sum: number, slots: number) => sum + slots, 0)).toBe((Math.max(...ran) - first) / 1000 + 1)
    expect(given.length).toBeGreaterThan(0)
    const interrupted = entries.filter(({ status }: Data) => status === 'error')
    for (const { error } of interrupted) expect(error).toContain('interrupted')
  }, 40_000)
})

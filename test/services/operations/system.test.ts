// What the gateway says of itself.

import { createVitals } from '../../../src/services/operations/vitals.ts'
import { describe, expect, it } from 'vitest'
import { createBuiltinModel } from '../../../src/models/builtin.ts'
import type { Host, SystemInfo } from '../../../src/ports/host.ts'
import { createAgents } from '../../../src/services/conversation/agents.ts'
import { createModels } from '../../../src/services/conversation/models.ts'
import { createSessionTable } from '../../../src/services/conversation/session-table.ts'
import { createConfig } from '../../../src/services/operations/config.ts'
import { createSystem } from '../../../src/services/operations/system.ts'
import { foundation, sessionRecord } from '../../harness/foundation.ts'

const MACHINE: SystemInfo = {
  machineName: 'm', hostname: 'h', platform: 'linux', release: '6', arch: 'x64', osLabel: 'Linux 6', nodeVersion: 'v26', pid: 7, cpuCount: 2,
  memoryTotalBytes: 2, memoryFreeBytes: 1,
} // prettier-ignore

async function create(host: Host = {}, given: unknown = {}) {
  const base = foundation()
  const { clock, log } = base
  const config = createConfig({ source: { path: 'x', read: async () => null }, env: {}, log, given })
  await config.load()
  const agents = createAgents(config)
  const fetch = () => Promise.reject(new Error('no network in this test'))
  const models = createModels({ config, env: {}, providers: [], builtin: createBuiltinModel(clock), fetch, clock, log, loopback: false })
  const table = createSessionTable(base.sql, base.commit)
  const counts = { runs: 0, connections: 0 }
  const system = createSystem({
    vitals: createVitals(),
    version: '1.2.3',
    bootId: 'this start',
    runtime: 'test',
    clock,
    host,
    agents,
    models,
    table,
    activeRuns: () => counts.runs,
    connections: () => counts.connections,
    path: '/test/state',
  })
  return { ...base, system, table, counts }
}

describe('uptime', () => {
  it('begins with the gateway, and is never negative', async () => {
    const { system, clock } = await create()
    expect(system.uptimeMs()).toBe(0)
    await clock.advance(1234)
    expect(system.uptimeMs()).toBe(1234)
  })
})

describe('the machine', () => {
  it('is unknown where the runtime cannot tell', async () => {
    const { system } = await create()
    expect(system.info()).toBeNull()
  })

  it('is asked each time', async () => {
    let asked = 0
    const { system, clock } = await create({ system: () => ({ ...MACHINE, memoryFreeBytes: ++asked }) })
    await clock.advance(50)
    expect(system.info()).toEqual({ ...MACHINE, memoryFreeBytes: 1, uptimeMs: 50, processInstanceId: 'this start' })
    expect(system.info()!.memoryFreeBytes).toBe(2)
  })
})

describe('the status page', () => {
  it('counts what there is', async () => {
    const agents = { list: [{ id: 'main' }, { id: 'second', default: true }] }
    const { system, table, commit, counts, clock } = await create({}, { agents })
    const now = clock.now()
    commit.tx(() => {
      table.insert(sessionRecord('agent:main:a', { updatedAt: now - 500, status: 'done', model: 'gpt' }))
      table.insert(sessionRecord('agent:second:b', { updatedAt: now + 500 }))
      table.insert(sessionRecord('agent:gone:c', { updatedAt: now - 9000 }))
      table.insert(sessionRecord('agent:main:archived', { archived: true }))
    })
    Object.assign(counts, { runs: 3, connections: 4 })
    const status = system.status()
    expect(status).toMatchObject({
      runtimeVersion: '1.2.3',
      runtime: 'test',
      uptimeMs: 0,
      connections: 4,
      activeRuns: 3,
      heartbeat: { defaultAgentId: 'second', agents: [{ agentId: 'main' }, { agentId: 'second' }] },
      sessions: {
        paths: ['/test/state'],
        count: 3,
        recent: [
          { key: 'agent:second:b', age: 0 },
          { key: 'agent:main:a', age: 500, status: 'done', model: 'gpt' },
          { key: 'agent:gone:c', age: 9000 },
        ],
        defaults: { modelProvider: 'builtin', model: 'operator', contextTokens: null },
        byAgent: [
          { agentId: 'main', count: 1, recent: [{ key: 'agent:main:a', agentId: 'main' }] },
          { agentId: 'second', count: 1 },
        ],
      },
    })
  })

  it('names ten sessions at most', async () => {
    const { system, table, commit } = await create()
    commit.tx(() => {
      for (let n = 0; n < 15; n++) table.insert(sessionRecord(`agent:main:${n}`, { updatedAt: n }))
    })
    const { sessions } = system.status() as unknown as { sessions: { count: number; recent: { key: string }[] } }
    expect(sessions.count).toBe(15)
    expect(sessions.recent.map(({ key }) => key)).toEqual(Array.from({ length: 10 }, (_, n) => `agent:main:${14 - n}`))
  })

  it('names the model of the default agent, and what it can hold', async () => {
    const models = { providers: { mock: { baseUrl: 'http://127.0.0.1:1/v1', models: [{ id: 'big', contextWindow: 8000 }] } } }
    const { system } = await create({}, { models, agents: { defaults: { model: 'mock/big' } } })
    expect(system.status()).toMatchObject({ sessions: { defaults: { modelProvider: 'mock', model: 'big', contextTokens: 8000 } } })
  })
})

// The health snapshot: how old it may be, what counts as a change, and who is told.

import { createVitals } from '../../../src/services/operations/vitals.ts'
import { describe, expect, it } from 'vitest'
import { createAgents } from '../../../src/services/conversation/agents.ts'
import { createSessionTable } from '../../../src/services/conversation/session-table.ts'
import { createConfig } from '../../../src/services/operations/config.ts'
import { createHealth } from '../../../src/services/operations/health.ts'
import type { Data } from '../../harness/client.ts'
import { settled } from '../../harness/clock.ts'
import { foundation, sessionRecord } from '../../harness/foundation.ts'

async function create(agents: unknown = { list: [{ id: 'main' }, { id: 'second', name: 'Second', default: true }] }) {
  const base = foundation()
  const config = createConfig({ source: { path: 'x', read: async () => null }, env: {}, log: base.log, given: { agents } })
  await config.load()
  const table = createSessionTable(base.sql, base.commit)
  const health = createHealth({ ...base, table, agents: createAgents(config), vitals: createVitals(), path: '/test/state' })
  const add = (key: string, updatedAt = base.clock.now()) => base.commit.tx(() => table.insert(sessionRecord(key, { updatedAt })))
  const read = (): Data => JSON.parse(health.snapshot().json)
  return { ...base, table, health, add, read }
}

describe('a snapshot', () => {
  it('tells of agents and their sessions', async () => {
    const { read, add, clock } = await create()
    add('agent:main:a', clock.now() - 5000)
    add('agent:second:b')
    const second = { path: '/test/state', count: 1, recent: [{ key: 'agent:second:b', updatedAt: clock.now(), age: 0 }] }
    expect(read()).toMatchObject({
      ok: true,
      ts: clock.now(),
      durationMs: 0,
      defaultAgentId: 'second',
      agents: [
        { agentId: 'main', isDefault: false, sessions: { count: 1, recent: [{ key: 'agent:main:a', age: 5000 }] } },
        { agentId: 'second', name: 'Second', isDefault: true, sessions: second },
      ],
      sessions: second,
    })
  })

  it('names the five sessions that were used last, and counts all that are not archived', async () => {
    const { read, add, commit, table, clock } = await create({ list: [{ id: 'main' }] })
    for (let n = 0; n < 8; n++) add(`agent:main:${n}`, clock.now() + n)
    commit.tx(() => table.update('agent:main:7', { archived: true }))
    const { sessions } = read()
    expect(sessions.count).toBe(7)
    expect(sessions.recent.map((row: Data) => row.key)).toEqual([6, 5, 4, 3, 2].map((n) => `agent:main:${n}`))
    expect(sessions.recent.every((row: Data) => row.age === 0)).toBe(true) // a clock that was set back makes no negative age
  })

  it('is the same for a second, and then a new one', async () => {
    const { health, clock } = await create()
    const first = health.snapshot()
    await clock.advance(999)
    expect(health.snapshot()).toBe(first)
    await clock.advance(1)
    expect(health.snapshot()).not.toBe(first)
  })

  it('does not see a change within its second', async () => {
    const { read, add, clock, health } = await create()
    const first = health.version
    expect(read().sessions.count).toBe(0)
    add('agent:second:a')
    expect(read().sessions.count).toBe(0)
    expect(health.version).toBe(first)
    await clock.advance(1000)
    expect(read().sessions.count).toBe(1)
    expect(health.version).toBe(first + 1)
  })

  it('is made anew when the clock was set back', async () => {
    const later = await create()
    await later.clock.advance(60_000)
    let now = later.clock.now()
    const config = createConfig({ source: { path: 'x', read: async () => null }, env: {}, log: later.log })
    const health = createHealth({ ...later, agents: createAgents(config), vitals: createVitals(), path: 'x', clock: { ...later.clock, now: () => now } })
    const first = health.snapshot()
    now -= 30_000
    expect(health.snapshot()).not.toBe(first)
  })
})

describe('the version', () => {
  it('grows only with a change, and not with age', async () => {
    const { health, clock, add } = await create()
    const first = health.version
    add('agent:main:a')
    health.snapshot()
    for (let n = 0; n < 5; n++) {
      await clock.advance(10_000)
      health.snapshot()
    }
    expect(health.version).toBe(first)
    add('agent:main:b')
    await clock.advance(1000)
    health.snapshot()
    expect(health.version).toBe(first + 1)
  })

  it('comes with an event for everybody, once for each change', async () => {
    const { health, clock, add, heard } = await create()
    health.snapshot()
    await settled()
    expect(heard).toEqual([]) // the first is no change
    add('agent:main:a')
    await clock.advance(1000)
    health.snapshot()
    health.snapshot()
    await settled()
    expect(heard).toEqual([{ event: 'health', payload: JSON.parse(health.snapshot().json), audience: {} }])
  })

  it('is above that of a gateway before, whatever that one told', async () => {
    const { health, clock, table, ...base } = await create()
    for (let n = 0; n < 20; n++) {
      base.add(`agent:main:${n}`)
      await clock.advance(1000)
      health.snapshot()
    }
    const config = createConfig({ source: { path: 'x', read: async () => null }, env: {}, log: base.log })
    expect(createHealth({ ...base, table, clock, agents: createAgents(config), vitals: createVitals(), path: 'x' }).version).toBeGreaterThan(health.version)
  })
})

describe('a refresh', () => {
  it('looks at once, and tells everybody of a change', async () => {
    const { health, add, heard, read } = await create()
    health.snapshot()
    health.refresh()
    await settled()
    expect(heard).toEqual([])
    add('agent:main:a')
    health.refresh()
    await settled()
    expect(heard).toEqual([{ event: 'health', payload: read(), audience: {} }])
    expect(read().agents[0].sessions.count).toBe(1)
  })

  it('tells also when nothing was seen before: whoever outlived a sleep knows what was before it', async () => {
    const { health, heard } = await create()
    health.refresh()
    await settled()
    expect(heard.map(({ event }) => event)).toEqual(['health'])
  })
})

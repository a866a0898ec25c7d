// What happens by itself, and where it must not.

import { createVitals } from '../../../src/services/operations/vitals.ts'
import { describe, expect, it } from 'vitest'
import { health as healthEvent, sessionsChanged, tick } from '../../../src/protocol/events.ts'
import { createBus, type Bus } from '../../../src/services/bus.ts'
import { createAgents } from '../../../src/services/conversation/agents.ts'
import { createSessionTable } from '../../../src/services/conversation/session-table.ts'
import { createConnections, type Session } from '../../../src/services/identity/connections.ts'
import { HEALTH_TOPIC } from '../../../src/services/identity/topics.ts'
import { createConfig } from '../../../src/services/operations/config.ts'
import { createHealth } from '../../../src/services/operations/health.ts'
import { createMaintenance } from '../../../src/services/operations/maintenance.ts'
import { createUpkeep } from '../../../src/services/operations/upkeep.ts'
import { settled } from '../../harness/clock.ts'
import { foundation, sessionRecord } from '../../harness/foundation.ts'

const HOUR = 60 * 60 * 1000
const DAY = 24 * HOUR
const SESSION: Session = {
  dialect: 'typed',
  protocol: 4,
  client: { id: 'cli', version: '1', platform: 'linux', mode: 'cli' },
  principalId: 'operator',
  role: 'operator',
  scopes: ['operator.read'],
  caps: [],
}

function create(hibernates = false, bus?: Bus) {
  const base = { ...foundation(), ...(bus && { bus }) }
  const config = createConfig({ source: { path: 'x', read: async () => null }, env: {}, log: base.log })
  const table = createSessionTable(base.sql, base.commit)
  const health = createHealth({ ...base, table, agents: createAgents(config), vitals: createVitals(), path: 'x' })
  const connections = createConnections()
  const upkeep = createUpkeep()
  const forgotten: number[] = []
  upkeep.add((now) => void forgotten.push(now))
  const maintenance = createMaintenance({ ...base, upkeep, connections, health, hibernates })
  const facts = { address: null, direct: false, host: null, origin: null }
  const open = (id: string) => connections.open(id, facts, 'a nonce', 0, () => {})
  const heardOf = (event: string) => base.heard.filter((each) => each.event === event)
  return { ...base, table, health, connections, upkeep, forgotten, maintenance, open, heardOf }
}

describe('the tick', () => {
  it('comes each thirty seconds while somebody is connected', async () => {
    const { maintenance, open, clock, heardOf } = create()
    open('c1')
    maintenance.begin()
    await clock.advance(29_999)
    expect(heardOf('tick')).toEqual([])
    await clock.advance(1)
    expect(heardOf('tick')).toEqual([{ event: 'tick', payload: { ts: clock.now() }, audience: {} }])
    await clock.advance(90_000)
    expect(heardOf('tick')).toHaveLength(4)
  })

  it('does not come for nobody, and comes again with the next', async () => {
    const { maintenance, open, connections, clock, heardOf } = create()
    maintenance.begin()
    await clock.advance(120_000)
    expect(heardOf('tick')).toEqual([])
    open('c1')
    await clock.advance(30_000)
    expect(heardOf('tick')).toHaveLength(1)
    connections.close('c1')
    await clock.advance(30_000)
    expect(heardOf('tick')).toHaveLength(1)
  })
})

describe('health', () => {
  it('is repeated each five seconds to those that asked for it, and to nobody else', async () => {
    const { maintenance, open, clock, health, heardOf } = create()
    const [asks, silent] = [open('asks'), open('silent')]
    for (const each of [asks, silent]) each.establish(SESSION)
    open('stranger')
    asks.subscribe(HEALTH_TOPIC)
    maintenance.begin()
    await clock.advance(4999)
    expect(heardOf('health')).toEqual([])
    await clock.advance(1)
    expect(heardOf('health')).toEqual([{ event: 'health', payload: JSON.parse(health.snapshot().json), audience: { connection: 'asks' } }])
    await clock.advance(10_000)
    expect(heardOf('health')).toHaveLength(3)
    asks.unsubscribe(HEALTH_TOPIC)
    await clock.advance(10_000)
    expect(heardOf('health')).toHaveLength(3)
  })

  it('is told to everybody when looking at it shows a change', async () => {
    const { maintenance, open, clock, table, commit, heardOf } = create()
    const asks = open('asks')
    asks.establish(SESSION)
    asks.subscribe(HEALTH_TOPIC)
    maintenance.begin()
    await clock.advance(5000)
    commit.tx(() => table.insert(sessionRecord('agent:main:a')))
    await clock.advance(5000)
    const [first, ...rest] = heardOf('health')
    expect(first!.audience).toEqual({ connection: 'asks' })
    expect(rest.map(({ audience }) => audience)).toEqual(expect.arrayContaining([{}, { connection: 'asks' }]))
    expect(rest).toHaveLength(2)
  })
})

describe('a change', () => {
  /** Resolves once it is on disk, and told. */
  async function changed({ commit, table, bus }: ReturnType<typeof create>, key: string) {
    commit.tx(() => table.insert(sessionRecord(key)))
    bus.publish(sessionsChanged, { sessionKey: key, agentId: 'main', ts: 0, session: null })
    await settled()
  }
  const counts = ({ heardOf }: ReturnType<typeof create>) => heardOf('health').map(({ payload, audience }) => [payload.sessions.count, audience] as const)

  it.each([false, true])('is told to everybody a second later, once for all that came in it (hibernates: %s)', async (hibernates) => {
    const created = create(hibernates)
    const { maintenance, health, clock, commit } = created
    maintenance.begin()
    await commit.flush()
    health.snapshot()
    for (const key of ['a', 'b', 'c']) await changed(created, `agent:main:${key}`)
    await clock.advance(999)
    expect(counts(created)).toEqual([])
    await clock.advance(1)
    expect(counts(created)).toEqual([[3, {}]])
    await changed(created, 'agent:main:d')
    await clock.advance(1000)
    expect(counts(created)).toEqual([[3, {}], [4, {}]])
    await clock.advance(10_000)
    expect(counts(created)).toHaveLength(2)
    if (hibernates) expect(clock.pending).toBe(0)
  })

  it('is not what else is told: the health itself least of all', async () => {
    const { maintenance, bus, clock, commit } = create(true)
    maintenance.begin()
    await commit.flush()
    bus.publish(healthEvent, {})
    bus.publish(tick, { ts: 1 })
    expect(clock.pending).toBe(0)
  })

  it('is seen also by who asked in the middle of that second', async () => {
    const created = create()
    const { maintenance, health, clock } = created
    maintenance.begin()
    health.snapshot()
    await changed(created, 'agent:main:a')
    await clock.advance(500)
    health.snapshot()
    await changed(created, 'agent:main:b')
    await clock.advance(500)
    expect(counts(created)).toEqual([[2, {}]])
  })

  it('is nothing to look at when nobody could hear of it, nor before the start and after the end', async () => {
    const deaf = createBus(foundation().gate)
    const alone = create(true, deaf)
    alone.maintenance.begin()
    await alone.commit.flush()
    await changed({ ...alone, bus: deaf }, 'agent:main:a')
    expect(alone.clock.pending).toBe(0)
    const created = create()
    await changed(created, 'agent:main:a')
    created.maintenance.begin()
    await changed(created, 'agent:main:b')
    created.maintenance.end()
    await changed(created, 'agent:main:c')
    await created.clock.advance(5000)
    expect(counts(created)).toEqual([])
    expect(created.clock.pending).toBe(0)
  })
})

describe('forgetting', () => {
  it.each([false, true])('is done once at the start (hibernates: %s)', async (hibernates) => {
    const { maintenance, forgotten, clock } = create(hibernates)
    const now = clock.now()
    maintenance.begin()
    await clock.advance(HOUR - 1)
    expect(forgotten).toEqual([now])
  })

  it('is done again each hour', async () => {
    const { maintenance, forgotten, clock } = create()
    const now = clock.now()
    maintenance.begin()
    await clock.advance(3 * HOUR)
    expect(forgotten).toEqual([now, now + HOUR, now + 2 * HOUR, now + 3 * HOUR])
  })

  it('is all or nothing', () => {
    const { maintenance, upkeep, sql, logged } = create()
    sql.exec("CREATE TABLE notes (text TEXT); INSERT INTO notes VALUES ('kept')")
    upkeep.add(() => sql.run('DELETE FROM notes'))
    upkeep.add(() => {
      throw new Error('the disk is full')
    })
    maintenance.begin()
    expect(logged.map(({ message }) => message)).toEqual(['forgetting what is old failed'])
    expect(sql.all('SELECT text FROM notes')).toEqual([{ text: 'kept' }])
  })

  it('goes on, as all else does, when it failed once', async () => {
    const { maintenance, upkeep, forgotten, clock, open, heardOf, logged } = create()
    let isFull = false
    upkeep.add(() => {
      if (isFull) throw new Error('the disk is full')
    })
    open('c1')
    maintenance.begin()
    isFull = true
    await clock.advance(HOUR)
    await clock.advance(HOUR)
    isFull = false
    const before = { forgotten: forgotten.length, ticks: heardOf('tick').length }
    await clock.advance(HOUR)
    expect(forgotten.length).toBeGreaterThan(before.forgotten)
    expect(heardOf('tick').length).toBeGreaterThan(before.ticks)
    const errors = logged.filter(({ level }) => level === 'error')
    expect(errors.map(({ message, fields }) => [message, fields])).toEqual([1, 2].map(() => ['forgetting what is old failed', { error: 'the disk is full' }]))
  })
})

describe('its end', () => {
  it('is the end of all of it', async () => {
    const { maintenance, open, clock, heard } = create()
    const asks = open('asks')
    asks.establish(SESSION)
    asks.subscribe(HEALTH_TOPIC)
    maintenance.begin()
    await clock.advance(31_000)
    const before = heard.length
    expect(before).toBeGreaterThan(0)
    maintenance.end()
    await clock.advance(2 * HOUR)
    expect(heard).toHaveLength(before)
    expect(clock.pending).toBe(0)
  })

  it('can come before it began', () => {
    const { maintenance, clock } = create()
    maintenance.end()
    expect(clock.pending).toBe(0)
  })
})

it('sets no timer where the gateway hibernates', async () => {
  const { maintenance, open, clock, heard, commit } = create(true)
  const asks = open('asks')
  asks.establish(SESSION)
  asks.subscribe(HEALTH_TOPIC)
  maintenance.begin()
  await commit.flush()
  expect(clock.pending).toBe(0)
  await clock.advance(DAY)
  expect(heard).toEqual([])
})

// The bus: who hears, what is built, and that nothing is told before it is on disk.

import { describe, expect, it } from 'vitest'
import type { AnyEvent } from '../../src/protocol/event.ts'
import { health, shutdown, tick } from '../../src/protocol/events.ts'
import { createBus, type Audience, type Sink } from '../../src/services/bus.ts'
import { settled } from '../harness/clock.ts'
import { foundation, holdDisk } from '../harness/foundation.ts'

interface Delivery {
  readonly event: string
  readonly payload: unknown
  readonly audience: Audience
}

function sink(hears: (event: AnyEvent) => boolean = () => true) {
  const got: Delivery[] = []
  const value: Sink = {
    isHeard: hears,
    deliver: (event, payload, audience) => void got.push({ event: event.name, payload: payload(), audience }),
  }
  return { ...value, got }
}

function create() {
  const { sql, commit, gate, clock } = foundation()
  sql.exec('CREATE TABLE notes (text TEXT)')
  const write = (text: string) => commit.tx(() => sql.run('INSERT INTO notes VALUES (?)', text))
  return { bus: createBus(gate), sql, commit, clock, write }
}

describe('hearing', () => {
  it('delivers to every sink, with the audience', () => {
    const { bus } = create()
    const [one, two] = [sink(), sink()]
    bus.attach(one)
    bus.attach(two)
    bus.publish(tick, { ts: 1 }, { connection: 'c', capability: 'x' })
    expect(one.got).toEqual([{ event: 'tick', payload: { ts: 1 }, audience: { connection: 'c', capability: 'x' } }])
    expect(two.got).toEqual(one.got)
  })

  it('is for everybody unless it says for whom', () => {
    const { bus } = create()
    const only = sink()
    bus.attach(only)
    bus.publish(tick, { ts: 1 })
    expect(only.got[0]!.audience).toEqual({})
  })

  it('is heard when any sink hears it', () => {
    const { bus } = create()
    expect(bus.isHeard(tick)).toBe(false)
    bus.attach(sink(() => false))
    bus.attach(sink((event) => event.name === 'tick'))
    expect(bus.isHeard(tick)).toBe(true)
    expect(bus.isHeard(health)).toBe(false)
  })

  it('builds nothing for nobody', () => {
    const { bus } = create()
    const deaf = sink(() => false)
    bus.attach(deaf)
    let built = 0
    bus.publish(tick, () => ({ ts: ++built }))
    expect(built).toBe(0)
    expect(deaf.got).toEqual([])
  })

  it('builds a payload once, however many take it, and not at all when none does', () => {
    const { bus } = create()
    let built = 0
    const payload = () => ({ ts: ++built })
    bus.attach({ isHeard: () => true, deliver: () => {} })
    bus.publish(tick, payload)
    expect(built).toBe(0)
    const [one, two] = [sink(), sink()]
    bus.attach(one)
    bus.attach(two)
    bus.publish(tick, payload)
    expect(built).toBe(1)
    expect(one.got[0]!.payload).toBe(two.got[0]!.payload)
  })
})

describe('the disk', () => {
  it('holds an event back until what was written before it is durable, and keeps the order', async () => {
    const { bus, sql, write } = create()
    const only = sink()
    bus.attach(only)
    const disk = holdDisk(sql)
    bus.publish(tick, { ts: 1 })
    write('a')
    bus.publish(tick, { ts: 2 })
    bus.publish(shutdown, { reason: 'over' })
    await settled()
    expect(only.got.map(({ payload }) => payload)).toEqual([{ ts: 1 }])
    await disk.release()
    expect(only.got.map(({ payload }) => payload)).toEqual([{ ts: 1 }, { ts: 2 }, { reason: 'over' }])
  })

  it('holds back what is told in the middle of a transaction', async () => {
    const { bus, sql, commit } = create()
    const only = sink()
    bus.attach(only)
    const disk = holdDisk(sql)
    commit.tx(() => {
      sql.run("INSERT INTO notes VALUES ('a')")
      bus.publish(tick, { ts: 1 })
    })
    await settled()
    expect(only.got).toEqual([])
    await disk.release()
    expect(only.got).toHaveLength(1)
  })

  it('never tells of a write that failed, and goes on afterwards', async () => {
    const { bus, sql, write } = create()
    const only = sink()
    bus.attach(only)
    const disk = holdDisk(sql)
    write('lost')
    bus.publish(tick, { ts: 1 })
    await disk.fail()
    expect(only.got).toEqual([])
    bus.publish(tick, { ts: 2 })
    expect(only.got.map(({ payload }) => payload)).toEqual([{ ts: 2 }])
  })

  it('builds the payload when it is delivered, not when it is published', async () => {
    const { bus, sql, write } = create()
    const only = sink()
    bus.attach(only)
    const disk = holdDisk(sql)
    write('a')
    let now = 1
    bus.publish(tick, () => ({ ts: now }))
    now = 2
    await disk.release()
    expect(only.got[0]!.payload).toEqual({ ts: 2 })
  })

  it('goes on when a sink fails', () => {
    const { gate, failures } = foundation()
    const bus = createBus(gate)
    bus.attach({
      isHeard: () => true,
      deliver: () => {
        throw new Error('a broken sink')
      },
    })
    bus.publish(tick, { ts: 1 })
    bus.publish(tick, { ts: 2 })
    expect(failures).toEqual([new Error('a broken sink'), new Error('a broken sink')])
  })
})

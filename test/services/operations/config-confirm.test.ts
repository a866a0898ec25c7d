// Changes that are taken back: at their time, over a restart, and only if nobody wanted anything else since.

import { describe, expect, it } from 'vitest'
import { fakeFile, startConfiguration, type Configuration } from './configuration.ts'

const BY = { by: 'operator', how: 'config.patch' }
const change = (on: Configuration, mainKey: string, confirmWithinMs?: number) =>
  on.configWriter.patch({ ...BY, raw: JSON.stringify({ session: { mainKey } }), baseHash: on.hash(), ...(confirmWithinMs !== undefined && { confirmWithinMs }) })

/** The alarm rings, and what it sets off has its turn. */
async function pass(on: Configuration, ms: number) {
  await on.clock.advance(ms)
  await on.wakeups.ring()
  await on.reload.run({ by: 'test', how: 'test' })
}

describe('R8 a change that nobody confirms', () => {
  it('is taken back at its time, not before, and recorded', async () => {
    const on = await startConfiguration({ file: fakeFile('{ session: { mainKey: "old" } } // mine') })
    const { confirmBefore } = await change(on, 'new', 30_000)
    expect(confirmBefore).toBe(on.clock.now() + 30_000)
    expect(on.alarmAt()).toBe(confirmBefore)
    await pass(on, 29_999)
    expect(on.config.mainKey()).toBe('new')
    await pass(on, 1)
    expect(on.config.mainKey()).toBe('old')
    expect(on.file.text).toBe('{ session: { mainKey: "old" } } // mine')
    expect(on.configConfirm.pending).toBeNull()
    expect(on.configHistory.list(1)).toMatchObject([{ how: 'rollback', by: 'operator', paths: ['session.mainKey'] }])
  })

  it('goes back to the last one that was confirmed, over several', async () => {
    const on = await startConfiguration({ file: fakeFile('{ session: { mainKey: "old" } }') })
    await change(on, 'one', 10_000)
    await change(on, 'two', 10_000)
    await pass(on, 10_000)
    expect(on.config.mainKey()).toBe('old')
  })

  it('is taken back though changes are switched off otherwise', async () => {
    const on = await startConfiguration({ file: fakeFile('{}') })
    await on.configWriter.patch({ ...BY, raw: '{ gateway: { auth: { token: "locked-out" } }, session: { mainKey: "new" } }', baseHash: on.hash(), confirmWithinMs: 1000 })
    expect(on.config.mainKey()).toBe('new')
    await pass(on, 1000)
    expect(on.config.current).toEqual({})
  })

  it('brings the restart that it needs', async () => {
    const on = await startConfiguration()
    await on.configWriter.patch({ ...BY, raw: '{ gateway: { port: 4000 } }', baseHash: on.hash(), confirmWithinMs: 30_000 })
    await on.clock.advance(500)
    expect(on.restarts).toHaveLength(1)
  })
})

describe('over a restart', () => {
  it('the deadline holds', async () => {
    const first = await startConfiguration({ file: fakeFile('{ session: { mainKey: "old" } }') })
    await change(first, 'new', 30_000)
    await first.commit.flush()
    const second = await startConfiguration({ file: first.file, sql: first.sql, clock: first.clock })
    expect(second.config.mainKey()).toBe('new')
    expect(second.alarmAt()).toBe(first.clock.now() + 30_000)
    await pass(second, 30_000)
    expect(second.config.mainKey()).toBe('old')
  })

  it('one that has passed meanwhile is made good before anything is read', async () => {
    const first = await startConfiguration({ file: fakeFile('{ session: { mainKey: "old" } }') })
    await change(first, 'deadly', 30_000)
    await first.commit.flush()
    await first.clock.advance(60_000)
    const second = await startConfiguration({ file: first.file, sql: first.sql, clock: first.clock })
    expect(second.config.mainKey()).toBe('old')
    expect(second.configConfirm.pending).toBeNull()
    expect(second.logged[0]).toMatchObject({ level: 'warn', message: expect.stringContaining('nobody confirmed in time is taken back') })
    await second.commit.flush()
    expect(second.heard).toMatchObject([{ event: 'config.changed', payload: { hash: second.hash() } }])
    expect(second.configHistory.list(1)).toMatchObject([{ how: 'rollback', by: 'operator', hash: second.hash() }])
  })

  it('works where nothing can be written', async () => {
    const first = await startConfiguration({ variable: true })
    await change(first, 'new', 30_000)
    await first.commit.flush()
    const second = await startConfiguration({ variable: true, file: first.file, sql: first.sql, clock: first.clock })
    expect(second.config.mainKey()).toBe('new')
    await pass(second, 30_000)
    expect(second.config.mainKey()).toBe('main')
  })
})

describe('a change that stays', () => {
  it('was confirmed by its hash', async () => {
    const on = await startConfiguration()
    const { hash } = await change(on, 'new', 1000)
    expect(() => on.configConfirm.confirm('other')).toThrow('has another hash')
    on.configConfirm.confirm(hash)
    expect(() => on.configConfirm.confirm(hash)).toThrow('no change waits to be confirmed')
    expect(on.alarmAt()).toBeNull()
    await pass(on, 5000)
    expect(on.config.mainKey()).toBe('new')
  })

  it('was written over, by a call or by hand', async () => {
    const on = await startConfiguration()
    await change(on, 'one', 1000)
    await change(on, 'two')
    await pass(on, 5000)
    expect(on.config.mainKey()).toBe('two')
    await change(on, 'three', 1000)
    await on.write('{ session: { mainKey: "by-hand" } }')
    await pass(on, 5000)
    expect(on.config.mainKey()).toBe('by-hand')
    expect(on.configConfirm.pending).toBeNull()
  })

  it('cannot be taken back as long as the disk refuses: that is said, and tried again', async () => {
    const on = await startConfiguration()
    await change(on, 'new', 1000)
    on.file.refuses = new Error('ENOSPC')
    await pass(on, 1000)
    expect(on.config.mainKey()).toBe('new')
    expect(on.errors()).toEqual([expect.stringContaining('could not be put back')])
    on.file.refuses = null
    await pass(on, 30_000)
    expect(on.config.mainKey()).toBe('main')
  })
})

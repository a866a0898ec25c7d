// Named keys: made by those who may, right until they end, and never kept.

import { describe, expect, it } from 'vitest'
import type { Principal } from '../../../src/protocol/scopes.ts'
import { expandScopes } from '../../../src/protocol/scopes.ts'
import { foundation } from '../../harness/foundation.ts'
import { ADMIN, createRing, DAY } from './key-rings.ts'

describe('a key', () => {
  it.each(['opaque', 'signed'] as const)('%s lets its holder in as it says', async (kind) => {
    const { keys, make, clock } = createRing()
    const { key, row } = await make({ kind, agents: ['main'], models: ['m/*'], requestsPerMinute: 5, budget: { usd: 2, period: 'month' }, expiresAtMs: clock.now() + DAY })
    expect(keys.looksLike(key)).toBe(true)
    const { id: _, ...limits } = { id: '', agents: ['main'], models: ['m/*'], requestsPerMinute: 5, budget: { usd: 2, period: 'month' }, expiresAtMs: clock.now() + DAY }
    expect(await keys.verify(key)).toEqual({ id: `key:${row.id}`, role: 'operator', scopes: expandScopes(['operator.write']), key: { id: row.id, ...limits } })
    await clock.advance(DAY)
    expect(await keys.verify(key)).toBeNull()
  })

  it('stands nowhere in the database', async () => {
    const { make, sql } = createRing()
    const { key } = await make()
    const signed = await make({ kind: 'signed', expiresAtMs: foundation().clock.now() + DAY })
    const all = JSON.stringify([sql.all('SELECT * FROM api_keys'), sql.all('SELECT * FROM collections')])
    expect([all.includes(key), all.includes(key.slice('eck_0123456789abcdef_'.length)), all.includes(signed.key)]).toEqual([false, false, false])
  })

  it('is right to the last character', async () => {
    const { keys, make } = createRing()
    const { key, row } = await make()
    const wrong = ['', 'eck_', key.slice(0, -1), `${key}A`, `${key.slice(0, -1)}${key.endsWith('A') ? 'B' : 'A'}`, key.replace(row.id, '0'.repeat(16)), `eck_${'x'.repeat(9000)}`]
    for (const each of wrong) expect(await keys.verify(each), each.slice(0, 80)).toBeNull()
    expect(await keys.verify(key)).not.toBeNull()
    expect(['sk-something', 'a secret', '', 'a.b.c'].map((text) => keys.looksLike(text))).toEqual([false, false, false, false])
  })

  it.each(['opaque', 'signed'] as const)('%s ends when it is revoked, over restarts too', async (kind) => {
    const { keys, make, sql, clock } = createRing()
    const told: string[] = []
    keys.onRevoked((id) => void told.push(id))
    const { key, row } = await make({ kind, expiresAtMs: clock.now() + DAY })
    expect(keys.revoke(row.id)).toEqual([row.id])
    expect([await keys.verify(key), keys.isRevoked(row.id), told]).toEqual([null, true, [row.id]])
    expect([keys.revoke(row.id), keys.revoke('nothing')]).toEqual([[], null])
    const later = createRing(foundation(sql, clock)).keys
    expect([await later.verify(key), later.isRevoked(row.id)]).toEqual([null, true])
  })

  it('ends with the one that it was made with', async () => {
    const { keys, make } = createRing()
    const holder = async (key: string) => (await keys.verify(key))!
    const first = await make({ scopes: ['operator.admin'] })
    const second = await make({ scopes: ['operator.admin'] }, await holder(first.key))
    const third = await make({}, await holder(second.key))
    const apart = await make()
    expect(keys.revoke(first.row.id)!.toSorted()).toEqual([first, second, third].map(({ row }) => row.id).toSorted())
    expect([await keys.verify(third.key), (await keys.verify(apart.key)) !== null]).toEqual([null, true])
  })
})

describe('nobody makes a key that may more than they', () => {
  const by = (more: Partial<Principal>): Principal => ({ ...ADMIN, id: 'key:k', ...more })

  it('as to scopes', async () => {
    const { make } = createRing()
    await expect(make({ scopes: ['operator.admin'] }, by({ scopes: expandScopes(['operator.write']) }))).rejects.toThrow('no scope that you do not have')
    await expect(make({ scopes: ['operator.read'] }, by({ scopes: expandScopes(['operator.write']) }))).resolves.toBeTruthy()
  })

  it('as to agents, models and time', async () => {
    const { make, clock } = createRing()
    const end = clock.now() + DAY
    const limited = by({ key: { id: 'k', agents: ['a', 'b'], models: ['m/*', 'n/x'], expiresAtMs: end } })
    const good = { agents: ['a'], models: ['m/any', 'n/x'], expiresAtMs: end }
    await expect(make(good, limited)).resolves.toBeTruthy()
    for (const [more, message] of [
      [{ agents: ['c'] }, 'more agents'],
      [{ agents: undefined }, 'more agents'],
      [{ models: ['n/*'] }, 'more models'],
      [{ models: undefined }, 'more models'],
      [{ expiresAtMs: end + 1 }, 'lasts longer'],
      [{ expiresAtMs: undefined }, 'lasts longer'],
    ] as const) {
      await expect(make({ ...good, ...more }, limited), message).rejects.toThrow(message)
    }
  })

  it('as to rate and budget', async () => {
    const { make } = createRing()
    for (const own of [{ requestsPerMinute: 5 }, { budget: { tokens: 5, period: 'day' as const } }]) {
      await expect(make({}, by({ key: { id: 'k', ...own } }))).rejects.toThrow('a key with a rate or a budget makes no keys')
    }
  })

  it('nor one that cannot be kept, or has ended', async () => {
    const { make, clock } = createRing()
    await expect(make({ expiresAtMs: clock.now() })).rejects.toThrow('expired already')
    await expect(make({ kind: 'signed' })).rejects.toThrow('needs an end within a year')
    await expect(make({ kind: 'signed', expiresAtMs: clock.now() + 400 * DAY })).rejects.toThrow('needs an end within a year')
    await expect(make({ models: Array.from({ length: 50 }, (_, n) => `provider/${'x'.repeat(60)}${n}`) })).rejects.toThrow('too many agents and models')
  })
})

it('forgets keys a year after their end', async () => {
  const { keys, make, clock } = createRing()
  await make({ expiresAtMs: clock.now() + DAY })
  const { row } = await make()
  keys.revoke(row.id)
  keys.prune(clock.now() + 100 * DAY)
  expect(keys.list({ limit: 10 })).toHaveLength(2)
  keys.prune(clock.now() + 400 * DAY)
  expect([keys.list({ limit: 10 }), keys.isRevoked(row.id)]).toEqual([[], false])
})

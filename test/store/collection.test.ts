// Typed rows by id: what is written is what is read, versions, and pages in order.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import { GatewayError } from '../../src/protocol/errors.ts'
import { collectionMigration, createCollection } from '../../src/store/collection.ts'
import { migrate } from '../../src/store/migrate.ts'
import { memorySql } from '../harness/sql.ts'

const device = z.strictObject({ name: z.string().min(1), tokens: z.array(z.string()).default([]) })

function setup() {
  const sql = memorySql()
  migrate(sql, [collectionMigration])
  return { sql, devices: createCollection(sql, 'devices', device) }
}

const phone = { name: 'phone', tokens: ['a'] }

describe('a row', () => {
  it('is read as it was written, with its version', () => {
    const { devices } = setup()
    expect(devices.get('1')).toBeNull()
    expect(devices.put('1', phone)).toBe(1)
    expect(devices.get('1')).toMatchObject({ value: phone, version: 1 })
    expect(devices.put('1', { name: 'tablet', tokens: [] })).toBe(2)
    expect(devices.get('1')).toMatchObject({ value: { name: 'tablet', tokens: [] }, version: 2 })
  })

  it('is gone when it is deleted; deleting nothing is no error', () => {
    const { devices } = setup()
    devices.put('1', phone)
    devices.delete('1')
    devices.delete('1')
    expect(devices.get('1')).toBeNull()
  })

  it('of one collection is not one of another', () => {
    const { sql, devices } = setup()
    const others = createCollection(sql, 'others', device)
    devices.put('1', phone)
    expect([others.get('1'), others.list({ limit: 10 })]).toEqual([null, []])
    others.put('1', { name: 'other', tokens: [] })
    devices.delete('1')
    expect(others.get('1')).toMatchObject({ value: { name: 'other' }, version: 1 })
  })

  it('fits its schema: what does not is not written', () => {
    const { devices } = setup()
    devices.put('1', phone)
    expect(() => devices.put('1', { name: '', tokens: [] })).toThrow(z.ZodError)
    expect(devices.get('1')).toMatchObject({ value: phone, version: 1 })
  })

  it('is put into the form of the schema when it is read: what an older version wrote gets its defaults', () => {
    const { sql, devices } = setup()
    sql.run(`INSERT INTO collections (name, id, version, value) VALUES ('devices', 'old', 3, '{"name":"old"}')`)
    expect(devices.get('old')).toMatchObject({ value: { name: 'old', tokens: [] }, version: 3 })
    sql.run(`INSERT INTO collections (name, id, version, value) VALUES ('devices', 'odd', 1, '{"name":5}')`)
    expect(() => devices.get('odd')).toThrow(z.ZodError)
  })
})

describe('compare and set', () => {
  it('writes where the expected version stands', () => {
    const { devices } = setup()
    expect(devices.put('1', phone, 0)).toBe(1)
    expect(devices.put('1', phone, 1)).toBe(2)
  })

  it('refuses where another one stands, and says which', () => {
    const { devices } = setup()
    devices.put('1', phone)
    devices.put('1', phone)
    for (const [id, expected, current] of [['1', 1, 2], ['1', 0, 2], ['1', 3, 2], ['2', 1, 0]] as const) {
      try {
        devices.put(id, { name: 'other', tokens: [] }, expected)
        expect.unreachable()
      } catch (error) {
        expect(error).toBeInstanceOf(GatewayError)
        expect(error).toMatchObject({ code: 'CONFLICT', options: { details: { code: 'CONFLICT', expected, current } } })
      }
    }
    expect(devices.get('1')).toMatchObject({ value: phone, version: 2 })
    expect(devices.get('2')).toBeNull()
  })
})

describe('a page', () => {
  const ids = fc.uniqueArray(fc.oneof(fc.string({ unit: fc.constantFrom(...'ab:%_é😀'), maxLength: 4 }), fc.string({ maxLength: 3, unit: 'grapheme' })), { maxLength: 15 })
  const byBytes = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b))

  it('after a page has every row with the prefix once, in order of id', () => {
    fc.assert(
      fc.property(ids, fc.string({ unit: fc.constantFrom(...'ab:%_é😀'), maxLength: 2 }), fc.integer({ min: 1, max: 4 }), (all, prefix, limit) => {
        const { devices } = setup()
        for (const id of all) devices.put(id, { name: `n${id}`, tokens: [] })
        const seen: string[] = []
        let after: string | undefined
        for (;;) {
          const page = devices.list({ prefix, limit, ...(after !== undefined && { after }) })
          for (const row of page) expect(row).toEqual({ id: row.id, value: { name: `n${row.id}`, tokens: [] }, version: 1 })
          seen.push(...page.map(({ id }) => id))
          if (page.length < limit) break
          after = page.at(-1)!.id
        }
        expect(seen).toEqual(all.filter((id) => id !== '' && id.startsWith(prefix)).toSorted(byBytes))
      }),
    )
  })

  it('has no more rows than asked for, after the one that was named', () => {
    const { devices } = setup()
    for (const id of ['a', 'b', 'c', 'd']) devices.put(id, phone)
    const list = (page: Parameters<typeof devices.list>[0]) => devices.list(page).map(({ id }) => id)
    expect(list({ limit: 2 })).toEqual(['a', 'b'])
    expect(list({ limit: 2, after: 'b' })).toEqual(['c', 'd'])
    expect(list({ limit: 2, after: 'bb' })).toEqual(['c', 'd'])
    expect(list({ limit: 2, after: 'd' })).toEqual([])
    expect(list({ limit: 0 })).toEqual([])
  })
})

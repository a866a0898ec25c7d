// Append-only streams: numbered without gaps, read by range, each apart from the others.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createLog, logMigration, type Entry } from '../../src/store/log.ts'
import { migrate } from '../../src/store/migrate.ts'
import { memorySql } from '../harness/sql.ts'

function setup(...names: string[]) {
  const sql = memorySql()
  migrate(sql, names.map(logMigration))
  return { sql, logs: names.map((name) => createLog(sql, name)) }
}

function filled(lengths: Readonly<Record<string, number>>) {
  const log = setup('events').logs[0]!
  for (const [stream, length] of Object.entries(lengths)) {
    for (let seq = 1; seq <= length; seq++) log.append(stream, seq, `${stream}${seq}`, JSON.stringify({ seq }))
  }
  return log
}

const seqs = (entries: readonly Entry[]) => entries.map(({ seq }) => seq)

describe('a stream', () => {
  it('gives back what was appended, as it was written', () => {
    const log = setup('events').logs[0]!
    const texts = ['{"b":1,  "a":2}', 'null', '"\\ud83d\\ude00 😀"', `"${'x'.repeat(100_000)}"`]
    for (const [index, data] of texts.entries()) log.append('s', index + 1, `id${index}`, data)
    expect(log.read('s', { limit: 10 })).toEqual(texts.map((data, index) => ({ seq: index + 1, id: `id${index}`, data })))
  })

  it('knows its last entry', () => {
    const log = filled({ a: 3 })
    expect([log.last('a'), log.last('b')]).toEqual([3, 0])
  })

  it('has one entry of each number', () => {
    const log = filled({ a: 3 })
    expect(() => log.append('a', 3, 'again', '{}')).toThrow(/UNIQUE/)
    expect(log.read('a', { after: 2, limit: 10 })).toEqual([{ seq: 3, id: 'a3', data: '{"seq":3}' }])
  })

  it('is apart from the others, and can be deleted alone', () => {
    const log = filled({ a: 2, b: 1 })
    log.delete('a')
    expect([log.last('a'), log.last('b'), log.read('a', { limit: 10 })]).toEqual([0, 1, []])
    log.append('a', 1, 'new', '{}')
    expect(seqs(log.read('a', { limit: 10 }))).toEqual([1])
  })

  it('of one log is not one of another', () => {
    const [events, audit] = setup('events', 'audit').logs
    events!.append('s', 1, 'e', '{}')
    expect([audit!.last('s'), audit!.read('s', { limit: 10 })]).toEqual([0, []])
    audit!.append('s', 1, 'a', '{}')
    events!.delete('s')
    expect(audit!.last('s')).toBe(1)
  })

  it('is as long as before when the transaction of an append fails', () => {
    const { sql, logs } = setup('events')
    const log = logs[0]!
    expect(() =>
      sql.tx(() => {
        log.append('s', 1, 'a', '{}')
        log.append('s', 1, 'b', '{}')
      }),
    ).toThrow(/UNIQUE/)
    expect(log.last('s')).toBe(0)
  })
})

describe('a range', () => {
  it('is the first of it, or the newest, always in order', () => {
    const log = filled({ a: 6 })
    expect(seqs(log.read('a', { limit: 2 }))).toEqual([1, 2])
    expect(seqs(log.read('a', { limit: 2, newest: true }))).toEqual([5, 6])
    expect(seqs(log.read('a', { after: 2, upTo: 4, limit: 10 }))).toEqual([3, 4])
    expect(seqs(log.read('a', { upTo: 4, limit: 2, newest: true }))).toEqual([3, 4])
    expect(seqs(log.read('a', { after: 6, limit: 2 }))).toEqual([])
    expect(seqs(log.read('a', { limit: 0 }))).toEqual([])
  })

  it('is the same part that a list would have, for any bounds', () => {
    const log = filled({ a: 12, b: 3 })
    const range = fc.record(
      { after: fc.integer({ min: -1, max: 14 }), upTo: fc.integer({ min: -1, max: 14 }), limit: fc.integer({ min: 0, max: 14 }), newest: fc.boolean() },
      { requiredKeys: ['limit'] },
    )
    fc.assert(
      fc.property(fc.constantFrom<'a' | 'b' | 'c'>('a', 'b', 'c'), range, (stream, asked) => {
        const all = Array.from({ length: { a: 12, b: 3, c: 0 }[stream] }, (_, index) => index + 1)
        const inside = all.filter((seq) => seq > (asked.after ?? 0) && seq <= (asked.upTo ?? Infinity))
        const part = asked.newest ? inside.slice(Math.max(0, inside.length - asked.limit)) : inside.slice(0, asked.limit)
        expect(log.read(stream, asked)).toEqual(part.map((seq) => ({ seq, id: `${stream}${seq}`, data: `{"seq":${seq}}` })))
      }),
      { numRuns: 300 },
    )
  })
})

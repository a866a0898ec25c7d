// A repeated key gets the first answer; another body, principal or method, and time, make the difference.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { GatewayError } from '../../src/protocol/errors.ts'
import { createIdempotency, idempotencyConflict, IDEMPOTENCY_MS, idempotencyMigration, type IdempotencyKey } from '../../src/store/idempotency.ts'
import { migrate } from '../../src/store/migrate.ts'
import { memorySql } from '../harness/sql.ts'

const NOW = Date.UTC(2026, 0, 1)
const KEY: IdempotencyKey = { principal: 'operator', method: 'chat.send', key: 'k', hash: 'h' }

function setup() {
  const sql = memorySql()
  migrate(sql, [idempotencyMigration])
  sql.exec('CREATE TABLE facts (n INTEGER)')
  return {
    sql,
    idempotency: createIdempotency(sql),
    write: (n: number) => sql.run('INSERT INTO facts (n) VALUES (?)', n),
    facts: () => sql.all<{ n: number }>('SELECT n FROM facts').map(({ n }) => n),
    records: () => sql.get<{ n: number }>('SELECT count(*) AS n FROM idempotency')!.n,
  }
}

describe('a request with a key', () => {
  it('is carried out once, and answered as the first time', () => {
    const { idempotency, write, facts } = setup()
    const send = (runId: string) =>
      idempotency.once(KEY, NOW, () => {
        write(1)
        return { runId, list: [1, null, 'x'] }
      })
    expect(send('first')).toEqual({ result: { runId: 'first', list: [1, null, 'x'] }, repeated: false })
    expect(send('second')).toEqual({ result: { runId: 'first', list: [1, null, 'x'] }, repeated: true })
    expect(facts()).toEqual([1])
  })

  it('is still known after a restart', () => {
    const { sql, idempotency } = setup()
    idempotency.once(KEY, NOW, () => 'first')
    expect(createIdempotency(sql).once(KEY, NOW + 1, () => 'second')).toEqual({ result: 'first', repeated: true })
  })

  it('is refused when the body is another, and the first answer stays', () => {
    const { idempotency, write, facts } = setup()
    idempotency.once(KEY, NOW, () => 'first')
    const other = () => idempotency.once({ ...KEY, hash: 'other' }, NOW, () => write(1))
    expect(other).toThrow(GatewayError)
    expect(other).toThrow(idempotencyConflict().message)
    expect(facts()).toEqual([])
    expect(idempotency.once(KEY, NOW, () => 'second')).toEqual({ result: 'first', repeated: true })
  })

  it('is another one for each principal, method and key', () => {
    const { idempotency } = setup()
    const keys = [KEY, { ...KEY, principal: 'device:a' }, { ...KEY, method: 'agent' }, { ...KEY, key: 'other' }]
    for (const [index, key] of keys.entries()) expect(idempotency.once(key, NOW, () => index)).toEqual({ result: index, repeated: false })
    for (const [index, key] of keys.entries()) expect(idempotency.once(key, NOW, () => 'no')).toEqual({ result: index, repeated: true })
    // The parts are kept apart, not joined.
    expect(idempotency.once({ ...KEY, principal: 'operatorchat', method: '.send' }, NOW, () => 'new').repeated).toBe(false)
  })

  it('may have an answer that is nothing', () => {
    const { idempotency } = setup()
    for (const [index, result] of [null, false, 0, ''].entries()) {
      const key = { ...KEY, key: `k${index}` }
      expect(idempotency.once(key, NOW, () => result)).toEqual({ result, repeated: false })
      expect(idempotency.once(key, NOW, () => 'no' as unknown)).toEqual({ result, repeated: true })
    }
  })
})

describe('time', () => {
  it('forgets a key after a day, and not before', () => {
    const { idempotency } = setup()
    idempotency.once(KEY, NOW, () => 'first')
    expect(idempotency.once(KEY, NOW + IDEMPOTENCY_MS - 1, () => 'second').result).toBe('first')
    expect(idempotency.once(KEY, NOW + IDEMPOTENCY_MS, () => 'third')).toEqual({ result: 'third', repeated: false })
    expect(idempotency.once(KEY, NOW + 2 * IDEMPOTENCY_MS - 1, () => 'fourth').result).toBe('third')
  })

  it('lets an expired key be used for another body', () => {
    const { idempotency } = setup()
    idempotency.once(KEY, NOW, () => 'first')
    expect(idempotency.once({ ...KEY, hash: 'other' }, NOW + IDEMPOTENCY_MS, () => 'second')).toEqual({ result: 'second', repeated: false })
  })

  it('takes expired records away, and only those', () => {
    const { idempotency, records } = setup()
    idempotency.once(KEY, NOW, () => 'first')
    idempotency.once({ ...KEY, key: 'later' }, NOW + 10, () => 'later')
    idempotency.prune(NOW + IDEMPOTENCY_MS - 1)
    expect(records()).toBe(2)
    idempotency.prune(NOW + IDEMPOTENCY_MS)
    expect(records()).toBe(1)
    expect(idempotency.once({ ...KEY, key: 'later' }, NOW + IDEMPOTENCY_MS, () => 'no').result).toBe('later')
  })
})

describe('work and its record', () => {
  it('are both gone when the work throws', () => {
    const { idempotency, write, facts, records } = setup()
    const fail = () =>
      idempotency.once(KEY, NOW, () => {
        write(1)
        throw new Error('refused')
      })
    expect(fail).toThrow('refused')
    expect([facts(), records()]).toEqual([[], 0])
    expect(idempotency.once(KEY, NOW, () => 'now it works')).toEqual({ result: 'now it works', repeated: false })
  })

  it('are both gone when the answer cannot be recorded', () => {
    const { idempotency, write, facts, records } = setup()
    const round: Record<string, unknown> = {}
    round['self'] = round
    for (const result of [10n, round]) {
      expect(() => idempotency.once(KEY, NOW, () => (write(1), result))).toThrow(TypeError)
      expect([facts(), records()]).toEqual([[], 0])
    }
  })

  it('are both gone when a transaction around them fails', () => {
    const { sql, idempotency, write, facts, records } = setup()
    expect(() =>
      sql.tx(() => {
        idempotency.once(KEY, NOW, () => write(1) ?? 'first')
        throw new Error('refused')
      }),
    ).toThrow('refused')
    expect([facts(), records()]).toEqual([[], 0])
  })
})

it('agrees with a map of what is remembered, for any course of requests', () => {
  const request = fc.record({
    principal: fc.constantFrom('operator', 'device:a'),
    method: fc.constantFrom('agent', 'chat.send'),
    key: fc.constantFrom('a', 'b', '"', ''),
    hash: fc.constantFrom('h1', 'h2'),
    wait: fc.constantFrom(0, 1, IDEMPOTENCY_MS / 2, IDEMPOTENCY_MS),
    fails: fc.boolean(),
    prunes: fc.boolean(),
  })
  fc.assert(
    fc.property(fc.array(request, { maxLength: 30 }), (requests) => {
      const { idempotency } = setup()
      const known = new Map<string, { hash: string; result: number; until: number }>()
      let now = NOW
      for (const [n, { wait, fails, prunes, ...key }] of requests.entries()) {
        now += wait
        if (prunes) idempotency.prune(now)
        const name = JSON.stringify([key.principal, key.method, key.key])
        const before = known.get(name)
        const live = before && before.until > now ? before : undefined
        const attempt = () =>
          idempotency.once(key, now, () => {
            if (fails) throw new Error('refused')
            return n
          })
        if (live && live.hash !== key.hash) expect(attempt).toThrow(idempotencyConflict().message)
        else if (live) expect(attempt()).toEqual({ result: live.result, repeated: true })
        else if (fails) expect(attempt).toThrow('refused')
        else {
          expect(attempt()).toEqual({ result: n, repeated: false })
          known.set(name, { hash: key.hash, result: n, until: now + IDEMPOTENCY_MS })
        }
      }
    }),
  )
})

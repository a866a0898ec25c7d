// The output gate: nothing goes out before what it may speak of is on disk, and everything goes out in order.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createCommit } from '../../src/store/commit.ts'
import { createGate } from '../../src/store/gate.ts'
import type { Sql } from '../../src/index.ts'
import { fakeClock, settled } from '../harness/clock.ts'
import { join } from '../harness/peer.ts'
import { startGateway } from '../harness/platform.ts'
import { memorySql } from '../harness/sql.ts'

/** A gate before a database in memory, whose flushes end when the test says so. */
function door(change: (sql: Sql) => Sql = (sql) => sql) {
  const memory = memorySql()
  memory.exec('CREATE TABLE facts (n INTEGER)')
  const flushes: PromiseWithResolvers<void>[] = []
  memory.sync = () => {
    const flush = Promise.withResolvers<void>()
    flushes.push(flush)
    return flush.promise
  }
  const sql = change(memory)
  const clock = fakeClock()
  const errors: unknown[] = []
  const commit = createCommit(sql, clock, () => {})
  const gate = createGate(commit, (error) => void errors.push(error))
  const out: string[] = []
  let n = 0
  const insert = () => sql.run('INSERT INTO facts (n) VALUES (?)', ++n)
  return {
    commit,
    gate,
    clock,
    errors,
    flushes,
    out,
    insert,
    write: () => commit.tx(insert),
    /** Sends `name`, or `name refused`. */
    pass: (name: string, since?: number) =>
      gate.pass(
        () => out.push(name),
        () => out.push(`${name} refused`),
        since,
      ),
    async flushed(index: number, error?: Error) {
      await settled()
      if (error) flushes[index]!.reject(error)
      else flushes[index]!.resolve()
      await settled()
    },
  }
}

const FULL = new Error('disk full')

describe('output', () => {
  it('goes out at once when nothing waits for the disk', async () => {
    const { pass, out, write, flushed } = door()
    pass('first')
    expect(out).toEqual(['first'])
    write()
    await flushed(0)
    pass('second')
    expect(out).toEqual(['first', 'second'])
  })

  it('waits until the writes before it are on disk', async () => {
    const { pass, out, write, flushed, flushes } = door()
    write()
    pass('answer')
    await settled()
    expect([out, flushes.length]).toEqual([[], 1])
    await flushed(0)
    expect(out).toEqual(['answer'])
  })

  it('of several writes of one turn waits for one flush', async () => {
    const { pass, out, write, flushed, flushes } = door()
    for (const name of ['a', 'b', 'c']) {
      write()
      pass(name)
    }
    await flushed(0)
    expect([out, flushes.length]).toEqual([['a', 'b', 'c'], 1])
  })

  it('waits for its own group, not for later ones', async () => {
    const { pass, out, write, flushed } = door()
    write()
    pass('first')
    await settled()
    write()
    pass('second')
    await flushed(0)
    expect(out).toEqual(['first'])
    await flushed(1)
    expect(out).toEqual(['first', 'second'])
  })

  it('keeps its order: what has nothing to wait for waits behind what has', async () => {
    const { pass, out, write, flushed } = door()
    write()
    pass('answer')
    pass('event')
    await settled()
    pass('later event')
    expect(out).toEqual([])
    await flushed(0)
    expect(out).toEqual(['answer', 'event', 'later event'])
    pass('last')
    expect(out.at(-1)).toBe('last')
  })

  it('does not wait for lazy writes', async () => {
    const { pass, out, commit, insert } = door()
    commit.lazily(insert)
    pass('answer')
    expect(out).toEqual(['answer'])
  })

  it('waits for lazy writes once a write that is waited for has joined them', async () => {
    const { pass, out, commit, insert, write, flushed } = door()
    commit.lazily(insert)
    write()
    pass('answer')
    await settled()
    expect(out).toEqual([])
    await flushed(0)
    expect(out).toEqual(['answer'])
  })

  it('that fails to go out is reported, and does not stop what is behind it', async () => {
    const { gate, pass, out, errors, write, flushed } = door()
    const broken = new Error('the socket is gone')
    const send = () => {
      throw broken
    }
    gate.pass(send)
    write()
    gate.pass(send)
    pass('answer')
    await flushed(0)
    expect([errors, out]).toEqual([[broken, broken], ['answer']])
  })
})

describe('output that is produced while output goes out', () => {
  it('goes out after it', async () => {
    const { gate, pass, out, write, flushed } = door()
    write()
    gate.pass(() => {
      out.push('a')
      pass('c')
    })
    pass('b')
    await flushed(0)
    expect(out).toEqual(['a', 'b', 'c'])
  })

  it('waits for the writes before it, as any other', async () => {
    const { gate, pass, out, write, flushed } = door()
    write()
    gate.pass(() => {
      out.push('a')
      write()
      pass('b')
    })
    await flushed(0)
    expect(out).toEqual(['a'])
    await flushed(1)
    expect(out).toEqual(['a', 'b'])
  })
})

describe('output of a transaction that is still running', () => {
  it('waits for it as what comes after it does', async () => {
    const { pass, out, commit, insert, flushed } = door()
    commit.tx(() => {
      pass('event')
      insert()
      commit.tx(() => pass('inner event'))
    })
    pass('answer')
    await settled()
    expect(out).toEqual([])
    await flushed(0)
    expect(out).toEqual(['event', 'inner event', 'answer'])
  })

  it('never goes out when the transaction is rolled back', async () => {
    const { pass, out, commit, write, insert, flushed } = door()
    write()
    expect(() =>
      commit.tx(() => {
        insert()
        pass('event')
        throw new Error('refused')
      }),
    ).toThrow('refused')
    pass('answer')
    await flushed(0)
    expect(out.filter((name) => !name.endsWith('refused'))).toEqual(['answer'])
  })

  it('of a gateway, an event of a new session for example, does not go out before the disk has it', async () => {
    const { gateway, platform } = await startGateway()
    const { client } = await join(gateway)
    await client.call('sessions.subscribe', {})
    const flush = Promise.withResolvers<void>()
    platform.sql.sync = () => flush.promise
    const before = client.frames.length
    const answer = client.request('sessions.create', {})
    await settled()
    expect(client.frames.slice(before)).toEqual([])
    flush.resolve()
    expect((await answer).ok).toBe(true)
    expect(client.events('sessions.changed')).toMatchObject([{ reason: 'create' }])
  })
})

describe('a disk that fails', () => {
  it('refuses what waits for it, in order', async () => {
    const { pass, out, write, flushed } = door()
    write()
    pass('a')
    pass('b')
    await flushed(0, FULL)
    expect(out).toEqual(['a refused', 'b refused'])
  })

  it('lets out what is produced afterwards', async () => {
    const { pass, out, write, flushed } = door()
    write()
    await flushed(0, FULL)
    pass('first')
    write()
    pass('second')
    await flushed(1)
    expect(out).toEqual(['first', 'second'])
  })

  it('refuses what speaks of writes that failed before it was said', async () => {
    const { gate, pass, out, write, flushed } = door()
    const since = gate.mark()
    write()
    await flushed(0, FULL)
    pass('answer', since)
    pass('other answer', gate.mark())
    expect(out).toEqual(['answer refused', 'other answer'])
  })

  it('refuses what waits behind what failed, for it may speak of it', async () => {
    const { pass, out, write, flushed } = door()
    write()
    pass('first')
    await settled()
    write()
    pass('second')
    await flushed(0, FULL)
    await flushed(1)
    expect(out).toEqual(['first refused', 'second refused'])
  })

  it('drops what has no other word', async () => {
    const { gate, pass, out, write, flushed } = door()
    write()
    gate.pass(() => out.push('event'))
    pass('answer')
    await flushed(0, FULL)
    expect(out).toEqual(['answer refused'])
  })

  it('reports a refusal that cannot be sent', async () => {
    const { gate, pass, out, errors, write, flushed } = door()
    write()
    gate.pass(
      () => out.push('never'),
      () => {
        throw new Error('the socket is gone')
      },
    )
    pass('answer')
    await flushed(0, FULL)
    expect([out, errors.length]).toEqual([['answer refused'], 1])
  })
})

describe('passed', () => {
  it('resolves when output would go out', async () => {
    const { gate, out, write, flushed } = door()
    await gate.passed()
    write()
    void gate.passed().then(() => out.push('passed'))
    await settled()
    expect(out).toEqual([])
    await flushed(0)
    expect(out).toEqual(['passed'])
  })

  it('rejects when what was written cannot be kept', async () => {
    const { gate, write, flushed } = door()
    write()
    const waiting = expect(gate.passed()).rejects.toThrow('could not be written to disk')
    await flushed(0, FULL)
    await waiting
    await expect(gate.passed(gate.mark() - 1)).rejects.toThrow('could not be written to disk')
    await gate.passed()
  })
})

it('lets everything through where the runtime holds back answers itself', () => {
  const { pass, out, write } = door((sql) => {
    const { group: _, ...rest } = sql
    return rest
  })
  write()
  pass('answer')
  write()
  pass('event')
  expect(out).toEqual(['answer', 'event'])
})

describe('whatever happens, in whatever order', () => {
  const action = fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom('write' as const, 'lazily' as const) },
    { weight: 5, arbitrary: fc.constant('pass' as const) },
    { weight: 2, arbitrary: fc.constantFrom('turn' as const, 'advance' as const) },
    { weight: 3, arbitrary: fc.record({ which: fc.nat(4), fails: fc.boolean() }) },
  )

  it('each output goes out once, in order, and only when its writes are on disk', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(action, { maxLength: 40 }), async (actions) => {
        const { commit, gate, clock, flushes, insert, write } = door()
        const produced: { readonly position: number; readonly failures: number }[] = []
        const gone: number[] = []
        const faults: string[] = []
        const ended = new Set<unknown>()

        function pass() {
          const name = produced.length
          produced.push({ position: commit.position, failures: commit.failures })
          const check = (isSent: boolean) => () => {
            const { position, failures } = produced[name]!
            if (position > commit.settled) faults.push(`${name} went out too early`)
            if (isSent !== (commit.failures === failures)) faults.push(`${name} was ${isSent ? 'sent' : 'refused'}`)
            gone.push(name)
          }
          gate.pass(check(true), check(false))
        }

        for (const each of actions) {
          if (each === 'write') write()
          else if (each === 'lazily') commit.lazily(insert)
          else if (each === 'pass') pass()
          else if (each === 'turn') await settled()
          else if (each === 'advance') await clock.advance(25)
          else {
            const flush = flushes[each.which % Math.max(1, flushes.length)]
            if (!flush || ended.has(flush)) continue
            ended.add(flush)
            if (each.fails) flush.reject(FULL)
            else flush.resolve()
            await settled()
          }
        }
        const last = commit.flush()
        for (const flush of flushes) flush.resolve()
        await last
        await settled()
        expect(faults).toEqual([])
        expect(gone).toEqual(produced.map((_, index) => index))
      }),
      { numRuns: 200 },
    )
  })
})

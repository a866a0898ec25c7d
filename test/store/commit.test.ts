// Group commit: what shares a flush, what may be told when, and what happens when the disk fails.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createCommit } from '../../src/store/commit.ts'
import type { Sql } from '../../src/index.ts'
import { fakeClock, settled } from '../harness/clock.ts'
import { memorySql } from '../harness/sql.ts'

/** A commit on a database in memory, whose flushes end when the test says so. */
function desk(change: (sql: Sql) => Sql = (sql) => sql) {
  const memory = memorySql()
  memory.exec('CREATE TABLE facts (n INTEGER PRIMARY KEY)')
  const flushes: PromiseWithResolvers<void>[] = []
  memory.sync = () => {
    const flush = Promise.withResolvers<void>()
    flushes.push(flush)
    return flush.promise
  }
  const sql = change(memory)
  const clock = fakeClock()
  const errors: unknown[] = []
  const commit = createCommit(sql, clock, (error) => void errors.push(error))
  return {
    sql,
    clock,
    commit,
    errors,
    flushes,
    write: (n: number) => sql.run('INSERT INTO facts (n) VALUES (?)', n),
    facts: () => sql.all<{ n: number }>('SELECT n FROM facts ORDER BY n').map(({ n }) => n),
    /** Whether no transaction is open: one cannot be begun inside another. */
    isIdle() {
      try {
        memory.exec('BEGIN; ROLLBACK')
        return true
      } catch {
        return false
      }
    },
  }
}

const refuse = () => {
  throw new Error('refused')
}

describe('writes', () => {
  it('of one turn share one transaction and one flush, and are settled when it is done', async () => {
    const { commit, flushes, write, facts } = desk()
    for (const n of [1, 2, 3]) commit.tx(() => write(n))
    expect(facts()).toEqual([1, 2, 3])
    expect([commit.position, commit.settled]).toEqual([1, 0])
    await settled()
    expect([flushes.length, commit.settled]).toEqual([1, 0])
    flushes[0]!.resolve()
    await settled()
    expect([commit.position, commit.settled]).toEqual([1, 1])
  })

  it('give back what their work gives back', () => {
    const { commit } = desk()
    expect([commit.tx(() => 'a'), commit.lazily(() => 'b')]).toEqual(['a', 'b'])
  })

  it('of a later turn are another group, while the disk is still busy with the first', async () => {
    const { commit, flushes, write, facts } = desk()
    commit.tx(() => write(1))
    await settled()
    commit.tx(() => write(2))
    await settled()
    expect(facts()).toEqual([1, 2])
    expect([commit.position, commit.settled, flushes.length]).toEqual([2, 0, 2])
  })

  it('are settled by a later flush, which covers all before it', async () => {
    const { commit, flushes, write } = desk()
    commit.tx(() => write(1))
    await settled()
    commit.tx(() => write(2))
    await settled()
    let isKnown = false
    void commit.reached(1).then(() => (isKnown = true))
    flushes[1]!.resolve()
    await settled()
    expect([isKnown, commit.settled]).toEqual([true, 2])
    flushes[0]!.resolve()
    await settled()
    expect(commit.settled).toBe(2)
  })

  it('that fail are undone, and those beside them are not', async () => {
    const { commit, flushes, write, facts } = desk()
    commit.tx(() => write(1))
    expect(() => commit.tx(() => (write(2), refuse()))).toThrow('refused')
    commit.tx(() => write(3))
    await settled()
    expect(facts()).toEqual([1, 3])
    expect([flushes.length, commit.rollbacks, commit.failures]).toEqual([1, 1, 0])
  })

  it('that fail leave no transaction open behind them', async () => {
    const { commit, clock, isIdle } = desk()
    expect(() => commit.tx(refuse)).toThrow('refused')
    await settled()
    expect(isIdle()).toBe(true)
    expect(() => commit.lazily(refuse)).toThrow('refused')
    await clock.advance(25)
    expect(isIdle()).toBe(true)
  })

  it('that cannot begin, because another process writes, fail alone', async () => {
    let isBusy = true
    const { commit, write, facts, isIdle } = desk((sql) => ({
      ...sql,
      group: { ...sql.group!, begin: () => (isBusy ? refuse() : sql.group!.begin()) },
    }))
    expect(() => commit.tx(() => write(1))).toThrow('refused')
    expect([commit.position, facts(), isIdle()]).toEqual([0, [], true])
    isBusy = false
    commit.tx(() => write(2))
    expect([commit.position, facts()]).toEqual([1, [2]])
  })
})

describe('a transaction inside another', () => {
  it('is part of it, and waited for as that one is', () => {
    const { commit, write, facts } = desk()
    commit.tx(() => {
      write(1)
      commit.tx(() => write(2))
      commit.lazily(() => write(3))
    })
    expect([facts(), commit.position]).toEqual([[1, 2, 3], 1])
    const lazy = desk()
    lazy.commit.lazily(() => lazy.commit.tx(() => lazy.write(1)))
    expect([lazy.facts(), lazy.commit.position]).toEqual([[1], 0])
  })

  it('is undone with it', () => {
    const { commit, write, facts } = desk()
    const inner = () => commit.tx(() => write(2))
    expect(() => commit.tx(() => (write(1), inner(), refuse()))).toThrow('refused')
    expect([facts(), commit.rollbacks]).toEqual([[], 1])
  })

  it('takes it along when it fails', () => {
    const { commit, write, facts } = desk()
    expect(() => commit.tx(() => (write(1), commit.tx(() => (write(2), refuse()))))).toThrow('refused')
    expect([facts(), commit.rollbacks]).toEqual([[], 1])
    commit.tx(() => write(3))
    expect(facts()).toEqual([3])
  })
})

describe('lazy writes', () => {
  it('are waited for by nobody, and end within 25 ms', async () => {
    const { commit, clock, flushes, write, facts, isIdle } = desk()
    commit.lazily(() => write(1))
    expect([facts(), commit.position, commit.settled]).toEqual([[1], 0, 0])
    await commit.reached(commit.position)
    await clock.advance(10)
    commit.lazily(() => write(2))
    await clock.advance(14)
    expect([flushes.length, isIdle()]).toEqual([0, false])
    await clock.advance(1)
    expect([flushes.length, isIdle(), clock.pending]).toEqual([1, true, 0])
  })

  it('end with the next others, which are waited for', async () => {
    const { commit, clock, flushes, write } = desk()
    commit.lazily(() => write(1))
    commit.tx(() => write(2))
    expect([commit.position, commit.settled]).toEqual([1, 0])
    commit.lazily(() => write(3))
    expect(commit.position).toBe(1)
    await settled()
    expect([flushes.length, clock.pending]).toEqual([1, 0])
  })

  it('begin a new 25 ms after each end', async () => {
    const { commit, clock, flushes, write } = desk()
    for (const n of [1, 2, 3]) {
      commit.lazily(() => write(n))
      await clock.advance(25)
      expect(flushes.length).toBe(n)
    }
  })

  it('make nobody wait for more than what was waited for before', async () => {
    const { commit, write } = desk()
    commit.tx(() => write(1))
    await settled()
    commit.lazily(() => write(2))
    expect(commit.position).toBe(1)
  })
})

describe('flush', () => {
  it('ends what is open, lazy writes too, and resolves when it is on disk', async () => {
    const { commit, clock, flushes, write } = desk()
    commit.lazily(() => write(1))
    let isDone = false
    void commit.flush().then(() => (isDone = true))
    expect([flushes.length, clock.pending]).toEqual([1, 0])
    await settled()
    expect(isDone).toBe(false)
    flushes[0]!.resolve()
    await settled()
    expect([isDone, commit.settled]).toEqual([true, 1])
  })

  it('waits for what has ended before', async () => {
    const { commit, flushes, write } = desk()
    commit.tx(() => write(1))
    await settled()
    let isDone = false
    void commit.flush().then(() => (isDone = true))
    await settled()
    expect([flushes.length, isDone]).toEqual([1, false])
    flushes[0]!.resolve()
    await settled()
    expect(isDone).toBe(true)
  })

  it('has nothing to do when nothing was written', async () => {
    const { commit, flushes } = desk()
    await commit.flush()
    expect(flushes).toEqual([])
  })
})

describe('a disk that fails', () => {
  it('is reported, and whoever waits is told', async () => {
    const { commit, errors, flushes, write } = desk()
    commit.tx(() => write(1))
    await settled()
    const waiting = commit.reached(commit.position)
    flushes[0]!.reject(new Error('disk full'))
    await waiting
    expect([commit.failures, commit.settled, commit.rollbacks]).toEqual([1, 1, 0])
    expect(errors).toEqual([new Error('disk full')])
  })

  it('does not stop the writes after it', async () => {
    const { commit, flushes, write, facts } = desk()
    commit.tx(() => write(1))
    await settled()
    flushes[0]!.reject(new Error('disk full'))
    await settled()
    commit.tx(() => write(2))
    await settled()
    flushes[1]!.resolve()
    await commit.reached(2)
    expect([commit.failures, commit.settled, facts()]).toEqual([1, 2, [1, 2]])
  })

  it('takes a group back that cannot be ended, and says so to those who remember', async () => {
    const { sql, commit, errors, flushes, write, facts, isIdle } = desk()
    sql.exec('PRAGMA foreign_keys = ON; CREATE TABLE parts (n INTEGER REFERENCES facts (n) DEFERRABLE INITIALLY DEFERRED)')
    commit.tx(() => write(1))
    commit.tx(() => sql.run('INSERT INTO parts (n) VALUES (2)'))
    const waiting = commit.reached(commit.position)
    await settled()
    await waiting
    expect([facts(), flushes.length, isIdle()]).toEqual([[], 0, true])
    expect([commit.failures, commit.rollbacks, commit.settled, errors.length]).toEqual([1, 1, 1, 1])
    commit.tx(() => write(3))
    await settled()
    expect([facts(), flushes.length]).toEqual([[3], 1])
  })
})

describe('endings', () => {
  it('are called at the end of each transaction, inside it', () => {
    const { commit, write, facts } = desk()
    const order: string[] = []
    commit.beforeEnd(() => void order.push(`first, of ${facts().length}`))
    commit.beforeEnd(() => void order.push('second'))
    commit.tx(() => {
      write(1)
      commit.tx(() => write(2))
      order.push('work')
    })
    commit.lazily(() => write(3))
    expect(order).toEqual(['work', 'first, of 2', 'second', 'first, of 3', 'second'])
  })

  it('write with the transaction: all or nothing', () => {
    const { commit, write, facts } = desk()
    let isBroken = false
    commit.beforeEnd(() => {
      write(facts().length + 100)
      if (isBroken) refuse()
    })
    commit.tx(() => write(1))
    expect(facts()).toEqual([1, 101])
    isBroken = true
    expect(() => commit.tx(() => write(2))).toThrow('refused')
    expect([facts(), commit.rollbacks]).toEqual([[1, 101], 1])
  })

  it('are not called for work that failed', () => {
    const { commit } = desk()
    let called = 0
    commit.beforeEnd(() => void called++)
    expect(() => commit.tx(refuse)).toThrow('refused')
    expect(called).toBe(0)
  })
})

describe('where the runtime holds back every answer itself', () => {
  const ungrouped = (sql: Sql): Sql => {
    const { group: _, ...rest } = sql
    return rest
  }

  it('there is nothing to wait for', async () => {
    const { commit, clock, flushes, write, facts, isIdle } = desk(ungrouped)
    commit.tx(() => write(1))
    commit.lazily(() => write(2))
    expect([facts(), isIdle()]).toEqual([[1, 2], true])
    expect([commit.position, commit.settled, clock.pending]).toEqual([0, 0, 0])
    await commit.reached(commit.position)
    await commit.flush()
    expect(flushes).toEqual([])
  })

  it('a transaction is all or nothing, and its endings are part of it', () => {
    const { commit, write, facts } = desk(ungrouped)
    expect(() => commit.tx(() => (write(1), commit.tx(() => write(2)), refuse()))).toThrow('refused')
    expect([facts(), commit.rollbacks]).toEqual([[], 1])
    commit.beforeEnd(() => write(9))
    commit.tx(() => write(1))
    expect(facts()).toEqual([1, 9])
  })
})

describe('whatever happens, in whatever order', () => {
  const action = fc.oneof(
    { weight: 5, arbitrary: fc.record({ kind: fc.constantFrom('tx' as const, 'lazily' as const), fails: fc.boolean(), inner: fc.boolean() }) },
    { weight: 3, arbitrary: fc.record({ kind: fc.constant('advance' as const), ms: fc.constantFrom(0, 0, 10, 25) }) },
    { weight: 3, arbitrary: fc.record({ kind: fc.constant('flushed' as const), which: fc.nat(5), fails: fc.boolean() }) },
  )

  it('the database holds what succeeded, positions only grow, and everybody is told in the end', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(action, { maxLength: 30 }), async (actions) => {
        const { commit, clock, flushes, write, facts, isIdle } = desk()
        const kept: number[] = []
        const told = new Set<number>()
        const waited = new Set<number>()
        const ended = new Set<unknown>()
        let next = 0
        let failed = 0
        let position = 0
        let known = 0

        function attempt(kind: 'tx' | 'lazily', fails: boolean, inner: boolean) {
          const own = [++next, ...(inner ? [++next] : [])]
          try {
            commit[kind](() => {
              write(own[0]!)
              if (inner) commit.tx(() => write(own[1]!))
              if (fails) refuse()
            })
            kept.push(...own)
            if (kind === 'tx') expect(commit.position).toBeGreaterThan(commit.settled)
          } catch (error) {
            expect([fails, (error as Error).message]).toEqual([true, 'refused'])
            failed++
          }
        }

        function check() {
          expect(facts()).toEqual(kept)
          expect(commit.rollbacks).toBe(failed)
          expect(commit.position).toBeGreaterThanOrEqual(position)
          expect(commit.settled).toBeGreaterThanOrEqual(known)
          position = commit.position
          known = commit.settled
          for (const each of waited) expect(told.has(each)).toBe(each <= known)
          const own = position
          if (waited.has(own)) return
          waited.add(own)
          void commit.reached(own).then(() => told.add(own))
        }

        for (const each of actions) {
          if (each.kind === 'advance') await clock.advance(each.ms)
          else if (each.kind !== 'flushed') attempt(each.kind, each.fails, each.inner)
          else {
            const flush = flushes[each.which % Math.max(1, flushes.length)]
            if (flush && !ended.has(flush)) {
              ended.add(flush)
              if (each.fails) flush.reject(new Error('disk full'))
              else flush.resolve()
              await settled()
            }
          }
          check()
          await settled()
        }
        const last = commit.flush()
        for (const flush of flushes) flush.resolve()
        await last
        check()
        await settled()
        expect([commit.settled, isIdle(), clock.pending]).toEqual([commit.position, true, 0])
        for (const each of waited) expect(told.has(each)).toBe(true)
      }),
      { numRuns: 150 },
    )
  })
})

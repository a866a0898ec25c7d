// A restart: what stands against it, when it comes, and that it comes once.

import { describe, expect, it } from 'vitest'
import { createRestart } from '../../../src/services/operations/restart.ts'
import { foundation } from '../../harness/foundation.ts'

function create({ possible = true, fails = false } = {}) {
  const { clock, log, logged } = foundation()
  const restarted: string[] = []
  const host = possible
    ? {
        restart(reason: string) {
          if (fails) throw new Error('no')
          restarted.push(reason)
        },
      }
    : {}
  const restart = createRestart({ host, clock, log })
  const work = { runs: 0, jobs: 0 }
  restart.deferFor('embedded-run', (count) => `${count} run(s)`, () => work.runs)
  restart.deferFor('cron-run', (count) => `${count} job(s)`, () => work.jobs)
  return { restart, clock, logged, restarted, work }
}

it('tells what it would interrupt', () => {
  const { restart, work } = create()
  expect(restart.preflight()).toEqual({ safe: true, blockers: [], summary: 'safe to restart now' })
  work.runs = 2
  work.jobs = 1
  expect(restart.preflight()).toEqual({
    safe: false,
    blockers: [{ kind: 'embedded-run', count: 2, message: '2 run(s)' }, { kind: 'cron-run', count: 1, message: '1 job(s)' }],
    summary: 'restart deferred: 2 run(s); 1 job(s)',
  })
})

describe('a restart that is asked for', () => {
  it('comes a moment later, so that the answer still goes out', async () => {
    const { restart, clock, restarted } = create()
    expect(restart.request('why')).toEqual({ reason: 'why', at: clock.now() + 500, coalesced: false })
    await clock.advance(499)
    expect(restarted).toEqual([])
    await clock.advance(1)
    expect(restarted).toEqual(['why'])
    expect(clock.pending).toBe(0)
  })

  it('comes once, however many ask', async () => {
    const { restart, clock, restarted } = create()
    const first = restart.request('one', 1000)
    expect(restart.request('two', 0)).toEqual({ ...first, coalesced: true })
    await clock.advance(5000)
    expect(restarted).toEqual(['one'])
    restart.request('three', 0)
    await clock.advance(1)
    expect(restarted).toEqual(['one', 'three'])
  })

  it('waits for what is in the works', async () => {
    const { restart, clock, restarted, work } = create()
    work.runs = 1
    restart.request('why', 0)
    await clock.advance(60_000)
    expect(restarted).toEqual([])
    work.runs = 0
    await clock.advance(500)
    expect(restarted).toEqual(['why'])
  })

  it('does not wait for ever', async () => {
    const { restart, clock, restarted, logged, work } = create()
    work.jobs = 1
    restart.request('why', 0)
    await clock.advance(5 * 60_000 - 1)
    expect(restarted).toEqual([])
    await clock.advance(1000)
    expect(restarted).toEqual(['why'])
    expect(logged.at(-1)!.message).toContain('it has waited long enough')
  })

  it('is called off when the gateway ends anyway', async () => {
    const { restart, clock, restarted } = create()
    restart.request('why')
    restart.end()
    await clock.advance(5000)
    expect(restarted).toEqual([])
  })

  it('ends nothing when it fails', async () => {
    const { restart, clock, logged } = create({ fails: true })
    restart.request('why', 0)
    await clock.advance(1)
    expect(logged.at(-1)).toMatchObject({ level: 'error', message: 'the gateway could not restart' })
  })

  it('is refused where there is no process to do it', () => {
    const { restart } = create({ possible: false })
    expect(restart.possible).toBe(false)
    expect(() => restart.request('why')).toThrow('cannot restart by itself')
  })
})

// Promises that give up, and lanes: order inside a lane, width across lanes.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { abortable, createLanes } from '../../src/kit/async.ts'
import { settled } from '../harness/clock.ts'

describe('abortable', () => {
  it('resolves and rejects as the work does', async () => {
    const { signal } = new AbortController()
    expect(await abortable(Promise.resolve('done'), signal)).toBe('done')
    await expect(abortable(Promise.reject(new Error('broken')), signal)).rejects.toThrow('broken')
  })

  it('rejects with the reason as soon as the signal aborts, whatever the work does', async () => {
    const controller = new AbortController()
    const waiting = abortable(new Promise(() => {}), controller.signal)
    controller.abort(new Error('the connection was closed'))
    await expect(waiting).rejects.toThrow('the connection was closed')
  })

  it('rejects at once when the signal has aborted before', async () => {
    await expect(abortable(new Promise(() => {}), AbortSignal.abort(new Error('too late')))).rejects.toThrow('too late')
  })

  it('keeps what the work did before the abort', async () => {
    const controller = new AbortController()
    const waiting = abortable(Promise.resolve(1), controller.signal)
    await settled()
    controller.abort(new Error('too late'))
    expect(await waiting).toBe(1)
  })

  it('leaves no failure of the work unheard, before and after the abort', async () => {
    const unheard: unknown[] = []
    const listener = (error: unknown) => void unheard.push(error)
    process.on('unhandledRejection', listener)
    try {
      const controller = new AbortController()
      const work = Promise.withResolvers<void>()
      const waiting = abortable(work.promise, controller.signal)
      controller.abort(new Error('aborted'))
      await expect(waiting).rejects.toThrow('aborted')
      work.reject(new Error('failed after the abort'))
      await expect(abortable(Promise.reject(new Error('failed under an abort')), controller.signal)).rejects.toThrow('aborted')
      await settled()
    } finally {
      process.off('unhandledRejection', listener)
    }
    expect(unheard).toEqual([])
  })
})

interface Step {
  readonly lane: string
  readonly done: PromiseWithResolvers<void>
}

/** Lanes whose work is done when the test says so. */
function workshop(width: () => number) {
  const lanes = createLanes(width)
  const started: string[] = []
  const running: Step[] = []
  return {
    lanes,
    started,
    running,
    add(lane: string, name: string) {
      return lanes.run(lane, () => {
        const step = { lane, done: Promise.withResolvers<void>() }
        started.push(name)
        running.push(step)
        return step.done.promise
      })
    },
    async finish(at: number) {
      running.splice(at, 1)[0]!.done.resolve()
      await settled()
    },
  }
}

describe('lanes', () => {
  it('runs the work of one lane one at a time, in order', async () => {
    const { add, finish, started, lanes } = workshop(() => 10)
    for (const name of ['a1', 'a2', 'a3']) add('a', name)
    expect(started).toEqual(['a1'])
    expect(lanes.depth('a')).toBe(3)
    await finish(0)
    expect(started).toEqual(['a1', 'a2'])
    await finish(0)
    await finish(0)
    expect(started).toEqual(['a1', 'a2', 'a3'])
    expect([lanes.depth('a'), lanes.size]).toEqual([0, 0])
  })

  it('starts at once where a lane and its width have room', () => {
    const { add, started } = workshop(() => 2)
    add('a', 'a1')
    add('b', 'b1')
    add('c', 'c1')
    expect(started).toEqual(['a1', 'b1'])
  })

  it('takes the lanes in the order in which they became ready', async () => {
    const { add, finish, started } = workshop(() => 1)
    for (const name of ['a1', 'a2', 'b1', 'c1']) add(name[0]!, name)
    for (let left = 4; left > 0; left--) await finish(0)
    expect(started).toEqual(['a1', 'b1', 'c1', 'a2'])
  })

  it('says whether a lane is free', async () => {
    const { add, finish, lanes } = workshop(() => 1)
    expect(lanes.isFree('a')).toBe(true)
    add('a', 'a1')
    expect([lanes.isFree('a'), lanes.isFree('b')]).toEqual([false, false])
    await finish(0)
    expect([lanes.isFree('a'), lanes.isFree('b')]).toEqual([true, true])
  })

  it('follows a width that changes: narrower at once, wider with the next work', async () => {
    let width = 3
    const { add, finish, running, lanes } = workshop(() => width)
    for (const lane of ['a', 'b', 'c', 'd', 'e']) add(lane, lane)
    expect(running.length).toBe(3)
    expect(lanes.running).toBe(3)
    width = 1
    await finish(0)
    await finish(0)
    expect(running.length).toBe(1)
    width = 3
    expect(lanes.isFree('f')).toBe(false) // others wait already, and come first
    add('f', 'f')
    expect(running.length).toBe(3)
  })

  it('goes on after work that waits for nothing', async () => {
    const lanes = createLanes(() => 1)
    const started: number[] = []
    for (let n = 0; n < 100; n++) lanes.run(`lane ${n % 7}`, async () => void started.push(n))
    await settled()
    expect(started.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 100 }, (_, n) => n))
    expect(lanes.size).toBe(0)
  })

  it('lets work go that waits, behind other work or for room, and no other', async () => {
    const { add, finish, started, lanes } = workshop(() => 1)
    const leave = ['a1', 'a2', 'a3', 'b1', 'c1'].map((name) => add(name[0]!, name))
    for (const at of [0, 1, 1, 3]) leave[at]!()
    expect([lanes.size, lanes.depth('a'), lanes.depth('b')], 'a1 runs already').toEqual([3, 2, 0])
    add('b', 'b2')
    for (let left = 4; left > 0; left--) await finish(0)
    expect(started).toEqual(['a1', 'c1', 'b2', 'a3'])
    leave[0]!()
    expect(lanes.size).toBe(0)
  })

  const action = fc.oneof(
    { weight: 3, arbitrary: fc.record({ add: fc.constantFrom('a', 'b', 'c', 'd') }) },
    { weight: 2, arbitrary: fc.record({ finish: fc.nat(7) }) },
    { weight: 1, arbitrary: fc.record({ leave: fc.nat(40) }) },
  )

  it('keeps order, width and counts for any course of events, and starves nobody', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 5 }), fc.array(action, { maxLength: 40 }), async (width, actions) => {
        const { lanes, add, finish, started, running } = workshop(() => width)
        const added: string[] = []
        const leaves = new Map<string, () => void>()
        const left = new Set<string>()
        let finished = 0

        function check() {
          const busy = running.map((step) => step.lane)
          expect(new Set(busy).size).toBe(busy.length)
          expect(lanes.size).toBe(added.length - finished - left.size)
          const depths = ['a', 'b', 'c', 'd'].map((lane) => lanes.depth(lane))
          expect(depths.reduce((sum, depth) => sum + depth, 0)).toBe(lanes.size)
          // As many run as the width and the lanes with work allow: never more, and none idles.
          expect(busy.length).toBe(Math.min(width, depths.filter((depth) => depth > 0).length))
          for (const [index, lane] of ['a', 'b', 'c', 'd'].entries()) {
            expect(lanes.isFree(lane)).toBe(busy.length < width && depths[index] === 0)
          }
        }

        for (const step of actions) {
          if ('add' in step) {
            const name = `${step.add}${added.length}`
            added.push(name)
            leaves.set(name, add(step.add, name))
          } else if ('leave' in step) {
            const name = added[step.leave % added.length]
            if (name !== undefined && !started.includes(name)) left.add(name)
            if (name !== undefined) leaves.get(name)!()
          } else if (running.length > 0) {
            finished++
            await finish(step.finish % running.length)
          }
          check()
        }
        while (running.length > 0) {
          finished++
          await finish(0)
          check()
        }
        const ofLane = (names: string[], lane: string) => names.filter((name) => name.startsWith(lane))
        for (const lane of ['a', 'b', 'c', 'd']) expect(ofLane(started, lane)).toEqual(ofLane(added, lane).filter((name) => !left.has(name)))
      }),
      { numRuns: 150 },
    )
  })
})

// How fast calls are taken in.

import { expect, it } from 'vitest'
import { createHookPace } from '../../../src/services/automation/hook-pace.ts'
import { fakeClock, settled } from '../../harness/clock.ts'

function make() {
  const clock = fakeClock()
  const turns: (() => void)[] = []
  const somebody = { waits: false }
  const pace = createHookPace({ clock: { ...clock, turn: (work) => void turns.push(work) }, yields: () => somebody.waits })
  const entered: number[] = []
  let count = 0
  return {
    clock,
    somebody,
    entered,
    pace,
    async enter(calls: number) {
      for (let n = 0; n < calls; n++) {
        const own = count++
        void pace.enter().then(() => entered.push(own))
      }
      await settled()
      return entered.length
    },
    async turn() {
      turns.shift()!()
      await settled()
      return entered.length
    },
  }
}

it('is a few in each turn of the event loop, in order', async () => {
  const { enter, turn, entered } = make()
  expect([await enter(5), await turn(), await turn(), await turn()]).toEqual([2, 4, 5, 5])
  expect(entered).toEqual([0, 1, 2, 3, 4])
  expect(await enter(3)).toBe(7)
})

it('is some together and then none for a while, where somebody waits for an answer', async () => {
  const { enter, clock, somebody, entered } = make()
  somebody.waits = true
  expect(await enter(20)).toBe(8)
  await clock.advance(19)
  expect(entered).toHaveLength(8)
  await clock.advance(1)
  expect(entered).toHaveLength(16)
  somebody.waits = false
  await clock.advance(20)
  expect(entered).toEqual(Array.from({ length: entered.length }, (_, n) => n))
  expect(entered.length).toBeGreaterThan(16)
})

it('has an end', async () => {
  const { pace } = make()
  const all = Array.from({ length: 10_002 }, () => pace.enter())
  await expect(Promise.race([pace.enter(), settled().then(() => 'waits')])).rejects.toThrow('too many hooks come at once')
  expect(all).toHaveLength(10_002)
})

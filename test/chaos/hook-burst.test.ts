// The short form of the burst; the long one is `node test/chaos/hook-burst.ts`.

import { expect, it } from 'vitest'
import { hookBurst } from './hook-burst.ts'

it('loses no hook and carries none out twice when it is killed in the middle of a burst', { timeout: 60_000 }, async () => {
  const summary = await hookBurst({ hooks: 200, turns: 3 })
  expect(summary).toMatchObject({ lost: 0, twice: 0 })
  expect(summary.acknowledged).toBeGreaterThan(250)
  expect(Object.keys(summary.states)).toEqual(['done'])
  expect(summary.beside.turns, 'the person was answered meanwhile').toBeGreaterThan(3)
})

// The simulation, short: what the full one in test/chaos/cron-simulation.ts does over a day.

import { expect, it } from 'vitest'
import { simulate } from './simulation.ts'

it('R10 starts no slot twice and accounts for each, over 20 deaths in six hours', async () => {
  const summary = await simulate({ jobs: 60, hours: 6, restarts: 20, seed: 7 })
  expect(summary).toMatchObject({ doubleStarts: 0, unaccounted: 0, accountedTwice: 0, stillOpen: 0 })
  expect(summary.runs).toBeGreaterThan(300)
  expect(summary.missed).toBeGreaterThan(10)
  expect(summary.deathsWhileWriting).toBeGreaterThan(0)
  expect(summary.interrupted).toBeGreaterThan(0)
}, 60_000)

// The short form of the day; the long one is `node test/chaos/cron-object.ts`.

import { expect, it } from 'vitest'
import { liveObjectDay } from './cron-object.ts'

it('R10 starts no slot of a Durable Object twice and accounts for each, while it dies again and again', { timeout: 60_000 }, async () => {
  const summary = await liveObjectDay({ jobs: 20, hours: 3, restarts: 6, seed: 1, speed: 1800 })
  expect(summary).toMatchObject({ doubleStarts: 0, unaccounted: 0, accountedTwice: 0, stillOpen: 0, cameBack: true })
  expect(summary.deaths + summary.kills).toBeGreaterThanOrEqual(6)
  expect(summary.deaths).toBeGreaterThan(0)
  expect(summary.kills).toBeGreaterThan(0)
  expect(summary.heard, 'most runs have reached the model').toBeGreaterThan(summary.runs / 2)
})

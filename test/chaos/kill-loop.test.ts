// The short form of the loop; the long one is `node test/chaos/kill-loop.ts`.

import { expect, it } from 'vitest'
import { killLoop } from './kill-loop.ts'

it('R1 R2 loses no acknowledged message and runs nothing twice while it is killed again and again', { timeout: 60_000 }, async () => {
  const summary = await killLoop({ sends: 150, clients: 10, kills: 4, seed: 1 })
  expect(summary.violations).toEqual([])
  expect(summary).toMatchObject({ acknowledged: 150, kills: 4 })
  expect(summary.retries, 'some acknowledgements were lost').toBeGreaterThan(0)
  expect(summary.joined, 'some became part of a run that went on').toBeGreaterThan(0)
})

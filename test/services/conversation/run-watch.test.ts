// The alarm that keeps runs going where the gateway may be put to sleep.

import { describe, expect, it } from 'vitest'
import { createLogger } from '../../../src/kit/log.ts'
import { createRunWatch } from '../../../src/services/conversation/run-watch.ts'
import { createWakeups } from '../../../src/services/operations/wakeups.ts'
import { fakeClock } from '../../harness/clock.ts'

function watch(hibernates: boolean) {
  const clock = fakeClock()
  const alarms: (number | null)[] = []
  const wakeups = createWakeups({ alarm: { set: (at) => void alarms.push(at) }, clock, log: createLogger('test', () => {}, clock.now) })
  return { clock, alarms, wakeups, watch: createRunWatch({ wakeups, clock, hibernates }) }
}

describe('where the gateway hibernates', () => {
  it('sets the alarm with the first run and takes it away with the last', () => {
    const { clock, alarms, watch: runs } = watch(true)
    for (const active of [1, 2, 1]) runs.onActivity(active)
    expect(alarms).toEqual([clock.now() + 30_000])
    runs.onActivity(0)
    expect(alarms).toEqual([clock.now() + 30_000, null])
  })

  it('sets it again each time it rings, as long as anything is in the works', async () => {
    const { clock, alarms, wakeups, watch: runs } = watch(true)
    runs.onActivity(1)
    for (let round = 1; round <= 3; round++) {
      await clock.advance(30_000)
      await wakeups.ring()
      expect(alarms.at(-1)).toBe(clock.now() + 30_000)
    }
    runs.onActivity(0)
    await clock.advance(30_000)
    await wakeups.ring()
    expect(alarms.at(-1)).toBeNull()
  })
})

it('sets no alarm where the process stays', () => {
  const { alarms, watch: runs } = watch(false)
  for (const active of [1, 2, 0]) runs.onActivity(active)
  expect(alarms).toEqual([])
})

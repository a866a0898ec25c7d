import { expect, it } from 'vitest'
import { startLimit } from '../../../src/services/conversation/run-limit.ts'
import { fakeClock } from '../../harness/clock.ts'

it('is over after its time, of which pauses are no part', async () => {
  const clock = fakeClock()
  let over = 0
  const limit = startLimit(clock, 1000, () => void over++)
  limit.go() // goes already
  await clock.advance(400)
  limit.pause()
  limit.pause()
  await clock.advance(10_000)
  limit.go()
  await clock.advance(599)
  expect(over).toBe(0)
  await clock.advance(1)
  expect(over).toBe(1)
})

it('is not over once it has ended', async () => {
  const clock = fakeClock()
  let over = 0
  startLimit(clock, 1000, () => void over++).end()
  await clock.advance(5000)
  expect({ over, pending: clock.pending }).toEqual({ over: 0, pending: 0 })
})

it('has nothing left when it was paused at its end', async () => {
  const clock = fakeClock()
  let over = 0
  const limit = startLimit(clock, 100, () => void over++)
  await clock.advance(99)
  limit.pause()
  limit.go()
  await clock.advance(1)
  expect(over).toBe(1)
})

// Waiting with a limit.

import { describe, expect, it } from 'vitest'
import { within } from '../../src/ports/clock.ts'
import { fakeClock } from '../harness/clock.ts'

const never = () => new Promise<never>(() => {})

describe('work with a limit', () => {
  it('is what it resolves to, and leaves no timer', async () => {
    const clock = fakeClock()
    expect(await within(clock, 10, new AbortController().signal, async () => 1)).toBe(1)
    await expect(within(clock, 10, new AbortController().signal, () => Promise.reject(new Error('own')))).rejects.toThrow('own')
    expect(clock.pending).toBe(0)
  })

  it('is given up when its time is over, and told so', async () => {
    const clock = fakeClock()
    let told: AbortSignal | undefined
    const work = within(clock, 10, new AbortController().signal, (signal) => ((told = signal), never()))
    const ended = expect(work).rejects.toThrow('no answer within 10 ms')
    await clock.advance(10)
    await ended
    expect(told!.aborted).toBe(true)
  })

  it('ends with whoever asked for it', async () => {
    const clock = fakeClock()
    const aborter = new AbortController()
    const work = within(clock, 10, aborter.signal, never)
    aborter.abort(new Error('gone'))
    await expect(work).rejects.toThrow('gone')
    await expect(within(clock, 10, aborter.signal, never)).rejects.toThrow('gone')
    expect(clock.pending).toBe(0)
  })
})

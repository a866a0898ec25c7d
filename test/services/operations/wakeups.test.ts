// Many wake-ups on one alarm: it is set to the earliest, and no wake-up can spoil another.

import { describe, expect, it } from 'vitest'
import { createWakeups } from '../../../src/services/operations/wakeups.ts'
import { settled } from '../../harness/clock.ts'
import { foundation } from '../../harness/foundation.ts'

function create() {
  const { clock, log, logged } = foundation()
  const set: (number | null)[] = []
  const wakeups = createWakeups({ alarm: { set: (at) => void set.push(at) }, clock, log })
  return { wakeups, clock, set, logged, start: clock.now() }
}

describe('the alarm', () => {
  it('is set to the earliest of all times, and only when that changes', () => {
    const { wakeups, set, start } = create()
    wakeups.set('late', start + 3000)
    wakeups.set('later', start + 5000)
    wakeups.set('early', start + 1000)
    wakeups.set('early', start + 1000)
    expect(set).toEqual([start + 3000, start + 1000])
  })

  it('follows a time that is moved, and one that is taken back', () => {
    const { wakeups, set, start } = create()
    wakeups.set('a', start + 1000)
    wakeups.set('b', start + 2000)
    wakeups.set('a', start + 4000)
    wakeups.set('b', null)
    wakeups.set('a', null)
    expect(set).toEqual([start + 1000, start + 2000, start + 4000, null])
  })

  it('is left alone when something is taken back that was never set', () => {
    const { wakeups, set } = create()
    wakeups.set('nothing', null)
    expect(set).toEqual([])
  })
})

describe('ringing', () => {
  it('does what is due and nothing else, once', async () => {
    const { wakeups, clock, set, start } = create()
    const done: string[] = []
    for (const name of ['first', 'second', 'third']) wakeups.on(name, () => void done.push(name))
    wakeups.set('first', start + 1000)
    wakeups.set('second', start + 1000)
    wakeups.set('third', start + 1001)
    await clock.advance(1000)
    await wakeups.ring()
    expect(done).toEqual(['first', 'second'])
    expect(set.at(-1)).toBe(start + 1001)
    await wakeups.ring()
    expect(done).toEqual(['first', 'second'])
  })

  it('sets the alarm again for the same time when it rang too early', async () => {
    const { wakeups, set, start } = create()
    wakeups.on('a', () => {})
    wakeups.set('a', start + 1000)
    await wakeups.ring()
    expect(set).toEqual([start + 1000, start + 1000]) // an alarm that rang is used up
  })

  it('leaves the alarm alone when nothing comes next', async () => {
    const { wakeups, clock, set, start } = create()
    wakeups.on('a', () => {})
    wakeups.set('a', start + 1000)
    await clock.advance(1000)
    await wakeups.ring()
    expect(set).toEqual([start + 1000])
  })

  it('keeps a time that the work itself sets', async () => {
    const { wakeups, clock, set, start } = create()
    wakeups.on('again', () => wakeups.set('again', clock.now() + 500))
    wakeups.set('again', start + 1000)
    await clock.advance(1000)
    await wakeups.ring()
    expect(set.at(-1)).toBe(start + 1500)
  })

  it('waits for work that takes its time', async () => {
    const { wakeups, start, clock } = create()
    const { promise, resolve } = Promise.withResolvers<void>()
    wakeups.on('slow', () => promise)
    wakeups.set('slow', start)
    let over = false
    const ringing = wakeups.ring().then(() => (over = true))
    await settled()
    expect(over).toBe(false)
    resolve()
    await ringing
    expect(over).toBe(true)
    expect(clock.pending).toBe(0)
  })

  it('does a wake-up that has nothing to do', async () => {
    const { wakeups, start, logged } = create()
    wakeups.set('nobody', start)
    await wakeups.ring()
    expect(logged).toEqual([])
  })

  it.each([
    ['throws', () => Promise.reject(new Error('broken'))],
    [
      'throws at once',
      () => {
        throw new Error('broken')
      },
    ],
  ])('does the others when one %s, says which, and keeps what comes next', async (_, fail) => {
    const { wakeups, clock, set, logged, start } = create()
    const done: string[] = []
    wakeups.on('one', () => void done.push('one'))
    wakeups.on('bad', fail)
    wakeups.on('two', async () => void done.push('two'))
    for (const name of ['one', 'bad', 'two']) wakeups.set(name, start + 1000)
    wakeups.set('next', start + 9000)
    await clock.advance(1000)
    await wakeups.ring()
    expect(done).toEqual(['one', 'two'])
    expect(set.at(-1)).toBe(start + 9000)
    expect(logged).toEqual([expect.objectContaining({ level: 'error', message: 'the wake-up "bad" failed', fields: { error: 'broken' } })])
  })

  it('does the others, and knows what comes next, while one does not end', async () => {
    const { wakeups, set, start } = create()
    const done: string[] = []
    wakeups.on('hangs', () => new Promise(() => {}))
    wakeups.on('other', () => void done.push('other'))
    wakeups.set('hangs', start)
    wakeups.set('other', start)
    wakeups.set('next', start + 9000)
    void wakeups.ring()
    await settled()
    expect(done).toEqual(['other'])
    expect(set.at(-1)).toBe(start + 9000)
  })
})

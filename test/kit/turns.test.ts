// Work that must not overlap.

import { expect, it } from 'vitest'
import { createTurns } from '../../src/kit/turns.ts'

it('runs one after the other, in order, whatever becomes of each', async () => {
  const turns = createTurns()
  const log: string[] = []
  const work = (name: string, fails = false) =>
    turns.take(async () => {
      log.push(`${name} begins`)
      await new Promise((resolve) => setImmediate(resolve))
      log.push(`${name} ends`)
      if (fails) throw new Error(name)
      return name
    })
  const results = await Promise.allSettled([work('a'), work('b', true), work('c')])
  expect(results.map((result) => (result.status === 'fulfilled' ? result.value : (result.reason as Error).message))).toEqual(['a', 'b', 'c'])
  expect(log).toEqual(['a begins', 'a ends', 'b begins', 'b ends', 'c begins', 'c ends'])
})

it('takes a throw before the first pause as a rejection', async () => {
  const turns = createTurns()
  const broken = turns.take(() => {
    throw new Error('at once')
  })
  await expect(broken).rejects.toThrow('at once')
  expect(await turns.take(async () => 1)).toBe(1)
})

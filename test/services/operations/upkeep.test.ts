// What is forgotten from time to time, by whoever knows what is old.

import { expect, it } from 'vitest'
import { createUpkeep } from '../../../src/services/operations/upkeep.ts'

it('does everything that was named, in order, each time, with the time', () => {
  const upkeep = createUpkeep()
  const done: unknown[] = []
  upkeep.run(1)
  upkeep.add((now) => void done.push(['first', now]))
  upkeep.add((now) => void done.push(['second', now]))
  upkeep.run(2)
  upkeep.run(3)
  expect(done).toEqual([['first', 2], ['second', 2], ['first', 3], ['second', 3]])
})

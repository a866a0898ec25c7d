import { expect, it } from 'vitest'
import { createLanes } from '../../src/kit/async.ts'

it('starts what waits when the width has grown', () => {
  let width = 1
  const lanes = createLanes(() => width)
  const started: string[] = []
  const start = (name: string) => () => {
    started.push(name)
    return new Promise<void>(() => {})
  }
  for (const name of ['a', 'b', 'c']) lanes.run(name, start(name))
  lanes.widened()
  expect(started, 'it has not grown').toEqual(['a'])
  width = 2
  lanes.widened()
  expect(started).toEqual(['a', 'b'])
})

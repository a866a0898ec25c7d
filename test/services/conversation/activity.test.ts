// Which sessions have a run in the works.

import { expect, it } from 'vitest'
import { createActivity } from '../../../src/services/conversation/activity.ts'

it('knows the runs of each session, in the order in which they began', () => {
  const activity = createActivity()
  activity.begin('a', 'run 1')
  activity.begin('b', 'run 2')
  activity.begin('a', 'run 3')
  expect(activity.runsOf('a')).toEqual(['run 1', 'run 3'])
  expect(activity.runsOf('b')).toEqual(['run 2'])
  expect(activity.runsOf('c')).toEqual([])
  expect(activity.count).toBe(3)
})

it('forgets a run once, however often it is said to have ended', () => {
  const activity = createActivity()
  activity.begin('a', 'run 1')
  activity.begin('a', 'run 2')
  activity.end('a', 'run 1')
  activity.end('a', 'run 1')
  activity.end('a', 'never begun')
  activity.end('nowhere', 'run 2')
  expect(activity.runsOf('a')).toEqual(['run 2'])
  expect(activity.count).toBe(1)
  activity.end('a', 'run 2')
  expect(activity.count).toBe(0)
})

it('gives away a copy', () => {
  const activity = createActivity()
  activity.begin('a', 'run 1')
  activity.runsOf('a').push('another')
  expect(activity.runsOf('a')).toEqual(['run 1'])
})

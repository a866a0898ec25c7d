// What has happened lately.

import { expect, it } from 'vitest'
import { createStability } from '../../../src/services/operations/stability.ts'
import { fakeClock } from '../../harness/clock.ts'

it('keeps the last thousand, and counts those before them', () => {
  const stability = createStability(fakeClock(5))
  for (let n = 0; n < 1002; n++) stability.note('a')
  stability.note('b', { source: 's', outcome: 'o' })
  expect(stability.report({ limit: 1 })).toEqual({
    capacity: 1000,
    count: 1000,
    dropped: 3,
    firstSeq: 4,
    lastSeq: 1003,
    events: [{ seq: 1003, ts: 5, type: 'b', source: 's', outcome: 'o' }],
    byType: { a: 999, b: 1 },
  })
})

it('shows those of one kind, and those since a number', () => {
  const stability = createStability(fakeClock())
  for (const type of ['a', 'b', 'a', 'b']) stability.note(type)
  expect(stability.report({ limit: 9, type: 'a' }).events.map(({ seq }) => seq)).toEqual([1, 3])
  expect(stability.report({ limit: 9, sinceSeq: 2 }).events.map(({ seq }) => seq)).toEqual([3, 4])
})

it('counts troubles of the log, and none of its words', () => {
  const stability = createStability(fakeClock())
  for (const level of ['debug', 'info', 'warn', 'error'] as const) stability.logged({ at: 1, level, scope: 'gateway/x', message: 'a secret' })
  const report = stability.report({ limit: 9 })
  expect(report.byType).toEqual({ 'log.warn': 1, 'log.error': 1 })
  expect(JSON.stringify(report)).not.toContain('secret')
})

it('has nothing to tell at first', () => {
  expect(createStability(fakeClock()).report({ limit: 1 })).toMatchObject({ count: 0, dropped: 0, firstSeq: undefined, lastSeq: undefined, events: [] })
})

// What services tell of themselves.

import { expect, it } from 'vitest'
import { createVitals } from '../../../src/services/operations/vitals.ts'

it('says that there is nothing until somebody says otherwise', () => {
  const vitals = createVitals()
  expect(vitals.heartbeatOf('main')).toEqual({ enabled: false, every: 'disabled', everyMs: null, prompt: '', target: 'none', ackMaxChars: 0 })
  expect(vitals.queuedEvents()).toEqual([])
})

it('asks each source for its own part', () => {
  const vitals = createVitals()
  vitals.tell({ queuedEvents: () => ['a'] })
  vitals.tell({ heartbeatOf: (agentId) => ({ enabled: true, every: '5m', everyMs: 300_000, prompt: agentId, target: 'owner', ackMaxChars: 1 }) })
  expect(vitals.queuedEvents()).toEqual(['a'])
  expect(vitals.heartbeatOf('second')).toMatchObject({ enabled: true, prompt: 'second' })
})

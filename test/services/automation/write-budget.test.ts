// How often a client may change jobs.

import { expect, it } from 'vitest'
import { createWriteBudget } from '../../../src/services/automation/write-budget.ts'
import { fakeClock } from '../../harness/clock.ts'

it('allows thirty calls of a method in a minute, to each client for itself', async () => {
  const clock = fakeClock()
  const budget = createWriteBudget(clock)
  for (let n = 0; n < 30; n++) budget.spend('cron.add', 'one')
  await clock.advance(10_000)
  expect(() => budget.spend('cron.add', 'one')).toThrow('rate limit exceeded for cron.add; retry after 50s')
  expect(() => budget.spend('cron.remove', 'one')).not.toThrow()
  expect(() => budget.spend('cron.add', 'two')).not.toThrow()
  await clock.advance(50_000)
  expect(() => budget.spend('cron.add', 'one')).not.toThrow()
})

it('says when to come back', () => {
  const budget = createWriteBudget(fakeClock())
  for (let n = 0; n < 30; n++) budget.spend('cron.run', 'one')
  try {
    budget.spend('cron.run', 'one')
    expect.unreachable()
  } catch (error) {
    expect(error).toMatchObject({ code: 'UNAVAILABLE', retryable: true, options: { retryAfterMs: 60_000, details: { method: 'cron.run', limit: '30 per 60s' } } })
  }
})

it('remembers a bounded number of clients, those of the last calls', () => {
  const budget = createWriteBudget(fakeClock())
  for (let n = 0; n < 30; n++) budget.spend('cron.add', 'busy')
  for (let n = 0; n < 999; n++) budget.spend('cron.add', `client ${n}`)
  expect(() => budget.spend('cron.add', 'busy')).toThrow('rate limit')
  for (let n = 999; n < 2000; n++) budget.spend('cron.add', `client ${n}`)
  expect(() => budget.spend('cron.add', 'busy')).not.toThrow()
})

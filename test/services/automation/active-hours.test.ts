// The hours in which an agent may speak up.

import { expect, it } from 'vitest'
import { isActive } from '../../../src/services/automation/active-hours.ts'

const at = (time: string) => Date.parse(`2026-07-01T${time}Z`)
const day = { start: '08:00', end: '22:00', timezone: 'UTC' }

it('begins with its first minute, and ends before its last', () => {
  expect(['07:59:59', '08:00:00', '21:59:59', '22:00:00'].map((time) => isActive(day, at(time)))).toEqual([false, true, true, false])
})

it('goes over midnight', () => {
  const night = { start: '22:00', end: '06:30', timezone: 'UTC' }
  expect(['21:59:00', '23:00:00', '00:00:00', '06:29:00', '06:30:00', '12:00:00'].map((time) => isActive(night, at(time)))).toEqual([false, true, true, true, false, false])
})

it('is in the time of its zone', () => {
  expect(isActive({ ...day, timezone: 'Europe/Berlin' }, at('06:30:00'))).toBe(true)
  expect(isActive({ ...day, timezone: 'America/New_York' }, at('08:30:00'))).toBe(false)
})

it('may be the whole day', () => {
  expect(isActive({ ...day, start: '00:00', end: '24:00' }, at('23:59:00'))).toBe(true)
  expect(isActive({ ...day, start: '09:00', end: '09:00' }, at('03:00:00'))).toBe(true)
})

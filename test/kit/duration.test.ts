// Spans of time and time zones as people write them.

import { expect, it } from 'vitest'
import { parseDuration } from '../../src/kit/duration.ts'
import { isZone, zoneHere } from '../../src/kit/zone.ts'

it.each([
  ['30m', 1_800_000],
  ['1h30m', 5_400_000],
  ['90s', 90_000],
  ['7d', 604_800_000],
  ['0m', 0],
  ['250ms', 250],
  ['1.5h', 5_400_000],
  [' 1h 5m ', 3_900_000],
  ['15', 900_000],
])('%s is %d ms', (text, ms) => expect(parseDuration(text)).toBe(ms))

it.each(['', 'm', '5 weeks', '-5m', '5m!', '1e3', 'never', '99999999999999999d'])('%j is none', (text) => expect(parseDuration(text)).toBeNull())

it('knows zones by their names', () => {
  expect(['UTC', 'Europe/Stockholm', 'Mars/Base', ''].map(isZone)).toEqual([true, true, false, false])
  expect(isZone(zoneHere())).toBe(true)
})

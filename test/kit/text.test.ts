// Cuts that go through no character.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { firstUnits } from '../../src/kit/text.ts'

describe('the beginning of a text', () => {
  it('is as long as asked for, or one shorter, and whole characters of it', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 30 }), fc.nat(70), (text, units) => {
        const beginning = firstUnits(text, units)
        expect(text.startsWith(beginning)).toBe(true)
        expect(beginning.isWellFormed()).toBe(true)
        expect(beginning.length).toBeLessThanOrEqual(units)
        expect(beginning.length).toBeGreaterThanOrEqual(Math.min(units, text.length) - 1)
      }),
      { numRuns: 1000 },
    )
  })

  it('is the text where that is short', () => {
    expect(['', 'ab', 'a🦀'].map((text) => firstUnits(text, 3))).toEqual(['', 'ab', 'a🦀'])
  })

  it('has a character whole or not at all', () => {
    expect([0, 1, 2, 3, 4].map((units) => firstUnits('a🦀b', units))).toEqual(['', 'a', 'a', 'a🦀', 'a🦀b'])
  })
})

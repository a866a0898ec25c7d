// Lines for lists.

import { expect, it } from 'vitest'
import { toPreview, toTitle } from '../../../src/services/conversation/session-text.ts'

it('are one line, cut where they are too long', () => {
  expect(toTitle('  two\n\n lines ')).toBe('two lines')
  expect(toTitle('x'.repeat(80))).toBe('x'.repeat(80))
  expect(toTitle('x'.repeat(81))).toBe(`${'x'.repeat(79)}…`)
  expect(toPreview('x'.repeat(201))).toBe(`${'x'.repeat(199)}…`)
})

it('are cut through no character', () => {
  expect(toTitle(`${'x'.repeat(78)}😀😀`)).toBe(`${'x'.repeat(78)}…`)
})

// Addresses that open a canvas.

import { expect, it } from 'vitest'
import { createCanvasCapabilities } from '../../../src/services/fleet/canvas-capability.ts'
import { foundation } from '../../harness/foundation.ts'

it('open what they were made for, until they are over, also after a sleep', async () => {
  const base = foundation()
  const capability = await createCanvasCapabilities(base).make('Ünï', base.clock.now() + 1000)
  const awake = createCanvasCapabilities(base)
  expect(await awake.read(capability)).toBe('Ünï')
  await base.clock.advance(999)
  expect(await awake.read(capability)).toBe('Ünï')
  await base.clock.advance(1)
  expect(await awake.read(capability)).toBeNull()
})

it('are not made by anybody else', async () => {
  const base = foundation()
  const own = createCanvasCapabilities(base)
  expect(await own.read('bWFpbg.9999999999999.AAAA')).toBeNull()
  const capability = await own.make('main', 9_999_999_999_999)
  const [agent, until, signature] = capability.split('.') as [string, string, string]
  const other = await createCanvasCapabilities(foundation()).make('main', 9_999_999_999_999)
  const wrong = [other, '', '.', '..', 'x', '__proto__', `${agent}.${until}`, `${agent}.${until}.`, `bWFpbjI.${until}.${signature}`, `${agent}.9999999999998.${signature}`, `${agent}.0${until}.${signature}`, `${capability}A`, `${capability}.A`, capability.toLowerCase(), 'A'.repeat(5000)]
  for (const each of wrong) expect(await own.read(each), each).toBeNull()
  expect(await own.read(capability)).toBe('main')
})

// The picture of a setup code.

import { expect, it } from 'vitest'
import { toQrDataUrl } from '../../../src/services/identity/setup-qr.ts'

it('is as large as a data URL may be, whatever the text', () => {
  const widthOf = (url: string) => Buffer.from(url.slice('data:image/png;base64,'.length), 'base64').readUInt32BE(16)
  let last = 0
  for (const length of [1, 100, 250, 1000, 2953]) {
    const url = toQrDataUrl('x'.repeat(length))!
    expect(url).toMatch(/^data:image\/png;base64,/)
    expect(url.length).toBeLessThanOrEqual(16_384)
    expect(widthOf(url)).toBeGreaterThan(100)
    last = widthOf(url)
  }
  expect(last).toBeGreaterThan(180)
})

it('is none of a text that no code holds', () => {
  expect(toQrDataUrl('x'.repeat(2954))).toBeNull()
  expect(toQrDataUrl('é'.repeat(2000))).toBeNull()
})

// Keys that reach a prototype are told from those that do not.

import fc from 'fast-check'
import { expect, it } from 'vitest'
import { isDangerousKey } from '../../src/kit/keys.ts'

it('names the three keys by which a prototype is reached', () => {
  for (const key of ['__proto__', 'constructor', 'prototype']) expect(isDangerousKey(key)).toBe(true)
})

it('lets every other key through', () => {
  for (const key of ['', 'proto', '__PROTO__', ' __proto__', 'constructors', 'toString']) expect(isDangerousKey(key), key).toBe(false)
  fc.assert(
    fc.property(fc.string(), (key) => {
      fc.pre(!['__proto__', 'constructor', 'prototype'].includes(key))
      expect(isDangerousKey(key)).toBe(false)
    }),
  )
})

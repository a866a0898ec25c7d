import fc from 'fast-check'
import { expect, it } from 'vitest'
import { fitsWildcard } from '../../src/kit/wildcard.ts'

it.each([
  ['abc', 'abc', true], ['abc', 'abcd', false], ['*', '', true], ['a*', 'abc', true], ['*c', 'abc', true], ['a*c', 'ac', true], ['a*a', 'a', false],
  ['a*b*c', 'a-b-b-c', true], ['a*b*c', 'a-c', false], ['*b*', 'abc', true], ['a.c', 'abc', false], ['**', 'x', true],
] as const)('%s and %s: %s', (pattern, text, fits) => { // prettier-ignore
  expect(fitsWildcard(pattern, text)).toBe(fits)
})

it('is what an expression would be', () => {
  const letters = fc.string({ unit: fc.constantFrom('a', 'b', '*'), maxLength: 8 })
  const text = fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 8 })
  fc.assert(fc.property(letters, text, (pattern, given) => void expect(fitsWildcard(pattern, given)).toBe(new RegExp(`^${pattern.replaceAll('*', '.*')}$`).test(given))))
})

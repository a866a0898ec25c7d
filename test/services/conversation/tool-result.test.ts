import { expect, it } from 'vitest'
import { failed, Shown, toResult } from '../../../src/services/conversation/tool-result.ts'

const image = { mimeType: 'image/png', base64: 'AAAA' }

it('shows values as JSON, text as it is, and nothing as null', () => {
  expect(toResult({ a: 1 })).toEqual({ text: '{"a":1}', isError: false, result: { a: 1 } })
  expect(toResult('so "it" is')).toEqual({ text: 'so "it" is', isError: false, result: 'so "it" is' })
  expect(toResult(undefined).text).toBe('null')
})

it('shows pictures, four at most, and tells programs the details', () => {
  const result = toResult(new Shown('look', { images: Array.from({ length: 6 }, () => image), details: { n: 6 } }))
  expect(result).toEqual({ text: 'look', isError: false, images: [image, image, image, image], result: { n: 6 } })
})

it('says what went wrong', () => {
  expect(toResult(new Shown('no', { isError: true }))).toEqual({ text: 'no', isError: true, problem: 'failed' })
  expect(failed('why', 'invalid')).toEqual({ text: 'why', isError: true, problem: 'invalid' })
})

it('is cut where it is too long, and not within a character', () => {
  expect(toResult('x'.repeat(70_000)).text).toBe(`${'x'.repeat(64_000)}… (cut)`)
  expect(toResult(new Shown(`${'x'.repeat(63_999)}🦀`)).text).toBe(`${'x'.repeat(63_999)}… (cut)`)
})

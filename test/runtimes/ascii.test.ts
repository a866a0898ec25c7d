// What is built says the same in ASCII.

import { runInNewContext } from 'node:vm'
import { expect, it } from 'vitest'
import { toAscii } from '../../runtimes/node/ascii.ts'

it.each(['"é …"', '`„${1}“`', '/[ä-ü]+/.source', '/\\p{L}😀/u.test("x😀")', '"plain"', '"\\u00e9"'])('%s is what it was', (code) => {
  const written = toAscii(code)
  // eslint-disable-next-line no-control-regex
  expect(written).toMatch(/^[\u0000-\u007f]*$/)
  const run = (text: string): unknown => runInNewContext(text)
  expect(JSON.stringify(run(written)).replaceAll(/\\\\u([0-9a-f]{4})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))).toBe(JSON.stringify(run(code)))
})

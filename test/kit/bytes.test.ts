// Bytes, digests, and the comparison of secrets, each against what Node itself says.

import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { exceedsBytes, fromBase64, fromBase64Url, joinBytes, secretsEqual, sha256, sha256Hex, toBase64, toBase64Url, toHex, toUtf8 } from '../../src/kit/bytes.ts'

const bytes = fc.uint8Array({ maxLength: 200 })
/** Any text at all: half of a surrogate pair, too. */
const text = fc.array(fc.oneof(fc.nat(0x7f), fc.nat(0xffff)), { maxLength: 60 }).map((units) => String.fromCharCode(...units))

describe('base64', () => {
  it('is what Node writes, and reads back, for any bytes', () => {
    fc.assert(
      fc.property(bytes, (data) => {
        expect(toBase64(data)).toBe(Buffer.from(data).toString('base64'))
        expect(toBase64Url(data)).toBe(Buffer.from(data).toString('base64url'))
        expect(fromBase64(toBase64(data))).toEqual(new Uint8Array(data))
        expect(fromBase64Url(toBase64Url(data))).toEqual(new Uint8Array(data))
      }),
    )
  })

  it('takes base64url with padding as well', () => {
    fc.assert(
      fc.property(bytes, (data) => {
        const padded = Buffer.from(data).toString('base64').replaceAll('+', '-').replaceAll('/', '_')
        expect(fromBase64Url(padded)).toEqual(new Uint8Array(data))
      }),
    )
  })

  it('never throws, whatever the text: what is not base64 is null', () => {
    fc.assert(
      fc.property(text, (given) => {
        const decoded = fromBase64Url(given)
        if (decoded === null) return
        expect(given).toMatch(/^[A-Za-z0-9_-]*={0,2}$/)
        expect(toBase64Url(decoded).length).toBe(given.replaceAll('=', '').length)
      }),
      { numRuns: 1000 },
    )
    for (const wrong of ['a', 'ab+/', 'ab c', 'ab=c', 'abc==', '====', 'ü']) expect(fromBase64Url(wrong), wrong).toBeNull()
    for (const wrong of ['a', 'ab-_', 'ab=c', '*']) expect(fromBase64(wrong), wrong).toBeNull()
  })

  it('takes more bytes than a call has arguments', () => {
    const data = new Uint8Array(300_001).map((_, index) => index * 7)
    expect(toBase64(data)).toBe(Buffer.from(data).toString('base64'))
    expect(fromBase64(toBase64(data))).toEqual(data)
  })
})

describe('digests', () => {
  it('are those of Node', async () => {
    await fc.assert(
      fc.asyncProperty(bytes, async (data) => {
        const expected = createHash('sha256').update(data).digest('hex')
        expect(await sha256Hex(new Uint8Array(data))).toBe(expected)
        expect(toHex(await sha256(new Uint8Array(data)))).toBe(expected)
      }),
    )
  })

  it('of a text is the digest of its UTF-8', async () => {
    expect(await sha256Hex('grüße')).toBe(await sha256Hex(toUtf8('grüße')))
    expect(await sha256Hex('')).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855')
  })
})

describe('exceedsBytes', () => {
  it('is what the encoded text says, for any text and limit', () => {
    fc.assert(
      fc.property(text, fc.nat(200), (given, limit) => {
        expect(exceedsBytes(given, limit)).toBe(toUtf8(given).byteLength > limit)
      }),
      { numRuns: 1000 },
    )
  })

  it('is exact at the limit', () => {
    expect([exceedsBytes('€€', 6), exceedsBytes('€€', 5), exceedsBytes('', 0), exceedsBytes('😀', 4), exceedsBytes('😀', 3)]).toEqual([
      false,
      true,
      false,
      false,
      true,
    ])
  })
})

describe('secretsEqual', () => {
  it('is equality, for any two texts', () => {
    fc.assert(
      fc.property(text, text, (a, b) => {
        expect(secretsEqual(a, b)).toBe(a === b && b !== '')
        expect(secretsEqual(a, a)).toBe(a !== '')
      }),
      { numRuns: 1000 },
    )
  })

  it('notices one changed, added or missing character, wherever it is', () => {
    const secret = fc.string({ minLength: 1, maxLength: 50 })
    fc.assert(
      fc.property(secret, fc.nat(), fc.nat({ max: 0xfffe }), (known, position, by) => {
        const at = position % known.length
        const other = String.fromCharCode((known.charCodeAt(at) + 1 + by) % 0x1_0000)
        expect(secretsEqual(known.slice(0, at) + other + known.slice(at + 1), known)).toBe(false)
        expect(secretsEqual(known.slice(0, at) + known.slice(at + 1), known)).toBe(false)
        expect(secretsEqual(known.slice(0, at) + other + known.slice(at), known)).toBe(false)
      }),
      { numRuns: 1000 },
    )
  })

  it('is not taken in by repetition: a secret said twice is not the secret', () => {
    expect(secretsEqual('abab', 'ab')).toBe(false)
    expect(secretsEqual('ab', 'abab')).toBe(false)
  })

  it('lets nobody in where no secret is set', () => {
    expect([secretsEqual('', ''), secretsEqual('x', ''), secretsEqual('\0', '')]).toEqual([false, false, false])
  })
})

it('joins bytes', () => {
  expect(joinBytes([])).toEqual(new Uint8Array())
  expect(joinBytes([new Uint8Array([1, 2]), new Uint8Array(), new Uint8Array([3])])).toEqual(new Uint8Array([1, 2, 3]))
})

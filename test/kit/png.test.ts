// A picture that any reader can open: decoded here with what Node has.

import { inflateSync, crc32 } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { toPng } from '../../src/kit/png.ts'

/** The chunks of a PNG, each with its checksum checked. */
function chunksOf(png: Uint8Array): Map<string, Buffer> {
  const bytes = Buffer.from(png)
  expect(bytes.subarray(0, 8)).toEqual(Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]))
  const chunks = new Map<string, Buffer>()
  for (let at = 8; at < bytes.length; ) {
    const length = bytes.readUInt32BE(at)
    const body = bytes.subarray(at + 4, at + 8 + length)
    expect(bytes.readUInt32BE(at + 8 + length)).toBe(crc32(body))
    chunks.set(body.subarray(0, 4).toString('latin1'), Buffer.from(body.subarray(4)))
    at += 12 + length
  }
  return chunks
}

/** The cells of a picture, true is black. */
function cellsOf(png: Uint8Array, scale: number): boolean[][] {
  const chunks = chunksOf(png)
  expect([...chunks.keys()]).toEqual(['IHDR', 'IDAT', 'IEND'])
  const header = chunks.get('IHDR')!
  const [width, height] = [header.readUInt32BE(0), header.readUInt32BE(4)]
  expect([...header.subarray(8)]).toEqual([1, 0, 0, 0, 0]) // one bit, grey
  const data = inflateSync(chunks.get('IDAT')!)
  const lineBytes = 1 + Math.ceil(width / 8)
  expect(data.length).toBe(lineBytes * height)
  const isBlack = (x: number, y: number) => ((data[y * lineBytes + 1 + (x >> 3)]! >> (7 - (x & 7))) & 1) === 0
  return Array.from({ length: height / scale }, (_, y) => Array.from({ length: width / scale }, (_, x) => isBlack(x * scale + scale - 1, y * scale + scale - 1)))
}

describe('a picture', () => {
  it.each([[1], [2], [3], [7]])('has its cells, %i pixels wide', (scale) => {
    const rows = [
      [true, false, true],
      [false, false, true],
      [true, true, false],
    ]
    expect(cellsOf(toPng(rows, scale), scale)).toEqual(rows)
  })

  it('can be larger than one block of zlib', () => {
    const rows = Array.from({ length: 300 }, (_, y) => Array.from({ length: 300 }, (_, x) => (x * y) % 3 === 0))
    const png = toPng(rows, 3)
    expect(png.length).toBeGreaterThan(0x10000)
    expect(cellsOf(png, 3)).toEqual(rows)
  })
})

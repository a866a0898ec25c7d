// The smallest PNG that shows black and white squares: one bit for each pixel, not compressed.

import { joinBytes, toUtf8 } from './bytes.ts'

/** `rows` of cells, true is black, each `scale` pixels wide and high. */
export function toPng(rows: readonly (readonly boolean[])[], scale: number): Uint8Array<ArrayBuffer> {
  const width = (rows[0]?.length ?? 0) * scale
  const height = rows.length * scale
  const header = new Uint8Array([...toBytes(width), ...toBytes(height), 1, 0, 0, 0, 0])
  const signature = new Uint8Array([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])
  return joinBytes([signature, chunk('IHDR', header), chunk('IDAT', store(pixels(rows, scale, width))), chunk('IEND', new Uint8Array())])
}

/** Scan lines, each behind a byte that says that it is not filtered. */
function pixels(rows: readonly (readonly boolean[])[], scale: number, width: number): Uint8Array {
  const lineBytes = 1 + Math.ceil(width / 8)
  const bytes = new Uint8Array(lineBytes * rows.length * scale)
  rows.forEach((row, y) => {
    const line = new Uint8Array(lineBytes)
    for (let x = 0; x < width; x++) if (!row[Math.floor(x / scale)]) line[1 + (x >> 3)]! |= 0x80 >> (x & 7)
    for (let n = 0; n < scale; n++) bytes.set(line, (y * scale + n) * lineBytes)
  })
  return bytes
}

/** A zlib stream of blocks that are stored as they are. */
function store(data: Uint8Array): Uint8Array {
  const parts: Uint8Array[] = [new Uint8Array([0x78, 0x01])]
  for (let at = 0; at < data.length || at === 0; at += 0xffff) {
    const block = data.subarray(at, at + 0xffff)
    const isLast = at + 0xffff >= data.length ? 1 : 0
    const { length } = block
    parts.push(new Uint8Array([isLast, length & 0xff, length >> 8, ~length & 0xff, (~length >> 8) & 0xff]), block)
  }
  return joinBytes([...parts, toBytes(adler32(data))])
}

function chunk(type: string, data: Uint8Array): Uint8Array {
  const body = joinBytes([toUtf8(type), data])
  return joinBytes([toBytes(data.length), body, toBytes(crc32(body))])
}

/** 32 bits, the highest byte first. */
const toBytes = (value: number): Uint8Array => new Uint8Array([value >>> 24, (value >> 16) & 0xff, (value >> 8) & 0xff, value & 0xff])

function adler32(data: Uint8Array): number {
  let a = 1
  let b = 0
  for (const byte of data) {
    a = (a + byte) % 65_521
    b = (b + a) % 65_521
  }
  return ((b << 16) | a) >>> 0
}

function crc32(data: Uint8Array): number {
  let crc = 0xffffffff
  for (const byte of data) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1
  }
  return (crc ^ 0xffffffff) >>> 0
}

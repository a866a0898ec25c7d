// Server-sent events: exact bytes, slow readers, heartbeats, and who has gone.

import { describe, expect, it } from 'vitest'
import { createEventStream } from '../../src/http/sse.ts'
import { fakeClock, settled } from '../harness/clock.ts'

const MIB = 1024 * 1024

function open() {
  const clock = fakeClock()
  let gone = 0
  const stream = createEventStream(clock, () => gone++)
  return { clock, stream, gone: () => gone }
}

describe('what is written', () => {
  it('is what is read, byte for byte, also before anybody reads', async () => {
    const { stream, gone } = open()
    stream.write('data: déjà 🦀\n\n')
    stream.write('data: [DONE]\n\n')
    stream.end()
    expect(Buffer.from(await new Response(stream.body).arrayBuffer()).toString()).toBe('data: déjà 🦀\n\ndata: [DONE]\n\n')
    expect(gone()).toBe(0)
  })

  it('after the end goes nowhere', async () => {
    const { stream, gone } = open()
    stream.write('one')
    stream.end()
    stream.write('two')
    stream.end()
    expect(await new Response(stream.body).text()).toBe('one')
    expect(gone()).toBe(0)
  })
})

describe('the heartbeat', () => {
  it('is a comment each 15 s, and ends with the stream', async () => {
    const { clock, stream } = open()
    const reader = stream.body.getReader()
    const next = async () => new TextDecoder().decode((await reader.read()).value)
    stream.write('first')
    expect(await next()).toBe('first')
    for (let beat = 0; beat < 3; beat++) {
      const reading = next()
      await clock.advance(15_000)
      expect(await reading).toBe(': keep-alive\n\n')
    }
    stream.end()
    expect(clock.pending).toBe(0)
    expect((await reader.read()).done).toBe(true)
  })

  it('does not come early', async () => {
    const { clock, stream } = open()
    await clock.advance(14_999)
    stream.end()
    expect(await new Response(stream.body).text()).toBe('')
  })
})

describe('a reader that goes away', () => {
  it('is told of once, and nothing is written any more', async () => {
    const { clock, stream, gone } = open()
    stream.write('one')
    await stream.body.cancel()
    expect(gone()).toBe(1)
    stream.write('two')
    stream.end()
    await clock.advance(60_000)
    expect(gone()).toBe(1)
    expect(clock.pending).toBe(0)
  })

  it('after the end is nobody’s business', async () => {
    const { stream, gone } = open()
    stream.write('one')
    stream.end()
    await stream.body.cancel()
    expect(gone()).toBe(0)
  })
})

describe('a slow reader', () => {
  it('may be 8 MiB behind', async () => {
    const { stream, gone } = open()
    for (let n = 0; n < 8; n++) stream.write('x'.repeat(MIB))
    stream.write('y')
    expect(gone()).toBe(0)
    stream.end()
    expect((await new Response(stream.body).arrayBuffer()).byteLength).toBe(8 * MIB + 1)
  })

  it('is given up beyond that, once, with an error for who reads on', async () => {
    const { stream, gone, clock } = open()
    for (let n = 0; n < 8; n++) stream.write('x'.repeat(MIB))
    stream.write('y')
    stream.write('z')
    expect(gone()).toBe(1)
    stream.write('more')
    stream.end()
    await expect(stream.body.getReader().read()).rejects.toThrow('too slow')
    expect(gone()).toBe(1)
    expect(clock.pending).toBe(0)
  })

  it('that reads has room again', async () => {
    const { stream, gone } = open()
    const reader = stream.body.getReader()
    for (let round = 0; round < 5; round++) {
      for (let n = 0; n < 8; n++) stream.write('x'.repeat(MIB))
      for (let n = 0; n < 8; n++) await reader.read()
    }
    await settled()
    expect(gone()).toBe(0)
  })

  it('that is given up at a heartbeat leaves no timer behind', async () => {
    const { stream, gone, clock } = open()
    stream.write('x'.repeat(8 * MIB + 1))
    await clock.advance(15_000)
    expect(gone()).toBe(1)
    expect(clock.pending).toBe(0)
  })
})

// Server frames of RFC 6455, written straight to the TCP socket. The part of a message that many peers share is encoded
// once, and all messages that a socket is given in one turn go out in one write: the write costs more than the rest.

import type { Socket } from 'node:net'
import type { SharedText } from '../../src/index.ts'
import type { Wire } from '../shared/crossws-peer.ts'

const TEXT_FINAL = 0x81

/** Makes the wires of one server. */
export function createWires(): (socket: Socket) => Wire {
  let waiting: (() => void)[] = []

  function flushAll() {
    const flushes = waiting
    waiting = []
    for (const flush of flushes) flush()
  }

  return (socket) => {
    let frames: Buffer[] = []
    let bytes = 0

    function push(frame: Buffer) {
      if (frames.length === 0) {
        if (waiting.length === 0) queueMicrotask(flushAll)
        waiting.push(flush)
      }
      frames.push(frame)
      bytes += frame.length
    }

    function flush() {
      if (frames.length === 0) return
      const data = frames.length === 1 ? frames[0]! : Buffer.concat(frames, bytes)
      frames = []
      bytes = 0
      socket.write(data)
    }

    return {
      send(text) {
        const length = Buffer.byteLength(text)
        const frame = allocate(length)
        frame.write(text, frame.length - length)
        push(frame)
      },
      sendShared(head, tail) {
        const body = encoded(head)
        const frame = allocate(body.length + tail.length)
        const at = frame.length - body.length - tail.length
        body.copy(frame, at)
        frame.write(tail, at + body.length, 'latin1')
        push(frame)
      },
      buffered: () => bytes + socket.writableLength,
      flush,
    }
  }
}

const encoded = (head: SharedText): Buffer => (head.bytes ??= Buffer.from(head.text)) as Buffer

/** A frame with its header written and room for `length` bytes of payload. */
function allocate(length: number): Buffer {
  if (length < 126) {
    const frame = Buffer.allocUnsafe(2 + length)
    frame[0] = TEXT_FINAL
    frame[1] = length
    return frame
  }
  if (length < 65_536) {
    const frame = Buffer.allocUnsafe(4 + length)
    frame[0] = TEXT_FINAL
    frame[1] = 126
    frame.writeUInt16BE(length, 2)
    return frame
  }
  const frame = Buffer.allocUnsafe(10 + length)
  frame[0] = TEXT_FINAL
  frame[1] = 127
  frame.writeBigUInt64BE(BigInt(length), 2)
  return frame
}

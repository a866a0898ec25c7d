// Server frames of RFC 6455, written straight to the TCP socket: one buffer and one write for each message, and the
// part of a message that many peers share is encoded once.

import type { Socket } from 'node:net'
import type { SharedText } from '../../src/index.ts'
import type { Wire } from '../shared/crossws-peer.ts'

const TEXT_FINAL = 0x81

export function createWire(socket: Socket): Wire {
  return {
    send(text) {
      const length = Buffer.byteLength(text)
      const frame = allocate(length)
      frame.write(text, frame.length - length)
      socket.write(frame)
    },
    sendShared(head, tail) {
      const body = encoded(head)
      const frame = allocate(body.length + tail.length)
      const at = frame.length - body.length - tail.length
      body.copy(frame, at)
      frame.write(tail, at + body.length, 'latin1')
      socket.write(frame)
    },
    buffered: () => socket.writableLength,
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

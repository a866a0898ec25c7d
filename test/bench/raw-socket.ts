// A WebSocket client that does as little as possible, so that a thousand of them are not what is measured: whole text
// frames only, handed on as the bytes that came; a mask of zeros; pings are answered.

import { connect } from 'node:net'

export interface RawSocket {
  onFrame: (payload: Buffer) => void
  onClose: () => void
  send(text: string): void
  close(): void
}

const TEXT = 1
const CLOSE = 8
const PING = 9
const PONG = 10
const KEY = 'AAAAAAAAAAAAAAAAAAAAAA=='

/** Resolves when the upgrade was accepted. Frames that come before `onFrame` is set to something are lost. */
export function openRaw(url: string, onFrame: (payload: Buffer) => void): Promise<RawSocket> {
  const { hostname, port, host } = new URL(url)
  return new Promise((resolve, reject) => {
    const tcp = connect({ host: hostname, port: Number(port), noDelay: true })
    let upgraded = false
    let rest: Buffer | null = null

    const socket: RawSocket = {
      onFrame,
      onClose: () => {},
      send: (text) => void tcp.write(toFrame(TEXT, Buffer.from(text))),
      close: () => void tcp.destroy(),
    }

    tcp.on('connect', () => {
      const headers = [`host: ${host}`, 'upgrade: websocket', 'connection: upgrade', `sec-websocket-key: ${KEY}`, 'sec-websocket-version: 13']
      tcp.write(`GET / HTTP/1.1\r\n${headers.join('\r\n')}\r\n\r\n`)
    })
    tcp.on('error', reject)
    tcp.on('close', () => {
      reject(new Error('the connection was closed'))
      socket.onClose()
    })
    tcp.on('data', (piece: Buffer) => {
      const bytes = rest ? Buffer.concat([rest, piece]) : piece
      const used = upgraded ? takeFrames(bytes, 0) : takeUpgrade(bytes)
      rest = used < bytes.length ? bytes.subarray(used) : null
    })

    function takeUpgrade(bytes: Buffer): number {
      const end = bytes.indexOf('\r\n\r\n')
      if (end === -1) return 0
      const status = bytes.toString('latin1', 0, 12)
      if (status !== 'HTTP/1.1 101') {
        reject(new Error(`the upgrade was refused: ${status}`))
        tcp.destroy()
        return bytes.length
      }
      upgraded = true
      resolve(socket)
      return takeFrames(bytes, end + 4)
    }

    /** Returns how many bytes were whole frames. */
    function takeFrames(bytes: Buffer, from: number): number {
      for (let at = from; ; ) {
        if (bytes.length - at < 2) return at
        const short = bytes[at + 1]! & 127
        const begin = at + (short === 126 ? 4 : short === 127 ? 10 : 2)
        if (bytes.length < begin) return at
        const length = short === 126 ? bytes.readUInt16BE(at + 2) : short === 127 ? bytes.readUInt32BE(at + 6) : short
        if (bytes.length < begin + length) return at
        const payload = bytes.subarray(begin, begin + length)
        const kind = bytes[at]! & 15
        at = begin + length
        if (kind === TEXT) socket.onFrame(payload)
        else if (kind === PING) tcp.write(toFrame(PONG, payload))
        else if (kind === CLOSE) tcp.end()
      }
    }
  })
}

function toFrame(kind: number, payload: Buffer): Buffer {
  const { length } = payload
  const header = length < 126 ? Buffer.from([0x80 | kind, 0x80 | length, 0, 0, 0, 0]) : Buffer.from([0x80 | kind, 0xfe, length >> 8, length & 255, 0, 0, 0, 0])
  return Buffer.concat([header, payload])
}

// Server-sent events as the body of a Response.

import type { Clock } from '../ports/clock.ts'

export interface EventStream {
  readonly body: ReadableStream<Uint8Array>
  /** Sends text that is made of whole events. */
  write(events: string): void
  end(): void
}

/** Bytes that may wait for a slow reader before it is given up. */
const MAX_WAITING_BYTES = 8 * 1024 * 1024
/** A comment this often keeps proxies and runtimes from taking silence for death, and finds out who has gone. */
const HEARTBEAT_MS = 15_000

/** `onGone` is called once when the reader goes away before the end. */
export function createEventStream(clock: Clock, onGone: () => void): EventStream {
  const encoder = new TextEncoder()
  let controller: ReadableStreamDefaultController<Uint8Array> | null = null
  let cancelHeartbeat: () => void = () => {}

  const body = new ReadableStream<Uint8Array>(
    {
      start: (given) => void (controller = given),
      cancel: () => stop(),
    },
    { highWaterMark: MAX_WAITING_BYTES, size: (chunk) => chunk.byteLength },
  )

  function stop() {
    if (!controller) return
    controller = null
    cancelHeartbeat()
    onGone()
  }

  function beat() {
    cancelHeartbeat = clock.after(HEARTBEAT_MS, () => {
      write(': keep-alive\n\n')
      if (controller) beat() // else this very write has given up the reader
    })
  }

  function write(events: string) {
    if (!controller) return
    if ((controller.desiredSize ?? 0) < 0) {
      controller.error(new Error('the reader of this stream is too slow'))
      return stop()
    }
    controller.enqueue(encoder.encode(events))
  }

  beat()
  return {
    body,
    write,
    end() {
      cancelHeartbeat()
      controller?.close()
      controller = null
    },
  }
}

export const SSE_HEADERS = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-cache, no-transform',
  'x-accel-buffering': 'no',
} as const

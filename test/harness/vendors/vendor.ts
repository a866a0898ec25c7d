// A vendor of models on loopback. What it says is told in the same words for all of them; how, is its wire.

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Data } from '../client.ts'

export interface Scene {
  readonly reasoning?: string
  /** Written one by one. */
  readonly text?: readonly string[]
  readonly calls?: readonly { readonly id: string; readonly name: string; readonly arguments: string }[]
  readonly finish?: 'stop' | 'length'
  /** Instead of the end: the connection is cut, the stream ends too early, nothing more is said, or nonsense is. */
  readonly ends?: 'cut' | 'early' | 'hang' | 'nonsense'
  /** Instead of an answer. */
  readonly status?: number
  readonly message?: string
  readonly headers?: Readonly<Record<string, string>>
}

/** What every wire counts, as far as it counts it. */
export const TOLD = { input: 12, cacheRead: 4, cacheWrite: 3, output: 5, reasoning: 2 }

export interface VendorWire {
  readonly type: string
  frames(scene: Scene, request: Request): Iterable<string | Uint8Array>
  /** What comes after the frames of a whole answer. */
  end(scene: Scene, request: Request): Iterable<string | Uint8Array>
  nonsense(): string | Uint8Array
  failure(status: number, message: string): unknown
}

export interface Request {
  readonly path: string
  readonly headers: IncomingMessage['headers']
  readonly body: Data
}

export interface Vendor {
  readonly origin: string
  readonly requests: readonly Request[]
  /** The next requests, one scene each; the last one stays. */
  play(...scenes: Scene[]): void
  /** Resolves when a caller has gone away before the end. */
  gone(): Promise<void>
  close(): Promise<void>
}

export async function startVendor(wire: VendorWire): Promise<Vendor> {
  const requests: Request[] = []
  let scenes: readonly Scene[] = []
  let left = Promise.withResolvers<void>()

  async function serve(incoming: IncomingMessage, response: ServerResponse) {
    let text = ''
    for await (const piece of incoming) text += String(piece)
    const request = { path: incoming.url ?? '', headers: incoming.headers, body: JSON.parse(text || '{}') as Data }
    requests.push(request)
    const scene = scenes[0] ?? { text: ['hello'] }
    if (scenes.length > 1) scenes = scenes.slice(1)
    response.on('close', () => {
      if (!response.writableEnded) left.resolve()
    })
    if (scene.status !== undefined) {
      response.writeHead(scene.status, { 'content-type': 'application/json', ...scene.headers })
      return void response.end(JSON.stringify(wire.failure(scene.status, scene.message ?? `failed with ${scene.status}`)))
    }
    response.writeHead(200, { 'content-type': wire.type, ...scene.headers })
    for (const frame of wire.frames(scene, request)) {
      await new Promise<void>((resolve) => response.write(frame, () => resolve()))
      await new Promise((resolve) => setImmediate(resolve)) // so that each is a piece of its own
    }
    if (scene.ends === 'hang') return
    if (scene.ends === 'cut') return void response.destroy()
    if (scene.ends === 'nonsense') return void response.end(wire.nonsense())
    if (scene.ends !== 'early') for (const frame of wire.end(scene, request)) response.write(frame)
    response.end()
  }

  const server = createServer((request, response) => void serve(request, response).catch((error: unknown) => response.destroy(error as Error)))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    play(...given) {
      scenes = given
      requests.length = 0
      left = Promise.withResolvers<void>()
    },
    gone: () => left.promise,
    close() {
      server.closeAllConnections()
      return new Promise((resolve) => server.close(() => resolve()))
    },
  }
}

export const sse = (data: unknown, event?: string): string => `${event === undefined ? '' : `event: ${event}\n`}data: ${JSON.stringify(data)}\n\n`

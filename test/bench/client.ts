// A client of the gateway's wire over a raw socket: the handshake, calls, and events as bytes.

import { openRaw } from './raw-socket.ts'
import { closedLoop } from './suite.ts'
import type { Target } from './targets.ts'

export interface BenchClient {
  /** Hears of every event frame. */
  onEvent: (frame: Buffer) => void
  /** Sends a request whose params are JSON already. Throws when the answer is a refusal. */
  ask(method: string, params: string, answered: (frame: Buffer) => void): void
  call(method: string, params: unknown): Promise<Buffer>
  close(): void
}

const LIMIT_MS = 30_000
/** Where the two kinds of frames differ: {"type":"res" and {"type":"event". */
const KIND_AT = 9
const R = 'r'.charCodeAt(0)
const ID_AT = '{"type":"res","id":"'.length

const connectParams = (token: string) => {
  const client = { id: 'gateway-client', version: '1.0.0', platform: 'linux', mode: 'backend' }
  return { minProtocol: 4, maxProtocol: 4, client, role: 'operator', scopes: ['operator.admin', 'operator.read', 'operator.write'], auth: { token } }
}

/** Resolves when hello-ok has come. */
export async function join({ url, token }: Pick<Target, 'url' | 'token'>): Promise<BenchClient> {
  const waiting = new Map<string, (frame: Buffer) => void>()
  const challenged = Promise.withResolvers<void>()
  let count = 0

  const client: BenchClient = {
    onEvent: () => challenged.resolve(), // the first one is the challenge
    ask(method, params, answered) {
      const id = `r${++count}`
      waiting.set(id, answered)
      socket.send(`{"type":"req","id":"${id}","method":"${method}","params":${params}}`)
    },
    call: (method, params) => within(LIMIT_MS, method, new Promise((resolve) => client.ask(method, JSON.stringify(params), resolve))),
    close: () => socket.close(),
  }
  const socket = await openRaw(url, (frame) => {
    if (frame[KIND_AT] !== R) return client.onEvent(frame)
    const id = frame.toString('latin1', ID_AT, frame.indexOf('"', ID_AT))
    const answered = waiting.get(id)
    waiting.delete(id)
    if (!frame.includes('"ok":true')) throw new Error(`the request ${id} was refused: ${frame.toString()}`)
    answered?.(frame)
  })
  await within(LIMIT_MS, 'the challenge', challenged.promise)
  client.onEvent = () => {}
  await client.call('connect', connectParams(token))
  return client
}

/** Opens many, some at a time. */
export async function joinMany(target: Target, count: number): Promise<BenchClient[]> {
  const clients: BenchClient[] = []
  await closedLoop(count, 16, async () => void clients.push(await join(target)))
  return clients
}

export async function within<T>(ms: number, what: string, work: Promise<T>): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>()
  const limit = setTimeout(() => reject(new Error(`${what}: nothing came within ${ms / 1000} s`)), ms)
  try {
    return await Promise.race([work, promise])
  } finally {
    clearTimeout(limit)
  }
}

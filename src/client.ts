// The typed client: requests, events and reconnecting over one WebSocket. Runs wherever there is a global WebSocket, and
// needs nothing else: the shapes are types, and are gone when it runs.

import { isFinal, RequestError, type Pending, type Wrong } from './client-pending.ts'
import { createTries } from './client-tries.ts'
import type { Client, ClientOptions, ClientState, Credentials, Exchange, RequestOptions } from './client-types.ts'
import type { GatewayApi } from './methods/all.gen.ts'
import type { ConnectParams, HelloOk } from './protocol/connect.ts'
import { signedPayloads } from './protocol/device-text.ts'
import type { GatewayEvents } from './protocol/events.ts'

export { createDevice, loadDevice, type ClientDevice, type KeptDevice } from './client-device.ts'
export { RequestError }
export type { Client, ClientOptions, ClientState, ConnectParams, Credentials, Exchange, GatewayApi, GatewayEvents, HelloOk, RequestOptions }

const TIMEOUT_MS = 30_000
const HANDSHAKE_MS = 15_000
const MAX_WAITING = 256
/** A silence of so many ticks is no pause any more. */
const SILENT_TICKS = 2.5
const LONGEST_WATCH_MS = 60 * 60 * 1000
/** Kept as long as the connection is; asked for again on a new one. Each by what ends it. */
const SUBSCRIPTIONS: Readonly<Record<string, string>> = { 'sessions.subscribe': 'sessions.unsubscribe', 'sessions.messages.subscribe': 'sessions.messages.unsubscribe', 'health.subscribe': '' }
const SCOPES: readonly string[] = ['operator.read', 'operator.write']
const CLIENT: ConnectParams['client'] = { id: 'gateway-client', version: '1', platform: 'unknown', mode: 'backend' }

interface Frame {
  readonly type?: string
  readonly id?: string
  readonly ok?: boolean
  readonly payload?: unknown
  readonly error?: Wrong
  readonly event?: string
  readonly seq?: number
}

export function createClient<A extends { [M in keyof A]: Exchange } = GatewayApi, E = GatewayEvents>(options: ClientOptions): Client<A, E> {
  const { role = 'operator', timeoutMs = TIMEOUT_MS, WebSocket: Socket = globalThis.WebSocket } = options
  const { setTimeout: after, clearTimeout: cancel } = options.timers ?? globalThis
  const url = options.url.replace(/^http/, 'ws')
  const tries = createTries(options.reconnect === false ? null : (options.reconnect ?? {}))
  const pending = new Map<string, Pending>()
  const subscriptions = new Map<string, { readonly method: string; readonly params: unknown }>()
  const listeners = new Map<string, Set<(payload: never) => void>>()
  const states = new Set<(state: ClientState) => void>()
  const gaps = new Set<() => void>()
  let state: ClientState = 'idle'
  let socket: WebSocket | null = null
  let hello: HelloOk | null = null
  let first = Promise.withResolvers<HelloOk>()
  let issued: Credentials | null = null
  let ids = 0
  let seq = 0
  let comeBackMs: number | null = null
  let timer: unknown = null
  let watch: unknown = null

  function set(next: ClientState) {
    if (state === next) return
    state = next
    for (const listener of states) listener(next)
  }

  // --- a connection ---

  function open() {
    set('connecting')
    const opened = new Socket(url)
    socket = opened
    seq = 0
    look(HANDSHAKE_MS)
    opened.addEventListener('message', ({ data }) => {
      if (opened === socket) receive(JSON.parse(String(data)) as Frame)
    })
    opened.addEventListener('close', ({ code, reason }) => {
      if (opened === socket) lost(reason === '' ? `the connection was closed with ${code}` : reason)
    })
    opened.addEventListener('error', () => {}) // its close says more
  }

  /** Nothing was heard for so long: it is gone, whatever the network says. */
  function look(ms: number) {
    cancel(watch as number)
    watch = ms > LONGEST_WATCH_MS ? null : after(() => drop('the gateway has been silent for too long'), ms)
  }

  function drop(why: string) {
    const dropped = socket
    lost(why)
    dropped?.close()
  }

  function lost(why: string) {
    socket = null
    cancel(watch as number)
    for (const each of pending.values()) if (each.sent) each.fail({ code: 'DISCONNECTED', message: `${why}: the request may have been served`, retryable: true })
    const waitMs = tries.next(comeBackMs)
    comeBackMs = null
    if (waitMs === null) return end({ code: 'DISCONNECTED', message: why })
    set('waiting')
    timer = after(open, waitMs)
  }

  function end(wrong: Wrong) {
    cancel(timer as number)
    cancel(watch as number)
    const ended = socket
    socket = null
    set('closed')
    for (const each of pending.values()) each.fail(wrong)
    first.promise.catch(() => {}) // whoever waits is told all the same
    first.reject(new RequestError(wrong))
    ended?.close()
  }

  function receive(frame: Frame) {
    if (hello) look(hello.policy.tickIntervalMs * SILENT_TICKS)
    if (frame.type === 'event') return heard(frame)
    const asked = frame.id === undefined ? undefined : pending.get(frame.id)
    if (!asked) return
    if (!frame.ok) return asked.fail(frame.error!)
    if (asked.whole && !isFinal(frame.payload)) return asked.accepted(frame.payload)
    asked.done(frame.payload)
  }

  function heard({ event = '', payload, seq: number }: Frame) {
    if (event === 'connect.challenge') return void greet(payload as { nonce: string; ts: number }, socket!)
    if (event === 'shutdown') comeBackMs = (payload as { restartExpectedMs?: number }).restartExpectedMs ?? null
    if (number !== undefined) {
      if (seq !== 0 && number > seq + 1) for (const listener of gaps) listener()
      seq = number
    }
    for (const listener of listeners.get(event) ?? []) listener(payload as never)
  }

  async function greet(challenge: { nonce: string; ts: number }, greeted: WebSocket) {
    try {
      const params = await connectParams(challenge)
      if (socket !== greeted) return
      const answer = await ask('connect', params, { timeoutMs: HANDSHAKE_MS }, false, true)
      if (socket === greeted) welcome(answer as HelloOk)
    } catch (error) {
      if (socket !== greeted) return
      const { code = 'INVALID_REQUEST', message, retryable = false } = error as Wrong
      if (retryable) drop(message)
      else end({ code, message, details: (error as Wrong).details ?? {} })
    }
  }

  async function connectParams({ nonce, ts }: { nonce: string; ts: number }): Promise<ConnectParams> {
    const auth = issued ?? (typeof options.auth === 'function' ? await options.auth() : (options.auth ?? {}))
    const client = { ...CLIENT, ...options.client }
    const scopes = [...(options.scopes ?? (role === 'node' ? [] : SCOPES))]
    const { device } = options
    const params = { minProtocol: 4, maxProtocol: 4, client, role, scopes, auth, ...options.more }
    if (!device) return params
    const token = auth.token ?? auth.deviceToken ?? auth.bootstrapToken ?? ''
    const [text] = signedPayloads({ deviceId: device.id, client, role, scopes, signedAt: ts, token, nonce })
    return { ...params, device: { id: device.id, publicKey: device.publicKey, signature: await device.sign(text), signedAt: ts, nonce } }
  }

  function welcome(greeting: HelloOk) {
    const isNew = hello !== null
    hello = greeting
    tries.succeeded()
    look(greeting.policy.tickIntervalMs * SILENT_TICKS)
    const { deviceToken } = greeting.auth
    if (deviceToken !== undefined && typeof options.auth === 'object' && options.auth.bootstrapToken !== undefined) issued = { deviceToken } // the other one is used up
    for (const { method, params } of subscriptions.values()) void ask(method, params, {}, false, true).catch(() => {})
    set('open')
    for (const each of pending.values()) each.send(socket!)
    first.resolve(greeting)
    if (isNew) for (const listener of gaps) listener()
  }

  // --- requests ---

  function ask(method: string, params: unknown, { timeoutMs: ms = timeoutMs, signal, onAccepted }: RequestOptions & { onAccepted?: (accepted: never) => void }, whole: boolean, now = false): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason as Error)
      if (state === 'closed') return reject(new RequestError({ code: 'CLOSED', message: 'this client is closed: make another one' }))
      if (pending.size >= MAX_WAITING) return reject(new RequestError({ code: 'TOO_MANY_REQUESTS', message: `${MAX_WAITING} requests wait already`, retryable: true }))
      const id = `c${++ids}`
      const limit = after(() => entry.fail({ code: 'TIMEOUT', message: `${method}: no answer within ${ms} ms`, retryable: true }), ms)
      const onAbort = () => finish(() => reject(signal!.reason as Error))
      function finish(tell: () => void) {
        if (!pending.delete(id)) return
        cancel(limit)
        signal?.removeEventListener('abort', onAbort)
        tell()
      }
      const entry: Pending = {
        whole,
        sent: false,
        send(to) {
          if (entry.sent) return
          entry.sent = true
          to.send(JSON.stringify({ type: 'req', id, method, params }))
        },
        accepted(payload) {
          cancel(limit)
          onAccepted?.(payload as never)
        },
        done: (payload) => finish(() => resolve(payload)),
        fail: (wrong) => finish(() => reject(new RequestError(wrong))),
      }
      pending.set(id, entry)
      signal?.addEventListener('abort', onAbort, { once: true })
      if (now || state === 'open') entry.send(socket!)
      else if (state === 'idle') open()
    })
  }

  async function request(method: string, params?: unknown, given: RequestOptions = {}): Promise<unknown> {
    const answer = await ask(method, params, given, false)
    if (method in SUBSCRIPTIONS) subscriptions.set(`${method} ${topicOf(params)}`, { method, params })
    for (const [begins, ends] of Object.entries(SUBSCRIPTIONS)) if (ends === method) subscriptions.delete(`${begins} ${topicOf(params)}`)
    return answer
  }

  const into = <T>(all: Set<T>, listener: T) => {
    all.add(listener)
    return () => void all.delete(listener)
  }

  const client = {
    get state() {
      return state
    },
    get hello() {
      return hello
    },
    connect() {
      if (state === 'closed') {
        first = Promise.withResolvers()
        tries.succeeded()
      }
      if (state === 'closed' || state === 'idle') open()
      return first.promise
    },
    request,
    requestFinal: (method: string, params?: unknown, given: RequestOptions = {}) => ask(method, params, given, true),
    on(event: string, listener: (payload: never) => void) {
      if (!listeners.has(event)) listeners.set(event, new Set())
      return into(listeners.get(event)!, listener)
    },
    onState: (listener: (state: ClientState) => void) => into(states, listener),
    onGap: (listener: () => void) => into(gaps, listener),
    close: () => end({ code: 'CLOSED', message: 'this client was closed' }),
  }
  return client as unknown as Client<A, E>
}

/** What is subscribed to, whatever else was asked for with it. */
const topicOf = (params: unknown): string => {
  const { key, agentId } = (params ?? {}) as { readonly key?: string; readonly agentId?: string }
  return JSON.stringify([key, agentId])
}

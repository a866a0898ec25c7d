// What the typed client is to those who use it.

import type { ClientDevice } from './client-device.ts'
import type { TrySettings } from './client-tries.ts'
import type { ConnectParams, HelloOk } from './protocol/connect.ts'

export interface Exchange {
  readonly params: unknown
  readonly result: unknown
}
type Accepted = { readonly status: 'accepted' }

export interface RequestOptions {
  /** Until the first answer. */
  readonly timeoutMs?: number
  /** Gives up waiting. What the gateway does already, it goes on doing. */
  readonly signal?: AbortSignal
}

/** What may be left out as a whole, where nothing in it is required. */
type Args<P, O> = Record<never, never> extends P ? [params?: P, options?: O] : [params: P, options?: O]

export type ClientState = 'idle' | 'connecting' | 'open' | 'waiting' | 'closed'

export interface Client<A extends { [M in keyof A]: Exchange }, E> {
  readonly state: ClientState
  /** Of the connection that is open, or was the last. */
  readonly hello: HelloOk | null
  /** Resolves with the first hello-ok. Rejects when the gateway refuses this client: then it does not try again by itself. */
  connect(): Promise<HelloOk>
  /** The (first) answer. Waits for a connection that is not there yet. Rejects with a RequestError. */
  request<M extends keyof A & string>(method: M, ...args: Args<A[M]['params'], RequestOptions>): Promise<A[M]['result']>
  /** The last answer of a method that says first that it has accepted, and answers under the same id when it is done. */
  requestFinal<M extends keyof A & string>(
    method: M,
    ...args: Args<A[M]['params'], RequestOptions & { readonly onAccepted?: (accepted: Extract<A[M]['result'], Accepted>) => void }>
  ): Promise<Exclude<A[M]['result'], Accepted>>
  /** Returns how to stop. */
  on<N extends keyof E & string>(event: N, listener: (payload: E[N]) => void): () => void
  onState(listener: (state: ClientState) => void): () => void
  /** Events were missed: by a gap in their numbers, or because the connection was a new one. */
  onGap(listener: () => void): () => void
  close(): void
}

export type Credentials = NonNullable<ConnectParams['auth']>

export interface ClientOptions {
  /** `ws:`, `wss:`, or the `http(s):` address of the gateway. */
  readonly url: string
  /** What the gateway knows this client by; asked for at each connection where it is a function. */
  readonly auth?: Credentials | (() => Credentials | Promise<Credentials>)
  readonly device?: ClientDevice
  readonly client?: Partial<ConnectParams['client']>
  readonly role?: 'operator' | 'node'
  readonly scopes?: readonly string[]
  /** Further params of `connect`. */
  readonly more?: Partial<ConnectParams>
  /** Of a request, unless it says otherwise. */
  readonly timeoutMs?: number
  /** false: a connection that ends is the end. */
  readonly reconnect?: Partial<TrySettings> | false
  readonly WebSocket?: typeof WebSocket
  readonly timers?: Pick<typeof globalThis, 'setTimeout' | 'clearTimeout'>
}

// A client that speaks the wire frame by frame, over a real socket or an imagined one.

/** What carries texts: a WebSocket, or a fake peer. */
export interface Transport {
  send(text: string): void
  close(code?: number, reason?: string): void
  onText(listener: (text: string) => void): void
  onClose(listener: (code: number, reason: string) => void): void
}

// Answers are looked at member by member; their types are what is being tested.
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export type Data = any

export interface Frame {
  readonly type?: 'res' | 'event'
  readonly id?: string
  readonly ok?: boolean
  readonly payload?: Data
  readonly error?: { readonly code: string; readonly message: string; readonly details?: Data; readonly retryable?: boolean; readonly retryAfterMs?: number } | null
  readonly meta?: unknown
  readonly event?: string
  readonly seq?: number
  readonly stateVersion?: { readonly presence: number; readonly health: number }
}

export class RpcError extends Error {
  readonly code: string
  readonly details: Data
  readonly error: NonNullable<Frame['error']>

  constructor(error: NonNullable<Frame['error']>) {
    super(error.message)
    this.code = error.code
    this.details = error.details
    this.error = error
  }
}

export interface Closed {
  readonly code: number
  readonly reason: string
}

export interface Client {
  /** Everything that has arrived, in order. */
  readonly frames: readonly Frame[]
  readonly closed: Promise<Closed>
  readonly isOpen: boolean
  /** The method of each request by its id. */
  readonly asked: ReadonlyMap<string, string>
  send(frame: unknown): void
  /** The first frame that fits, one that has arrived already included. */
  next(fits: (frame: Frame) => boolean, what?: string): Promise<Frame>
  /** The (first) answer to a request. */
  request(method: string, params?: unknown): Promise<Frame>
  /** The payload of the answer; throws RpcError. */
  call(method: string, params?: unknown): Promise<Data>
  /** Payloads of the events that have arrived. */
  events(name: string): Data[]
  /** The payload of the first event that fits. */
  event(name: string, fits?: (payload: Data) => boolean): Promise<Data>
  /** What was sent so far under the id of this run is over: the terminal chat event. */
  ended(runId: string): Promise<Data>
  close(code?: number, reason?: string): void
}

/** How long a test waits for a frame before it says which one did not come. */
const PATIENCE_MS = 15_000

export function createClient(transport: Transport): Client {
  const frames: Frame[] = []
  const waiting = new Set<{ fits: (frame: Frame) => boolean; resolve: (frame: Frame) => void; reject: (error: Error) => void }>()
  const closed = Promise.withResolvers<Closed>()
  const asked = new Map<string, string>()
  let isOpen = true

  transport.onText((text) => {
    const frame = JSON.parse(text) as Frame
    frames.push(frame)
    for (const each of waiting) if (each.fits(frame)) each.resolve(frame)
  })
  transport.onClose((code, reason) => {
    isOpen = false
    closed.resolve({ code, reason })
    for (const each of waiting) each.reject(new Error(`the connection was closed with ${code} "${reason}"`))
  })

  async function next(fits: (frame: Frame) => boolean, what = 'a frame'): Promise<Frame> {
    const known = frames.find(fits)
    if (known) return known
    const { promise, resolve, reject } = Promise.withResolvers<Frame>()
    if (!isOpen) throw new Error(`the connection is closed, and ${what} has not arrived`)
    const entry = { fits, resolve, reject }
    waiting.add(entry)
    const limit = setTimeout(() => reject(new Error(`${what} did not arrive`)), PATIENCE_MS)
    try {
      return await promise
    } finally {
      clearTimeout(limit)
      waiting.delete(entry)
    }
  }

  const client: Client = {
    frames,
    closed: closed.promise,
    get isOpen() {
      return isOpen
    },
    asked,
    send: (frame) => transport.send(typeof frame === 'string' ? frame : JSON.stringify(frame)),
    next,
    async request(method, params) {
      const id = `r${asked.size + 1}`
      asked.set(id, method)
      client.send({ type: 'req', id, method, ...(params !== undefined && { params }) })
      return next((frame) => frame.type === 'res' && frame.id === id, `the answer to ${method}`)
    },
    async call(method, params) {
      const { ok, payload, error } = await client.request(method, params)
      if (!ok) throw new RpcError(error!)
      return payload
    },
    events: (name) => frames.filter((frame) => frame.event === name).map((frame) => frame.payload as Data),
    async event(name, fits = () => true) {
      const frame = await next((each) => each.event === name && fits(each.payload), `an event "${name}"`)
      return frame.payload
    },
    ended: (runId) =>
      client.event('chat', (payload) => payload.runId === runId && ['final', 'aborted', 'error'].includes(payload.state)),
    close: (code, reason) => transport.close(code, reason),
  }
  return client
}

export interface ConnectChoice {
  readonly token?: string
  readonly scopes?: readonly string[]
  readonly protocol?: number
  readonly client?: Record<string, unknown>
  readonly more?: Record<string, unknown>
}

export const CLI = { id: 'cli', version: '1.0.0', platform: 'linux', mode: 'cli' } as const
export const BACKEND = { id: 'gateway-client', version: '1.0.0', platform: 'linux', mode: 'backend' } as const

export function connectParams({ token, scopes = ['operator.admin'], protocol = 4, client = {}, more = {} }: ConnectChoice) {
  return {
    minProtocol: protocol,
    maxProtocol: protocol,
    client: { ...BACKEND, ...client },
    role: 'operator',
    scopes,
    ...(token !== undefined && { auth: { token } }),
    ...more,
  }
}

/** Waits for the challenge, connects, and returns hello-ok. */
export async function handshake(client: Client, choice: ConnectChoice): Promise<Data> {
  await client.event('connect.challenge')
  return client.call('connect', connectParams(choice))
}

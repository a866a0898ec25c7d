// A request of the client that waits for its answer, and how it ends otherwise.

export interface Wrong {
  readonly code: string
  readonly message: string
  readonly details?: Readonly<Record<string, unknown>>
  readonly retryable?: boolean
  readonly retryAfterMs?: number
}

export interface Pending {
  /** The last of two answers is waited for. */
  readonly whole: boolean
  sent: boolean
  send(socket: WebSocket): void
  accepted(payload: unknown): void
  done(payload: unknown): void
  fail(wrong: Wrong): void
}

/** Why a request failed: a code of the gateway, or `TIMEOUT`, `DISCONNECTED`, `CLOSED`, `TOO_MANY_REQUESTS` of the client. */
export class RequestError extends Error {
  readonly code: string
  readonly details: Readonly<Record<string, unknown>>
  /** The same request may succeed later. */
  readonly retryable: boolean
  readonly retryAfterMs: number | null

  constructor({ code, message, details = {}, retryable = false, retryAfterMs }: Wrong) {
    super(message)
    this.name = 'RequestError'
    this.code = code
    this.details = details
    this.retryable = retryable
    this.retryAfterMs = retryAfterMs ?? null
  }
}

/** `accepted` is said by what answers again. */
export const isFinal = (payload: unknown): boolean => (payload as { status?: unknown } | null)?.status !== 'accepted'

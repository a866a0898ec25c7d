// The closed table of errors and the one class that carries them. Nothing here knows a door: `socket/` and `http/`
// each translate a GatewayError in one place.

import type { Json } from '../kit/json.ts'

interface ErrorKind {
  /** The HTTP status of its answer. */
  readonly status: number
  /** The top-level code on the socket, where the protocol knows a smaller set than we do. */
  readonly wire: string
  /** `error.type` in an OpenAI-style body. */
  readonly type: string
  /** Whether the same request may succeed later, unless the error says otherwise. */
  readonly retryable: boolean
}

const kind = (status: number, wire: string, type: string, retryable = false): ErrorKind => ({
  status,
  wire,
  type,
  retryable,
})

export const ERRORS = {
  INVALID_REQUEST: kind(400, 'INVALID_REQUEST', 'invalid_request_error'),
  UNAUTHORIZED: kind(401, 'INVALID_REQUEST', 'authentication_error'),
  FORBIDDEN: kind(403, 'FORBIDDEN', 'permission_error'),
  NOT_PAIRED: kind(403, 'NOT_PAIRED', 'permission_error'),
  NOT_LINKED: kind(403, 'NOT_LINKED', 'permission_error'),
  NOT_FOUND: kind(404, 'INVALID_REQUEST', 'invalid_request_error'),
  METHOD_NOT_ALLOWED: kind(405, 'INVALID_REQUEST', 'invalid_request_error'),
  CONFLICT: kind(409, 'INVALID_REQUEST', 'invalid_request_error'),
  PAYLOAD_TOO_LARGE: kind(413, 'INVALID_REQUEST', 'invalid_request_error'),
  UNSUPPORTED_MEDIA_TYPE: kind(415, 'INVALID_REQUEST', 'invalid_request_error'),
  RATE_LIMITED: kind(429, 'UNAVAILABLE', 'rate_limit_error', true),
  INTERNAL: kind(500, 'INTERNAL', 'server_error'),
  UPSTREAM: kind(502, 'UNAVAILABLE', 'server_error', true),
  UNAVAILABLE: kind(503, 'UNAVAILABLE', 'server_error', true),
  AGENT_TIMEOUT: kind(504, 'AGENT_TIMEOUT', 'server_error', true),
} as const satisfies Record<string, ErrorKind>

export type ErrorCode = keyof typeof ERRORS

export interface ErrorOptions {
  readonly details?: { readonly [key: string]: Json }
  readonly retryable?: boolean
  readonly retryAfterMs?: number
  /** `error.param` and `error.code` of an OpenAI-style body. */
  readonly param?: string
  readonly code?: string
  /** Overrides the table's status where an upstream's own status says more. */
  readonly status?: number
  readonly cause?: unknown
}

/** What services and handlers throw. The message is shown to the caller: it says what is wrong and what to do next. */
export class GatewayError extends Error {
  readonly code: ErrorCode
  readonly options: ErrorOptions

  constructor(code: ErrorCode, message: string, options: ErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.options = options
  }

  get status(): number {
    return this.options.status ?? ERRORS[this.code].status
  }

  get retryable(): boolean {
    return this.options.retryable ?? ERRORS[this.code].retryable
  }
}

/** An error as it stands in a response frame (`ErrorShape` of the published schema). */
export interface ErrorShape {
  code: string
  message: string
  details?: { readonly [key: string]: Json }
  retryable?: boolean
  retryAfterMs?: number
}

export function toShape(error: GatewayError): ErrorShape {
  const { details, retryAfterMs } = error.options
  return {
    code: ERRORS[error.code].wire,
    message: error.message,
    ...(details && { details }),
    ...(error.retryable && { retryable: true }),
    ...(retryAfterMs !== undefined && { retryAfterMs }),
  }
}

export const invalid = (message: string, options?: ErrorOptions): GatewayError =>
  new GatewayError('INVALID_REQUEST', message, options)

export const unavailable = (message: string, options?: ErrorOptions): GatewayError =>
  new GatewayError('UNAVAILABLE', message, options)

/** The disk is full or broken. */
export const notWritten = (): GatewayError =>
  unavailable('the change could not be written to disk: see the log of the gateway, and try again', {
    retryAfterMs: 1000,
    details: { code: 'STORAGE_FAILED' },
  })

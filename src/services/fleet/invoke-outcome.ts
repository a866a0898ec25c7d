// The one outcome of an invoke, and how it is told to whoever asked.

import { parseJson, type Json } from '../../kit/json.ts'
import { GatewayError, unavailable } from '../../protocol/errors.ts'

const MAX_ERROR_CHARS = 4000

export interface InvokeError {
  readonly code: string
  readonly message: string
}

export interface InvokeSuccess {
  readonly state: 'ok'
  /** What the node sent as a value, or as text that is JSON. */
  readonly payload?: unknown
  readonly payloadJSON: string | null
}

export interface InvokeFailure {
  readonly state: 'error' | 'timeout' | 'disconnected' | 'cancelled' | 'interrupted' | 'queued'
  readonly error: InvokeError | null
  /** Whether the node was asked: then it may have done it. */
  readonly dispatched: boolean
  /** Where it waits until the app of the node comes to the foreground. */
  readonly queuedActionId?: string
}

export type InvokeOutcome = InvokeSuccess | InvokeFailure

/** What a node says came of it. */
export interface InvokeAnswer {
  readonly id: string
  readonly nodeId: string
  readonly ok: boolean
  readonly payload?: unknown
  readonly payloadJSON?: string | undefined
  readonly error?: { readonly code?: string | undefined; readonly message?: string | undefined } | undefined
}

export const failure = (state: InvokeFailure['state'], code: string, message: string): InvokeFailure => ({
  state,
  error: { code, message },
  dispatched: true,
})

/** Text that is JSON is given as a value too; text that is none as it is. */
export function successOf({ payload, payloadJSON }: InvokeAnswer): InvokeSuccess {
  if (payloadJSON === undefined) return { state: 'ok', ...(payload !== undefined && { payload }), payloadJSON: null }
  const parsed = parseJson(payloadJSON)
  return { state: 'ok', ...(parsed.ok && { payload: parsed.value }), payloadJSON }
}

export function errorOf({ error }: InvokeAnswer): InvokeError | null {
  if (!error || (error.code === undefined && error.message === undefined)) return null
  return { code: (error.code ?? 'ERROR').slice(0, 128), message: (error.message ?? 'node invoke failed').slice(0, MAX_ERROR_CHARS) }
}

export const notConnected = (): GatewayError =>
  unavailable('node not connected', {
    retryable: false,
    details: { code: 'NOT_CONNECTED', nodeError: { code: 'NOT_CONNECTED', message: 'node not connected' }, nodeCommandDispatched: false },
  })

/** A failure as the caller sees it. */
export function toGatewayError({ state, error, dispatched, queuedActionId }: InvokeFailure, at: { nodeId: string; command: string }): GatewayError {
  const nodeError: Json = error && { ...error }
  const details = { nodeError, nodeCommandDispatched: dispatched }
  if (state === 'queued') {
    const wake = { path: 'no-registration', available: false, throttled: false }
    return unavailable('node command queued until iOS returns to foreground', {
      details: { code: 'QUEUED_UNTIL_FOREGROUND', queuedActionId: queuedActionId ?? '', ...at, wake, ...details },
    })
  }
  if (state === 'cancelled') return unavailable(error?.message ?? 'cancelled', { details: { code: error?.code ?? 'CANCELLED', ...details } })
  return unavailable(error ? `${error.code}: ${error.message}` : 'node invoke failed', { retryable: false, details })
}

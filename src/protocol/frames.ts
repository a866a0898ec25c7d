// Frames: one JSON object per text message, in one of two dialects. A connection keeps the dialect of its first frame.
//   typed  {type:"req"} → {type:"res"}; {type:"event", seq, stateVersion}     OpenClaw's wire, versions 3 and 4
//   plain  {id, method, params, meta} → {id, ok, payload, error, meta}; {event, payload}
// This file is the only place that knows the difference.

import * as z from 'zod'
import { parseJson } from '../kit/json.ts'
import { readTrace, type Trace } from '../kit/trace.ts'
import type { ErrorShape } from './errors.ts'
import { describeIssues } from './issues.ts'

export type Dialect = 'typed' | 'plain'

const id = z.string().min(1)

export const typedRequest = z.strictObject({
  type: z.literal('req'),
  id,
  method: z.string().min(1),
  params: z.unknown().optional(),
  traceparent: z.string().max(128).optional(),
  expectedProfileId: z.string().optional(),
})

export const plainRequest = z.strictObject({
  id,
  method: z.string().min(1),
  params: z.unknown().optional(),
  meta: z.unknown().optional(),
})

export interface RequestFrame {
  readonly id: string
  readonly method: string
  readonly params: unknown
  /** Where in the trace of its sender it stands. */
  readonly trace?: Trace
  /** Echoed in a plain answer; a typed request has none. */
  readonly meta?: unknown
}

export type Decoded =
  | { readonly kind: 'request'; readonly dialect: Dialect; readonly request: RequestFrame }
  /** JSON, but not a request. `id` is what an answer can be addressed to; `isRequest` whether it tried to be one. */
  | { readonly kind: 'invalid'; readonly dialect: Dialect; readonly id: string; readonly message: string; readonly isRequest: boolean }
  | { readonly kind: 'not-json' }

/** Decodes a message from outside. Never throws. `dialect` is null for the first frame of a connection. */
export function decodeFrame(text: string, dialect: Dialect | null): Decoded {
  const parsed = parseJson(text)
  if (!parsed.ok) return { kind: 'not-json' }
  const value = parsed.value
  const spoken = dialect ?? dialectOf(value)
  const schema = spoken === 'plain' ? plainRequest : typedRequest
  const result = schema.safeParse(value)
  if (result.success) {
    const { id, method, params } = result.data
    const meta = 'meta' in result.data ? { meta: result.data.meta } : {}
    const trace = 'traceparent' in result.data ? readTrace(result.data.traceparent) : null
    return { kind: 'request', dialect: spoken, request: { id, method, params, ...meta, ...(trace && { trace }) } }
  }
  const issues = schema.safeParse(value, { reportInput: true }).error?.issues ?? []
  return {
    kind: 'invalid',
    dialect: spoken,
    id: idOf(value),
    message: `invalid request frame: ${describeIssues(issues)}`,
    isRequest: isObject(value) && value['type'] === 'req',
  }
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const dialectOf = (value: unknown): Dialect =>
  isObject(value) && !('type' in value) && 'id' in value && 'method' in value ? 'plain' : 'typed'

const idOf = (value: unknown): string =>
  isObject(value) && typeof value['id'] === 'string' && value['id'] !== '' ? value['id'] : 'invalid'

/** A successful answer around a payload that is JSON already. */
export function encodeResult(dialect: Dialect, request: Pick<RequestFrame, 'id' | 'meta'>, payload: string): string {
  const id = JSON.stringify(request.id)
  if (dialect === 'typed') return `{"type":"res","id":${id},"ok":true,"payload":${payload}}`
  return `{"id":${id},"ok":true,"payload":${payload},"error":null${metaOf(request)}}`
}

export function encodeError(dialect: Dialect, request: Pick<RequestFrame, 'id' | 'meta'>, error: ErrorShape): string {
  const id = JSON.stringify(request.id)
  const shape = JSON.stringify(error)
  if (dialect === 'typed') return `{"type":"res","id":${id},"ok":false,"error":${shape}}`
  return `{"id":${id},"ok":false,"payload":null,"error":${shape}${metaOf(request)}}`
}

const metaOf = (request: Pick<RequestFrame, 'meta'>): string =>
  request.meta === undefined ? '' : `,"meta":${JSON.stringify(request.meta)}`

export interface StateVersion {
  readonly presence: number
  readonly health: number
}

/** An event without its end: what all recipients of one dialect share. The end comes from `encodeEventTail`. */
export function encodeEventHead(dialect: Dialect, event: string, payload: string, version?: StateVersion): string {
  const name = JSON.stringify(event)
  if (dialect === 'plain') return `{"event":${name},"payload":${payload}`
  const state = version ? `,"stateVersion":{"presence":${version.presence},"health":${version.health}}` : ''
  return `{"type":"event","event":${name},"payload":${payload}${state}`
}

/** `seq` is null for events that are directed at one connection. ASCII only. */
export const encodeEventTail = (dialect: Dialect, seq: number | null): string =>
  dialect === 'plain' || seq === null ? '}' : `,"seq":${seq}}`

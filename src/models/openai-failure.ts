// What an upstream's failure means.

import { parseJson } from '../kit/json.ts'
import { hide, hideUserinfo } from '../kit/redact.ts'
import { firstUnits } from '../kit/text.ts'
import { ModelError, type ModelErrorKind, type ModelSpec } from '../ports/model.ts'
import type { FetchResponse } from '../ports/platform.ts'
import { toModelError } from './attempt.ts'

/** Characters of an upstream's words that are passed on. */
const MAX_CHARS = 300

/** Of an answer whose status says that there is none. */
export async function toFailure(spec: ModelSpec, response: FetchResponse): Promise<ModelError> {
  const text = await response.text().catch(() => '')
  const parsed = parseJson(text)
  const said = parsed.ok ? messageIn(parsed.value) : null
  const message = shown(spec, said ?? text)
  const kind = kindOf(response.status, message)
  const retryAfterMs = retryAfterOf((name) => response.headers.get(name))
  return new ModelError(kind, `${spec.provider} answered ${response.status}: ${message || 'no reason given'}`, response.status, retryAfterMs)
}

/** Of an error in the middle of a stream. */
export function toStreamFailure(spec: ModelSpec, error: unknown): ModelError {
  const message = shown(spec, messageIn({ error }) ?? 'no reason given')
  const kind = TOO_LONG.test(message) ? 'context_length' : 'server'
  return new ModelError(kind, `${spec.provider} failed: ${message}`)
}

/** Of a question that never arrived. */
export function toConnectFailure(spec: ModelSpec, error: unknown): ModelError {
  const failure = toModelError(error, `${spec.provider} cannot be reached`)
  return failure.kind === 'network' ? new ModelError('network', shown(spec, failure.message)) : failure
}

/** The words in the body of a failure, whoever speaks. */
export function messageIn(body: unknown): string | null {
  if (typeof body !== 'object' || body === null) return null
  const { error, message } = body as { error?: unknown; message?: unknown }
  if (typeof error === 'string') return error
  if (typeof error === 'object' && error !== null && 'message' in error) return String(error.message)
  return typeof message === 'string' ? message : null
}

/** What must not be repeated, beside the key, of what `options` may hold. */
const SECRETS = ['accessKeyId', 'secretAccessKey', 'sessionToken']

/** Some upstreams repeat the key that they refuse, or the headers: that is taken out before the words are cut, so that no half of it is left. */
export function shown({ apiKey, headers, options = {} }: ModelSpec, message: string): string {
  const secrets = [apiKey, ...Object.values(headers).flatMap((value) => value.split(/\s+/)), ...SECRETS.map((name) => options[name])]
  return firstUnits(hide(hideUserinfo(message, '[key]'), secrets, '[key]'), MAX_CHARS)
}

const TOO_LONG = /context.?length|context window|maximum context|too many tokens|(prompt|input) is too long|exceeds the maximum number of (input )?tokens/i

export function kindOf(status: number, message: string): ModelErrorKind {
  if (status === 401 || status === 403) return 'auth'
  if (status === 429) return 'rate_limit'
  if (status === 408 || status === 504) return 'timeout'
  if (status >= 500) return 'server'
  return TOO_LONG.test(message) ? 'context_length' : 'invalid'
}

/** How long the upstream wants to be left alone, in either of the forms that HTTP has, or in milliseconds; null: not said. */
export function retryAfterOf(header: (name: string) => string | null): number | null {
  const ms = Number(header('retry-after-ms'))
  if (Number.isFinite(ms) && ms > 0) return ms
  const said = header('retry-after')
  if (said === null) return null
  const seconds = Number(said)
  const wait = Number.isFinite(seconds) ? seconds * 1000 : Date.parse(said) - Date.parse(header('date') ?? '')
  return Number.isFinite(wait) && wait > 0 ? wait : null
}

// What an upstream's failure means.

import { parseJson } from '../kit/json.ts'
import { firstUnits } from '../kit/text.ts'
import { ModelError, type ModelErrorKind, type ModelSpec } from '../ports/model.ts'
import type { FetchResponse } from '../ports/platform.ts'

/** Characters of an upstream's words that are passed on. */
const MAX_CHARS = 300

/** Of an answer whose status says that there is none. */
export async function toFailure(spec: ModelSpec, response: FetchResponse): Promise<ModelError> {
  const text = await response.text().catch(() => '')
  const parsed = parseJson(text)
  const said = parsed.ok ? messageIn(parsed.value) : null
  const message = shown(spec, said ?? text)
  const kind = kindOf(response.status, message)
  const retryAfter = Number(response.headers.get('retry-after'))
  const retryAfterMs = Number.isFinite(retryAfter) && retryAfter > 0 ? retryAfter * 1000 : null
  return new ModelError(kind, `${spec.provider} answered ${response.status}: ${message || 'no reason given'}`, response.status, retryAfterMs)
}

/** Of an error in the middle of a stream. */
export function toStreamFailure(spec: ModelSpec, error: unknown): ModelError {
  const message = shown(spec, messageIn({ error }) ?? 'no reason given')
  const kind = /context.?length|too many tokens/i.test(message) ? 'context_length' : 'server'
  return new ModelError(kind, `${spec.provider} failed: ${message}`)
}

function messageIn(body: unknown): string | null {
  if (typeof body !== 'object' || body === null) return null
  const { error, message } = body as { error?: unknown; message?: unknown }
  if (typeof error === 'string') return error
  if (typeof error === 'object' && error !== null && 'message' in error) return String(error.message)
  return typeof message === 'string' ? message : null
}

/** Some upstreams repeat the key that they refuse: it is taken out before the words are cut, so that no half of it is left. */
const shown = ({ apiKey }: ModelSpec, message: string): string =>
  firstUnits(apiKey !== null && apiKey.length > 5 ? message.replaceAll(apiKey, '[key]') : message, MAX_CHARS)

function kindOf(status: number, message: string): ModelErrorKind {
  if (status === 401 || status === 403) return 'auth'
  if (status === 429) return 'rate_limit'
  if (status === 408 || status === 504) return 'timeout'
  if (status >= 500) return 'server'
  return /context.?length|maximum context|too many tokens/i.test(message) ? 'context_length' : 'invalid'
}

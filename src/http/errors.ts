// The one place where an error becomes an HTTP answer: JSON with all four members of OpenAI's shape, on every route.

import type { Context } from 'hono'
import { HTTPException } from 'hono/http-exception'
import { messageOf, type Logger } from '../kit/log.ts'
import { traceOf } from '../kit/trace.ts'
import { StorageError } from '../ports/sql.ts'
import { ERRORS, GatewayError, invalid, notWritten } from '../protocol/errors.ts'
import type { OpenaiError } from '../protocol/openai.ts'
import type { HttpEnv } from './env.ts'
import { requestId, respondJson } from './respond.ts'

export function toOpenaiError(error: GatewayError): OpenaiError & { error: { details?: unknown } } {
  const { param = null, code = null, details } = error.options
  return { error: { message: error.message, type: ERRORS[error.code].type, param, code, ...(details && { details }) } }
}

export function errorResponse(c: Context<HttpEnv>, error: GatewayError, headers: Readonly<Record<string, string>> = {}): Response {
  const { retryAfterMs } = error.options
  return respondJson(c, toOpenaiError(error), error.status, {
    ...headers,
    // Clients come again by themselves after these statuses, unless they are told not to.
    ...((error.status >= 500 || error.status === 429) && !error.retryable && { 'x-should-retry': 'false' }),
    ...(error.code === 'PAYLOAD_TOO_LARGE' && { connection: 'close' }), // the rest of the body is not read
    ...(error.code === 'UNAUTHORIZED' && { 'www-authenticate': 'Bearer' }),
    ...(retryAfterMs !== undefined && {
      'retry-after': String(Math.max(1, Math.ceil(retryAfterMs / 1000))),
      'retry-after-ms': String(retryAfterMs),
    }),
  })
}

/** What a handler threw: shown if it was meant for the client, else logged, with only the id of the request shown. */
export function toGatewayError(c: Context<HttpEnv>, error: unknown, log: Logger): GatewayError {
  if (error instanceof GatewayError) return error
  if (error instanceof HTTPException && error.status < 500) return invalid(error.message || 'bad request')
  const id = requestId(c)
  const trace = traceOf(c.req.raw.headers)
  log.error('an HTTP request failed', { id, ...(trace && { trace: trace.traceId }), error: messageOf(error), stack: error instanceof Error ? error.stack : undefined })
  if (error instanceof StorageError) return notWritten()
  return new GatewayError('INTERNAL', `internal error ${id}: the log of the gateway says more under this id`)
}

/** Answers every method that a path does not have. Register it behind those that it has. */
export const methodNotAllowed =
  (...allowed: readonly string[]) =>
  (c: Context<HttpEnv>): Response => {
    const error = new GatewayError('METHOD_NOT_ALLOWED', `${c.req.method} is not allowed here: use ${allowed.join(' or ')}`)
    return errorResponse(c, error, { allow: allowed.join(', ') })
  }

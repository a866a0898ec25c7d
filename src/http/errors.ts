// The one place where an error becomes an HTTP answer: JSON with all four members of OpenAI's shape, on every route.

import type { Context } from 'hono'
import { HTTPException } from 'hono/http-exception'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import { uuid } from '../kit/ids.ts'
import { messageOf, type Logger } from '../kit/log.ts'
import { ERRORS, GatewayError, invalid } from '../protocol/errors.ts'
import type { OpenaiError } from '../protocol/openai.ts'

export function toOpenaiError(error: GatewayError): OpenaiError & { error: { details?: unknown } } {
  const { param = null, code, details } = error.options
  return {
    error: {
      message: error.message,
      type: ERRORS[error.code].type,
      param,
      code: code ?? null,
      ...(details && { details }),
    },
  }
}

export function errorResponse(c: Context, error: GatewayError): Response {
  const { retryAfterMs } = error.options
  if (retryAfterMs !== undefined) {
    c.header('retry-after', String(Math.max(1, Math.ceil(retryAfterMs / 1000))))
    c.header('retry-after-ms', String(retryAfterMs))
  }
  if (error.code === 'UNAUTHORIZED') c.header('www-authenticate', 'Bearer')
  return c.json(toOpenaiError(error), error.status as ContentfulStatusCode)
}

/** What a handler threw: shown if it was meant for the client, else logged, with only the id of the line shown. */
export function toGatewayError(error: unknown, log: Logger): GatewayError {
  if (error instanceof GatewayError) return error
  if (error instanceof HTTPException && error.status < 500) return invalid(error.message || 'bad request')
  const id = uuid()
  log.error('an HTTP request failed', { id, error: messageOf(error), stack: error instanceof Error ? error.stack : undefined })
  return new GatewayError('INTERNAL', `internal error ${id}: the log of the gateway says more under this id`)
}

/** Answers every method that a path does not have. Register it behind those that it has. */
export const methodNotAllowed =
  (...allowed: readonly string[]) =>
  (c: Context): Response => {
    c.header('allow', allowed.join(', '))
    return errorResponse(c, new GatewayError('METHOD_NOT_ALLOWED', `${c.req.method} is not allowed here: use ${allowed.join(' or ')}`))
  }

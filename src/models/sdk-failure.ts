// What a failure of the AI SDK means: of the vendor, of the network, or of what was asked.

import { parseJson } from '../kit/json.ts'
import { messageOf } from '../kit/log.ts'
import { ModelError, type ModelErrorKind, type ModelSpec } from '../ports/model.ts'
import { kindOf, messageIn, retryAfterOf, shown } from './openai-failure.ts'
import { TransportError } from './sdk-fetch.ts'

interface Failed {
  readonly name?: string
  readonly message?: string
  readonly statusCode?: number
  readonly responseHeaders?: Readonly<Record<string, string>>
  readonly responseBody?: string
  readonly cause?: unknown
  readonly type?: string
}

/** By the error's name, without the library's prefix. */
const KINDS: Readonly<Record<string, ModelErrorKind>> = {
  UnsupportedFunctionalityError: 'invalid',
  InvalidPromptError: 'invalid',
  InvalidArgumentError: 'invalid',
  NoSuchModelError: 'invalid',
  LoadSettingError: 'invalid',
  TooManyEmbeddingValuesForCallError: 'invalid',
  LoadAPIKeyError: 'auth',
  JSONParseError: 'server',
  TypeValidationError: 'server',
  InvalidResponseDataError: 'server',
  EmptyResponseBodyError: 'server',
  NoContentGeneratedError: 'server',
}

/** `where` is said of what the network did. */
export function toSdkFailure(spec: ModelSpec, error: unknown, where: string): ModelError {
  if (error instanceof ModelError) return error
  const failed = (typeof error === 'object' && error !== null ? error : { message: String(error) }) as Failed
  const { provider } = spec
  const said = shown(spec, saidIn(failed) ?? failed.message ?? messageOf(error))
  const { statusCode: status } = failed
  if (status !== undefined && (status < 200 || status > 299)) {
    return new ModelError(kindOf(status, said), `${provider} answered ${status}: ${said || 'no reason given'}`, status, retryAfterIn(failed))
  }
  const transport = transportIn(error)
  if (transport) return new ModelError('network', `${where}: ${shown(spec, transport.message)}`)
  const kind = KINDS[(failed.name ?? '').replace(/^AI_/, '')]
  if (kind === 'server' || status !== undefined) return new ModelError('server', `${provider} answered something that its wire does not have: ${said}`)
  if (kind !== undefined) return new ModelError(kind, `${provider}: ${said}`)
  if (failed.type !== undefined || !(error instanceof Error)) return ofStream(spec, said, failed.type ?? '')
  return new ModelError('network', `${where}: ${shown(spec, messageOf(failed.cause ?? error))}`)
}

/** The vendor's own words: the library finds them in the form of its vendor only, and proxies have others. */
function saidIn({ responseBody }: Failed): string | null {
  const body = responseBody ? parseJson(responseBody) : null
  return body?.ok ? messageIn(body.value) : null
}

function transportIn(error: unknown): TransportError | null {
  for (let [cause, depth] = [error, 0]; cause instanceof Error && depth < 5; [cause, depth] = [cause.cause, depth + 1]) if (cause instanceof TransportError) return cause
  return null
}

/** Said in the middle of an answer, without a status. */
function ofStream({ provider }: ModelSpec, said: string, type: string): ModelError {
  const words = `${type} ${said}`
  const status = /rate.?limit|throttl|too many requests/i.test(words) ? 429 : /auth|permission/i.test(type) ? 401 : /invalid|too long|maximum/i.test(words) ? 400 : 500
  return new ModelError(kindOf(status, said), `${provider} failed: ${said || type || 'no reason given'}`)
}

function retryAfterIn({ responseHeaders = {}, responseBody = '' }: Failed): number | null {
  const inHeaders = retryAfterOf((name) => responseHeaders[name] ?? null)
  const google = /"retryDelay":\s*"(\d+(?:\.\d+)?)s"/.exec(responseBody)?.[1]
  return inHeaders ?? (google === undefined ? null : Math.ceil(Number(google) * 1000))
}

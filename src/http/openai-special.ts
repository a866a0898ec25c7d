// Which model answers where none of language is asked for: the one that the request names, else the configured one. And
// what its failures are to the caller.

import type * as z from 'zod'
import { parseJson } from '../kit/json.ts'
import { GatewayError, invalid, unavailable } from '../protocol/errors.ts'
import { describeIssues } from '../protocol/issues.ts'
import { mayUseAgent, type Principal } from '../protocol/scopes.ts'
import { ModelError } from '../ports/model.ts'
import type { HttpDeps } from './env.ts'
import { toHttpError } from './openai-chat.ts'
import type { Headers } from './openai-request.ts'

/** The agent that a model names; null: it names a model. `default` is the default one. */
export const agentIn = (model: string): string | null => (model === 'openclaw' ? 'default' : (/^(?:openclaw[/:]|agent:)(.+)$/.exec(model)?.[1] ?? null))

/** An agent that is addressed must exist, and be open to who asks. */
export function assertAgent(model: string, principal: Principal, { agents }: Pick<HttpDeps, 'agents'>): void {
  const named = agentIn(model)
  if (named === null || named === 'default') return
  if (!agents.find(named)) throw unknownModel(model)
  if (!mayUseAgent(principal, named)) throw new GatewayError('FORBIDDEN', `this key may not use the agent "${named}"`, { param: 'model', details: { code: 'AGENT_NOT_ALLOWED' } })
}

/** `provider/model`. `wanted`: where its own default stands, for people. */
export function modelFor(
  model: string,
  headers: Headers,
  { configured, setting, what }: { readonly configured: string | undefined; readonly setting: string; readonly what: string },
): string {
  const override = headers.get('x-openclaw-model')
  if (override !== null) return override
  const named = agentIn(model)
  if (named === null && model.includes('/')) return model
  if (configured !== undefined && (named !== null || configured.slice(configured.indexOf('/') + 1) === model)) return configured
  if (named === null) return `openai/${model}` // as programs that know nothing else call it
  throw unavailable(`no model for ${what} is configured: set ${setting} to "provider/model", or name one as the model`, { retryable: false })
}

export const unknownModel = (model: string): GatewayError =>
  new GatewayError('NOT_FOUND', `The model \`${model.slice(0, 200)}\` does not exist. Use a \`provider/model\` of models.providers, or \`openclaw\` for the one that is configured.`, {
    param: 'model',
    code: 'model_not_found',
  })

/** What has no such provider is not found; what a provider does not have is said as it is. */
export function found<T>(model: string, find: () => T): T {
  try {
    return find()
  } catch (error) {
    throw error instanceof GatewayError && error.options.code === 'model_not_found' ? unknownModel(model) : error
  }
}

/** Failures of a provider as those of a run are told. */
export async function asked<T>(work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    if (!(error instanceof ModelError)) throw error
    const { message, kind, retryAfterMs } = error
    throw toHttpError({ error: { message, kind, ...(retryAfterMs !== null && { retryAfterMs }) } })
  }
}

/** Takes down what was used, and waits until that is on disk: then it can be answered. */
export async function account(principal: Principal, model: { readonly provider: string; readonly model: string }, { input = 0, output = 0 }, { keyLimiter, gate }: Pick<HttpDeps, 'keyLimiter' | 'gate'>): Promise<void> {
  if (!principal.key) return
  const since = gate.mark()
  keyLimiter.spent(principal, model, { input, output, cacheRead: 0, cacheWrite: 0, totalTokens: input + output })
  await gate.passed(since)
}

export function parseBody<Schema extends z.ZodType>(schema: Schema, text: string): z.output<Schema> {
  const body = parseJson(text)
  if (!body.ok) throw invalid('the body of the request is no JSON')
  return parseValue(schema, body.value)
}

export function parseValue<Schema extends z.ZodType>(schema: Schema, given: unknown): z.output<Schema> {
  const parsed = schema.safeParse(given, { reportInput: true })
  if (parsed.success) return parsed.data
  const [first] = parsed.error.issues
  const param = first?.path[0] === undefined ? undefined : String(first.path[0])
  throw invalid(`invalid request: ${describeIssues(parsed.error.issues)}`, param === undefined ? {} : { param })
}

export const nameOf = (id: string) => ({ provider: id.slice(0, id.indexOf('/')), model: id.slice(id.indexOf('/') + 1) })

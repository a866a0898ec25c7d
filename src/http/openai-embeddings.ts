// POST /v1/embeddings: what texts mean, as numbers, of a configured provider.

import type { Context } from 'hono'
import { toBase64 } from '../kit/bytes.ts'
import { GatewayError } from '../protocol/errors.ts'
import { embeddingRequest, type EmbeddingList } from '../protocol/openai-media.ts'
import type { ConfigService } from '../services/operations/config.ts'
import type { HttpDeps, HttpEnv } from './env.ts'
import { account, asked, assertAgent, found, modelFor, parseBody } from './openai-special.ts'
import { respondJson } from './respond.ts'

export async function embed(c: Context<HttpEnv>, deps: HttpDeps): Promise<Response> {
  const { models, keyLimiter, config } = deps
  const { principal } = c.var
  const { headers, signal } = c.req.raw
  const request = parseBody(embeddingRequest, await c.req.text())
  assertAgent(request.model, principal, deps)
  const id = modelFor(request.model, headers, { configured: defaultOf(config), setting: 'models.embeddings', what: 'embeddings' })
  const model = found(request.model, () => models.embedding(id))
  keyLimiter.admit(principal, { model })
  const texts = typeof request.input === 'string' ? [request.input] : request.input
  const { vectors, tokens } = await asked(model.embed({ texts, ...(request.dimensions != null && { dimensions: request.dimensions }) }, { signal }))
  if (vectors.length !== texts.length) throw new GatewayError('UPSTREAM', `${model.provider} answered ${vectors.length} vectors for ${texts.length} texts`)
  const read = tokens ?? estimate(texts)
  await account(principal, model, { input: read }, deps)
  const isBase64 = request.encoding_format === 'base64'
  const answer: EmbeddingList = {
    object: 'list',
    data: vectors.map((vector, index) => ({ object: 'embedding', index, embedding: isBase64 ? toBase64(toFloats(vector)) : [...vector] })),
    model: request.model,
    usage: { prompt_tokens: read, total_tokens: read },
  }
  return respondJson(c, answer)
}

/** The setting of this gateway, else OpenClaw's. */
function defaultOf({ current }: ConfigService): string | undefined {
  const { provider, model } = current.agents?.defaults?.memorySearch ?? {}
  return current.models?.embeddings ?? (provider !== undefined && model !== undefined ? `${provider}/${model}` : undefined)
}

const estimate = (texts: readonly string[]): number => Math.ceil(texts.reduce((sum, text) => sum + text.length, 0) / 4)

/** Little-endian, whatever this machine is. */
function toFloats(vector: readonly number[]): Uint8Array {
  const view = new DataView(new ArrayBuffer(vector.length * 4))
  for (const [index, value] of vector.entries()) view.setFloat32(index * 4, value, true)
  return new Uint8Array(view.buffer)
}

// POST <hooks.path>/wake, /agent and /<mapping>: calls from outside, each with a secret of its own. Answers in the words
// that senders of OpenClaw's hooks know: plain texts for what is refused before the body is read, small JSON after.

import { Hono, type Context } from 'hono'
import { joinBytes, sha256Hex } from '../kit/bytes.ts'
import { parseJson, stableStringify } from '../kit/json.ts'
import { GatewayError } from '../protocol/errors.ts'
import { within } from '../ports/clock.ts'
import { createHookPace } from '../services/automation/hook-pace.ts'
import { findMapping, mappingsAt, valueAt, type HookCall } from '../services/automation/hook-mapping.ts'
import { GMAIL_ID } from '../services/automation/hook-presets.ts'
import { createHookSenders } from '../services/automation/hook-senders.ts'
import { DEFAULT_HOOK_PATH, hookPathOf, type HookMapping, type HooksConfig } from '../services/automation/hook-settings.ts'
import type { HookOrigin } from '../services/automation/hooks.ts'
import type { HttpDeps, HttpEnv } from './env.ts'
import { checkServing } from './guard.ts'
import { createHookActions } from './hook-actions.ts'
import { respond, respondJson } from './respond.ts'

const MAX_BODY_BYTES = 1024 * 1024
const BODY_TIMEOUT_MS = 30_000
const MAX_DELIVERY_CHARS = 256
/** The two that need no mapping. */
const DIRECT: readonly string[] = ['wake', 'agent']

const NONE = new Uint8Array(0)
/** Of an answer that comes before its body was read: the rest of it is nothing that the next request could stand behind. */
const LAST = { connection: 'close' }
const plain = (c: Context<HttpEnv>, said: string, status: number, headers = {}): Response => respond(c, said, { 'content-type': 'text/plain; charset=utf-8', ...headers }, status)
const wrong = (c: Context<HttpEnv>, error: string, status = 400, headers = {}): Response => respondJson(c, { ok: false, error }, status, headers)

export function hooks(deps: HttpDeps): Hono<HttpEnv> {
  const { config, clock, gate, hookRegistry } = deps
  const actions = createHookActions(deps)
  const senders = createHookSenders(deps)
  const pace = createHookPace({ clock, yields: () => deps.hooks.yields })

  const settings = (): HooksConfig | null => {
    const section = config.current.hooks
    return section?.enabled ? section : null
  }

  async function receive(c: Context<HttpEnv>, path: string, hooked: HooksConfig): Promise<Response> {
    if (c.req.method !== 'POST') return plain(c, 'Method Not Allowed', 405, { allow: 'POST' })
    checkServing(deps.failing())
    const url = new URL(c.req.url)
    if (url.searchParams.has('token')) return plain(c, 'Hook token must be provided via Authorization: Bearer <token> or X-OpenClaw-Token header (query parameters are not allowed).', 400)
    await pace.enter()
    const headers = Object.fromEntries([...c.req.raw.headers].map(([name, value]) => [name.toLowerCase(), value]))
    const mappings = hookRegistry.list()
    const candidates = DIRECT.includes(path) ? [] : mappingsAt(mappings, path)
    const isProvenLater = candidates.some(({ id, verify }) => verify !== undefined || (id === GMAIL_ID && candidates.length > 1))
    // Nobody's body is read, unless the proof, or which one is wanted, stands in it.
    if (!isProvenLater && !(await senders.isProven(candidates[0] ?? null, { headers }, NONE, hooked))) return plain(c, 'Unauthorized', 401, LAST)
    const raw = await readBody(c).catch(() => null)
    if (raw === null) return plain(c, 'Request body timeout', 408, LAST)
    if (raw === 'too-large') return wrong(c, `the body is too large: at most ${MAX_BODY_BYTES} bytes are accepted`, 413, LAST)
    const parsed = raw.byteLength === 0 ? { ok: true as const, value: null } : parseJson(toText(raw))
    const call: HookCall = { path, headers: withoutSecrets(headers), query: Object.fromEntries(url.searchParams), body: parsed.ok ? parsed.value : null, receivedAt: clock.now() }
    const mapping = DIRECT.includes(path) ? null : findMapping(candidates, call)
    if (isProvenLater && !(await isProvenBy(mapping ? [mapping] : candidates, headers, raw, hooked))) return plain(c, 'Unauthorized', 401)
    if (!parsed.ok) return wrong(c, 'invalid JSON')
    const origin = await toOrigin(c, mapping, { path, headers, body: call.body }, raw)
    const since = gate.mark()
    const answer = act(c, mapping, call, hooked, origin)
    await gate.passed(since) // what was accepted is on disk
    return answer
  }

  function act(c: Context<HttpEnv>, mapping: HookMapping | null, call: HookCall, hooked: HooksConfig, origin: HookOrigin): Response {
    if (mapping) return actions.mapping(c, mapping, call, hooked, origin)
    if (call.path === 'wake') return actions.wake(c, call.body, hooked, origin)
    return call.path === 'agent' ? actions.agent(c, call.body, hooked, origin) : plain(c, 'Not Found', 404)
  }

  async function isProvenBy(mappings: readonly HookMapping[], headers: HookCall['headers'], raw: Uint8Array<ArrayBuffer>, hooked: HooksConfig): Promise<boolean> {
    for (const mapping of mappings) if (await senders.isProven(mapping, { headers }, raw, hooked)) return true
    return false
  }

  function readBody(c: Context<HttpEnv>): Promise<Uint8Array<ArrayBuffer> | 'too-large'> {
    const { headers, body, signal } = c.req.raw
    if (Number(headers.get('content-length') ?? 0) > MAX_BODY_BYTES) return Promise.resolve('too-large')
    return within(clock, BODY_TIMEOUT_MS, signal, async () => {
      const pieces: Uint8Array[] = []
      let size = 0
      for await (const piece of (body ?? []) as AsyncIterable<Uint8Array>) {
        size += piece.byteLength
        if (size > MAX_BODY_BYTES) return 'too-large'
        pieces.push(piece)
      }
      return joinBytes(pieces)
    })
  }

  const app = new Hono<HttpEnv>()
  app.use('*', async (c, next) => {
    const hooked = settings()
    const base = hooked ? hookPathOf(hooked) : DEFAULT_HOOK_PATH
    if (!c.req.path.startsWith(`${base}/`)) return next()
    if (!hooked) return plain(c, 'Not Found', 404)
    try {
      return await receive(c, c.req.path.slice(base.length + 1).replace(/(?<!\/)\/+$/, ''), hooked)
    } catch (error) {
      if (!(error instanceof GatewayError) || error.status >= 500 || error.code === 'RATE_LIMITED') throw error
      return wrong(c, error.message, error.status)
    }
  })
  return app
}

/** Whence it comes, and by what it is known when it comes again: the sender's count of it, or a key that it brought. */
async function toOrigin(c: Context<HttpEnv>, mapping: HookMapping | null, { path, headers, body }: Pick<HookCall, 'path' | 'headers' | 'body'>, raw: Uint8Array<ArrayBuffer>): Promise<HookOrigin> {
  const { id, match, verify, deliveryHeader, deliveryPath } = mapping ?? {}
  const counted = (deliveryHeader && headers[deliveryHeader.toLowerCase()]) || (deliveryPath && valueAt(body, deliveryPath))
  const keys = [headers['idempotency-key'], headers['x-openclaw-idempotency-key'], valueAt(body, 'idempotencyKey')]
  const key = keys.find((each): each is string => isMark(each))?.trim()
  // Several senders may share a path, and each counts for itself.
  const sender = mapping && id === undefined ? `${(await sha256Hex(stableStringify(match))).slice(0, 16)}:` : ''
  // The same key with something else is something else.
  const delivery = isMark(counted) ? `${sender}${counted.trim()}` : key === undefined ? null : `key:${await sha256Hex(joinBytes([new TextEncoder().encode(`${key}\n`), raw]))}`
  const proof = verify?.timestampHeader === undefined ? null : await sha256Hex(headers[verify.header.toLowerCase()]!)
  return { hook: (id ?? path).slice(0, 100), address: c.env.info.remoteAddress ?? null, delivery, proof }
}

/** No template tells an agent what let the call in. */
const SECRET_HEADERS: readonly string[] = ['authorization', 'x-openclaw-token', 'cookie']
const withoutSecrets = (headers: HookCall['headers']): HookCall['headers'] => Object.fromEntries(Object.entries(headers).filter(([name]) => !SECRET_HEADERS.includes(name)))

const isMark = (value: unknown): value is string => typeof value === 'string' && value.trim() !== '' && value.trim().length <= MAX_DELIVERY_CHARS

/** What is no UTF-8 is no JSON either. */
function toText(raw: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(raw)
  } catch {
    return ''
  }
}

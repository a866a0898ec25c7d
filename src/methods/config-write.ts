// Changing the configuration.

import * as z from 'zod'
import { defineMethod } from '../rpc/method.ts'
import { restartParams } from './restart-params.ts'
import type { RestartTicket } from '../services/operations/restart.ts'
import type { Written } from '../services/operations/config-write.ts'
import type { Services } from '../services/services.ts'

const text = z.string().min(1)

const base = {
  /** JSON5. */
  raw: text,
  /** `hash` of config.get. */
  baseHash: text.optional(),
  /** Ours: the change is taken back after so many milliseconds, unless config.confirm is called before. */
  confirmWithinMs: z.int().min(1000).max(24 * 60 * 60 * 1000).optional(),
}

const ticket = z.strictObject({ ok: z.literal(true), reason: z.string(), delayMs: z.int(), coalesced: z.boolean() })

const sentinel = z.strictObject({
  persisted: z.literal(true),
  payload: z.strictObject({
    kind: z.enum(['config-patch', 'config-apply']),
    status: z.literal('ok'),
    ts: z.int(),
    message: z.string().nullable(),
    stats: z.strictObject({ mode: z.string(), root: z.string(), requiresRestart: z.boolean() }),
  }),
})

const written = z.strictObject({
  ok: z.literal(true),
  noop: z.literal(true).optional(),
  path: z.string(),
  hash: z.string(),
  config: z.unknown(),
  changedPaths: z.array(z.string()),
  /** Whether all of it is active now; if not, the paths that wait for a restart. */
  applied: z.boolean(),
  waitingForRestart: z.array(z.string()),
  restart: ticket.optional(),
  sentinel: sentinel.optional(),
  confirmBeforeMs: z.int().optional(),
})

export const toTicket = ({ reason, at, coalesced }: RestartTicket, now: number): z.output<typeof ticket> => ({
  ok: true,
  reason,
  delayMs: Math.max(0, at - now),
  coalesced,
})
export { ticket as restartTicket }

type Use = Pick<Services, 'config' | 'clock'>

function toAnswer(change: Written, { config, clock }: Use, kind?: 'config-patch' | 'config-apply', note?: string): z.output<typeof written> {
  const { path, active } = config.snapshot()
  const { hash, noop, changedPaths, waiting, restart, confirmBefore } = change
  const now = clock.now()
  const stats = { mode: kind?.replace('-', '.') ?? '', root: path, requiresRestart: waiting.length > 0 }
  return {
    ok: true,
    ...(noop && kind === 'config-patch' && { noop: true as const }),
    path,
    hash,
    config: active,
    changedPaths: [...changedPaths],
    applied: waiting.length === 0,
    waitingForRestart: [...waiting],
    ...(restart && { restart: toTicket(restart, now) }),
    ...(kind && !(noop && kind === 'config-patch') && { sentinel: { persisted: true as const, payload: { kind, status: 'ok' as const, ts: now, message: note ?? null, stats } } }),
    ...(confirmBefore !== null && { confirmBeforeMs: confirmBefore }),
  }
}

export const configSet = defineMethod({
  name: 'config.set',
  scope: 'operator.admin',
  summary: 'Replaces the whole configuration; placeholders keep the secrets that they stand for.',
  params: z.strictObject(base),
  result: written,
  uses: ['clock', 'config', 'configWriter'],
  async handler(params, { configWriter, caller, ...use }) {
    return toAnswer(await configWriter.set({ ...params, by: caller.id, how: 'config.set' }), use)
  },
})

export const configPatch = defineMethod({
  name: 'config.patch',
  scope: 'operator.admin',
  summary: 'Merges a JSON Merge Patch into the configuration; lists of things with ids are merged by id.',
  params: z.strictObject({ ...base, ...restartParams, replacePaths: z.array(text).max(256).optional() }),
  result: written,
  uses: ['clock', 'config', 'configWriter'],
  async handler(params, { configWriter, caller, ...use }) {
    return toAnswer(await configWriter.patch({ ...params, by: caller.id, how: 'config.patch' }), use, 'config-patch', params.note)
  },
})

export const configApply = defineMethod({
  name: 'config.apply',
  scope: 'operator.admin',
  summary: 'Replaces the whole configuration and makes it active, also where changes wait for a restart otherwise.',
  params: z.strictObject({ ...base, ...restartParams }),
  result: written,
  uses: ['clock', 'config', 'configWriter'],
  async handler(params, { configWriter, caller, ...use }) {
    const change = await configWriter.set({ ...params, by: caller.id, how: 'config.apply' }, { force: true })
    return toAnswer(change, use, 'config-apply', params.note)
  },
})

export const configConfirm = defineMethod({
  name: 'config.confirm',
  scope: 'operator.admin',
  summary: 'Keeps a change that was made with confirmWithinMs.',
  params: z.strictObject({ hash: text }),
  result: z.strictObject({ ok: z.literal(true), hash: text }),
  uses: ['configConfirm'],
  handler({ hash }, { configConfirm }) {
    configConfirm.confirm(hash)
    return { ok: true as const, hash }
  },
})

export const configReload = defineMethod({
  name: 'config.reload',
  scope: 'operator.admin',
  summary: 'Reads the configuration again and takes what has changed. A bad one changes nothing, and is named.',
  params: z.strictObject({}),
  result: z.strictObject({
    ok: z.boolean(),
    path: z.string(),
    hash: z.string(),
    changedPaths: z.array(z.string()),
    waitingForRestart: z.array(z.string()),
    restart: ticket.optional(),
    issues: z.array(z.strictObject({ path: z.string(), message: z.string() })),
  }),
  uses: ['clock', 'config', 'reload'],
  async handler(_, { clock, config, reload, caller }) {
    const { hash, changed, waiting, restart, issues } = await reload.run({ by: caller.id, how: 'config.reload' }, { force: true })
    return {
      ok: issues.length === 0,
      path: config.snapshot().path,
      hash,
      changedPaths: [...changed],
      waitingForRestart: [...waiting],
      ...(restart && { restart: toTicket(restart, clock.now()) }),
      issues: issues.map(({ path, message }) => ({ path, message })),
    }
  },
})

export const configOpenFile = defineMethod({
  name: 'config.openFile',
  scope: 'operator.admin',
  hidden: true,
  needs: ['openFile'],
  summary: 'Shows the file of the configuration to the person at this machine.',
  params: z.strictObject({}),
  result: z.strictObject({ ok: z.boolean(), path: z.string(), error: z.string().optional() }),
  uses: ['config', 'desktop'],
  async handler(_, { config, desktop }) {
    const { path } = config.snapshot()
    const error = await desktop.open(path)
    return { ok: error === null, path, ...(error !== null && { error }) }
  },
})

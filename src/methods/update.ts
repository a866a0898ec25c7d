// Newer versions of the program.

import * as z from 'zod'
import { defineMethod } from '../rpc/method.ts'
import { restartParams } from './restart-params.ts'
import type { UpdateStatus } from '../services/operations/updates.ts'
import { restartTicket, toTicket } from './config-write.ts'

const text = z.string().min(1)

const git = z.union([
  z.strictObject({ currentSha: text.optional(), status: z.literal('current') }),
  z.strictObject({ currentSha: text.optional(), status: z.literal('behind'), commitsBehind: z.int().min(1) }),
  z.strictObject({ currentSha: text.optional(), status: z.literal('unavailable'), reason: z.enum(['fetch-failed', 'no-upstream']) }),
])

const schedule = z.strictObject({
  channel: text,
  autoEnabled: z.literal(false),
  install: z.strictObject({ kind: z.enum(['package', 'git', 'unknown']), git: git.optional() }),
})

function toGit({ kind, sha, available, failure, looked }: UpdateStatus): z.output<typeof git> | undefined {
  if (kind !== 'git' || !looked) return undefined
  const currentSha = sha === undefined ? {} : { currentSha: sha }
  if (failure !== null) return { ...currentSha, status: 'unavailable', reason: /upstream/.test(failure) ? 'no-upstream' : 'fetch-failed' }
  const behind = available?.commitsBehind ?? 0
  return behind > 0 ? { ...currentSha, status: 'behind', commitsBehind: behind } : { ...currentSha, status: 'current' }
}

function toSchedule(status: UpdateStatus): z.output<typeof schedule> {
  const found = toGit(status)
  return { channel: status.channel, autoEnabled: false, install: { kind: status.kind ?? 'unknown', ...(found && { git: found }) } }
}

const CHANNELS = ['stable', 'extended-stable', 'beta', 'dev'] as const

export const updateStatus = defineMethod({
  name: 'update.status',
  scope: 'operator.admin',
  summary: 'How the program was installed, and whether there is a newer one as of the last look.',
  params: z.strictObject({ refreshCheckout: z.boolean().optional() }),
  result: z.strictObject({
    sentinel: z.null(),
    updateAvailable: z
      .strictObject({
        currentVersion: text,
        latestVersion: text,
        channel: text,
        currentSha: text.optional(),
        upstreamRef: text.optional(),
        upstreamSha: text.optional(),
        commitsBehind: z.int().min(0).optional(),
      })
      .nullable(),
    effectiveChannel: z.enum(CHANNELS).optional(),
    schedule,
  }),
  uses: ['system', 'updates'],
  async handler({ refreshCheckout = false }, { system, updates }) {
    const status = await updates.status(refreshCheckout)
    const { available, channel, sha } = status
    const effective = CHANNELS.find((each) => each === channel)
    return {
      sentinel: null,
      updateAvailable: available && {
        currentVersion: system.version,
        latestVersion: available.version,
        channel,
        ...(sha !== undefined && { currentSha: sha }),
        ...(available.upstreamRef !== undefined && { upstreamRef: available.upstreamRef }),
        ...(available.sha !== undefined && { upstreamSha: available.sha }),
        ...(available.commitsBehind !== undefined && { commitsBehind: available.commitsBehind }),
      },
      ...(effective && { effectiveChannel: effective }),
      schedule: toSchedule(status),
    }
  },
})

export const updateRun = defineMethod({
  name: 'update.run',
  scope: 'operator.admin',
  needs: ['update'],
  summary: 'Installs the newer version, if there is one, and restarts into it.',
  params: z.strictObject({
    requester: z.strictObject({ channel: z.string().optional(), accountId: z.string().optional(), senderId: z.string().optional() }).optional(),
    ...restartParams,
    continuationMessage: z.string().optional(),
    timeoutMs: z.int().min(1).max(60 * 60 * 1000).optional(),
    target: z
      .strictObject({
        kind: z.literal('git'),
        // eslint-disable-next-line no-control-regex
        upstreamRef: text.regex(/^[^\s\u0000-\u001f\u007f-\u009f]+$/),
        upstreamSha: z.string().regex(/^[a-fA-F0-9]{40}$/),
      })
      .optional(),
  }),
  result: z.strictObject({
    runId: text,
    ok: z.boolean(),
    result: z.strictObject({
      status: z.enum(['ok', 'skipped', 'error']),
      mode: z.enum(['package', 'git', 'unknown']),
      reason: z.string().optional(),
      after: z.strictObject({ version: text }).optional(),
      durationMs: z.int(),
    }),
    restart: restartTicket.optional(),
  }),
  uses: ['clock', 'updates'],
  async handler({ timeoutMs, restartDelayMs, target }, { clock, updates }) {
    const { runId, ok, kind, status, reason, version, durationMs, restart } = await updates.run({ timeoutMs, restartDelayMs, sha: target?.upstreamSha })
    const shown = status === 'installed' ? 'ok' : status === 'current' ? 'skipped' : 'error'
    return {
      runId,
      ok,
      result: {
        status: shown as 'ok' | 'skipped' | 'error',
        mode: kind,
        ...(status === 'current' && { reason: 'there is nothing newer' }),
        ...(reason !== undefined && { reason }),
        ...(version !== undefined && { after: { version } }),
        durationMs,
      },
      ...(restart && { restart: toTicket(restart, clock.now()) }),
    }
  },
})

export const updateHold = defineMethod({
  name: 'update.hold',
  scope: 'operator.admin',
  summary: 'Puts off an update that was announced. Here none ever is: nothing is installed without being asked for.',
  params: z.strictObject({}),
  result: z.strictObject({ ok: z.literal(false), schedule }),
  uses: ['updates'],
  handler: async (_, { updates }) => ({ ok: false as const, schedule: toSchedule(await updates.status(false)) }),
})

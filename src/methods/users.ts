// The person whose gateway this is, and what their pages keep for them.

import * as z from 'zod'
import { GatewayError } from '../protocol/errors.ts'
import { defineMethod } from '../rpc/method.ts'

const text = z.string().min(1)
const MAX_KEYS = 32

const nobody = z.strictObject({ status: z.literal('no_durable_identity') })
const NOBODY = { status: 'no_durable_identity' as const }

export const usersSelf = defineMethod({
  name: 'users.self',
  scope: 'operator.write',
  summary: 'The profile of the person who has this page open.',
  params: z.strictObject({}),
  result: z.strictObject({
    profile: z.strictObject({
      id: text,
      displayName: z.null(),
      avatarMime: z.null(),
      mergedInto: z.null(),
      createdAt: z.int(),
      updatedAt: z.int(),
      emails: z.array(z.never()),
      githubIdentity: z.null(),
      hasAvatar: z.literal(false),
    }),
  }),
  uses: ['profiles'],
  handler(_, { profiles, connection }) {
    const id = profiles.of(connection)
    if (id === null) throw new GatewayError('FORBIDDEN', 'users.self requires an authenticated user')
    const { createdAt, updatedAt } = profiles.get(id)
    return { profile: { id, displayName: null, avatarMime: null, mergedInto: null, createdAt, updatedAt, emails: [], githubIdentity: null, hasAvatar: false as const } }
  },
})

export const usersPrefsGet = defineMethod({
  name: 'users.prefs.get',
  scope: 'operator.read',
  summary: 'The settings that pages keep for their person.',
  params: z.strictObject({ keys: z.array(z.string().min(1).max(256)).max(256).optional() }),
  result: z.union([z.strictObject({ status: z.literal('ok'), entries: z.record(z.string(), z.unknown()) }), nobody]),
  uses: ['profiles'],
  handler({ keys }, { profiles, connection }) {
    const id = profiles.of(connection)
    return id === null ? NOBODY : { status: 'ok' as const, entries: profiles.prefs(id, keys) }
  },
})

export const usersPrefsSet = defineMethod({
  name: 'users.prefs.set',
  scope: 'operator.write',
  summary: 'Sets settings that pages keep for their person; null takes one away.',
  params: z.strictObject({
    entries: z.record(z.string(), z.unknown()).refine((entries) => Object.keys(entries).length <= MAX_KEYS, `must not have more than ${MAX_KEYS} properties`),
  }),
  result: z.union([z.strictObject({ status: z.literal('ok') }), nobody]),
  uses: ['profiles'],
  handler({ entries }, { profiles, connection }) {
    const id = profiles.of(connection)
    if (id === null) return NOBODY
    profiles.setPrefs(id, entries)
    return { status: 'ok' as const }
  },
})

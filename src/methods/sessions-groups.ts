// Groups of sessions.

import * as z from 'zod'
import { defineMethod } from '../rpc/method.ts'
import { MAX_GROUPS, type GroupOrder } from '../services/conversation/session-groups.ts'

const name = z.string().min(1).max(512)
const groups = z.array(z.strictObject({ name, position: z.int().min(0) }))

const changed = z.strictObject({
  ok: z.literal(true),
  groups,
  sectionOrder: z.array(name),
  updatedSessions: z.int().min(0).optional(),
})

const toView = ({ names, sections }: GroupOrder) => ({
  groups: names.map((each, position) => ({ name: each, position })),
  sectionOrder: sections,
})

export const sessionsGroupsList = defineMethod({
  name: 'sessions.groups.list',
  scope: 'operator.read',
  summary: 'The groups of sessions, in their order.',
  params: z.strictObject({}),
  result: z.strictObject({ groups, sectionOrder: z.array(name) }),
  uses: ['groups'],
  handler: (_, { groups: kept }) => toView(kept.list()),
})

export const sessionsGroupsDefaults = defineMethod({
  name: 'sessions.groups.defaults',
  scope: 'operator.write',
  summary: 'What new sessions of each group begin with: nothing of their own.',
  params: z.strictObject({}),
  result: z.strictObject({ defaults: z.array(z.strictObject({ name })) }),
  uses: ['groups'],
  handler: (_, { groups: kept }) => ({ defaults: kept.list().names.map((each) => ({ name: each })) }),
})

export const sessionsGroupsPut = defineMethod({
  name: 'sessions.groups.put',
  scope: 'operator.write',
  summary: 'Sets which groups there are, and their order. A group that has sessions cannot be left out.',
  params: z.strictObject({ names: z.array(name).max(MAX_GROUPS * 4), sectionOrder: z.array(name).max(MAX_GROUPS * 4).optional() }),
  result: changed.omit({ updatedSessions: true }),
  uses: ['groups'],
  handler: ({ names, sectionOrder }, { groups: kept }) => ({ ok: true as const, ...toView(kept.put(names, sectionOrder)) }),
})

export const sessionsGroupsRename = defineMethod({
  name: 'sessions.groups.rename',
  scope: 'operator.write',
  summary: 'Renames a group, and moves its sessions. To the name of another group, it becomes a part of that.',
  params: z.strictObject({ name, to: name }),
  result: changed,
  uses: ['groups'],
  handler({ name: from, to }, { groups: kept }) {
    const updatedSessions = kept.rename(from, to)
    return { ok: true as const, ...toView(kept.list()), updatedSessions }
  },
})

export const sessionsGroupsDelete = defineMethod({
  name: 'sessions.groups.delete',
  scope: 'operator.write',
  summary: 'Deletes a group. Its sessions stay, and are in none.',
  params: z.strictObject({ name }),
  result: changed,
  uses: ['groups'],
  handler({ name: gone }, { groups: kept }) {
    const updatedSessions = kept.delete(gone)
    return { ok: true as const, ...toView(kept.list()), updatedSessions }
  },
})

// Compacting conversations, and taking that back.

import * as z from 'zod'
import { invalid } from '../protocol/errors.ts'
import { defineMethod } from '../rpc/method.ts'
import type { Compaction } from '../services/conversation/compaction-table.ts'
import type { SessionRecord } from '../services/conversation/session-table.ts'
import type { Services } from '../services/services.ts'
import { entry, toEntry } from './sessions-change.ts'

const text = z.string().min(1)
const count = z.int().min(0)
const target = z.strictObject({ key: text, agentId: text.optional() })

const place = z.strictObject({ sessionId: text, leafId: text.optional(), entryId: text.optional() })

const checkpoint = z.strictObject({
  checkpointId: text,
  sessionKey: text,
  sessionId: text,
  createdAt: count,
  reason: z.literal('manual'),
  tokensBefore: count,
  tokensAfter: count,
  tokensVersion: z.literal(1),
  summary: z.string().optional(),
  firstKeptEntryId: text.optional(),
  preCompaction: place,
  postCompaction: place,
})

function toCheckpoint({ key, sessionId }: SessionRecord, compaction: Compaction): z.output<typeof checkpoint> {
  const { id, createdAt, tokensBefore, tokensAfter, summary, firstKeptId, leafId, markerId } = compaction
  return {
    checkpointId: id,
    sessionKey: key,
    sessionId,
    createdAt,
    reason: 'manual',
    tokensBefore,
    tokensAfter,
    tokensVersion: 1,
    ...(summary !== null && { summary }),
    ...(firstKeptId !== null && { firstKeptEntryId: firstKeptId }),
    preCompaction: { sessionId, leafId },
    postCompaction: { sessionId, entryId: markerId },
  }
}

function known({ key: given, agentId }: z.output<typeof target>, { agents, sessions }: Pick<Services, 'agents' | 'sessions'>): SessionRecord {
  const key = agents.sessionKey(given, agentId)
  const session = sessions.get(key)
  if (!session) throw invalid(`session not found: ${key}`)
  return session
}

export const sessionsCompact = defineMethod({
  name: 'sessions.compact',
  scope: 'operator.admin',
  summary: 'Gives models a summary of the beginning of a conversation instead of the beginning; with maxLines, only its last messages. The history keeps everything.',
  params: target.extend({ maxLines: z.int().min(1).optional() }),
  result: z.strictObject({
    ok: z.boolean(),
    key: text,
    compacted: z.boolean(),
    reason: z.string().optional(),
    kept: count.optional(),
    result: z.strictObject({ summary: z.string(), firstKeptEntryId: text.optional(), tokensBefore: count, tokensAfter: count }).optional(),
  }),
  uses: ['agents', 'compaction', 'sessions'],
  async handler({ maxLines, ...params }, { agents, compaction, sessions }) {
    const key = agents.sessionKey(params.key, params.agentId)
    const session = sessions.get(key)
    if (!session) return { ok: true, key, compacted: false, reason: 'no sessionId' }
    if (maxLines !== undefined) return { ok: true, key, ...compaction.keepLast(session, maxLines) }
    const done = await compaction.summarise(session)
    if ('reason' in done) return { ok: false, key, compacted: false, reason: done.reason }
    const { summary, firstKeptId, tokensBefore, tokensAfter } = done.compaction
    const result = { summary: summary ?? '', ...(firstKeptId !== null && { firstKeptEntryId: firstKeptId }), tokensBefore, tokensAfter }
    return { ok: true, key, compacted: true, result }
  },
})

export const sessionsCompactionList = defineMethod({
  name: 'sessions.compaction.list',
  scope: 'operator.read',
  summary: 'The compactions of a conversation, the latest first.',
  params: target,
  result: z.strictObject({ ok: z.literal(true), key: text, checkpoints: z.array(checkpoint) }),
  uses: ['agents', 'compaction', 'sessions'],
  handler({ key: given, agentId }, { agents, compaction, sessions }) {
    const key = agents.sessionKey(given, agentId)
    const session = sessions.get(key)
    return { ok: true as const, key, checkpoints: session ? compaction.list(session).map((each) => toCheckpoint(session, each)) : [] }
  },
})

export const sessionsCompactionBranch = defineMethod({
  name: 'sessions.compaction.branch',
  scope: 'operator.write',
  summary: 'Makes a session that begins with a conversation as it was before a compaction.',
  params: target.extend({ checkpointId: text }),
  result: z.strictObject({ ok: z.literal(true), sourceKey: text, key: text, sessionId: text, checkpoint, entry }),
  uses: ['agents', 'branches', 'compaction', 'sessions'],
  handler({ checkpointId, ...params }, { branches, compaction, ...use }) {
    const source = known(params, use)
    const found = compaction.find(source, checkpointId)
    const made = branches.forkAt(source, found.seq - 1)
    const facts = { key: made.key, sessionId: made.sessionId, entry: toEntry(made) }
    return { ok: true as const, sourceKey: source.key, ...facts, checkpoint: toCheckpoint(source, found) }
  },
})

export const sessionsCompactionRestore = defineMethod({
  name: 'sessions.compaction.restore',
  scope: 'operator.admin',
  summary: 'Goes back to a conversation as it was before a compaction. What was said since stays as a branch.',
  params: target.extend({ checkpointId: text }),
  result: z.strictObject({ ok: z.literal(true), key: text, sessionId: text, checkpoint, entry }),
  uses: ['agents', 'branches', 'compaction', 'sessions'],
  handler({ checkpointId, ...params }, { branches, compaction, ...use }) {
    const before = known(params, use)
    const found = compaction.find(before, checkpointId)
    branches.rewindTo(before, found.seq - 1, 'compaction-restore')
    const session = use.sessions.get(before.key)!
    return { ok: true as const, key: session.key, sessionId: session.sessionId, checkpoint: toCheckpoint(before, found), entry: toEntry(session) }
  },
})

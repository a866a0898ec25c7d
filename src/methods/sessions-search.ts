// Finding what was said.

import * as z from 'zod'
import { invalid } from '../protocol/errors.ts'
import { defineMethod } from '../rpc/method.ts'

const text = z.string().min(1)
const DEFAULT_LIMIT = 10

export const sessionsSearch = defineMethod({
  name: 'sessions.search',
  scope: 'operator.read',
  summary: 'Finds messages of users and assistants by their words; "quoted words" as a phrase. Conversations that HTTP clients bring along with each request are not searched.',
  params: z.strictObject({
    query: text.max(4096),
    agentId: text.optional(),
    sessionKeys: z.array(text).min(1).max(200).optional(),
    limit: z.int().min(1).max(25).default(DEFAULT_LIMIT),
  }),
  result: z.strictObject({
    results: z.array(
      z.strictObject({
        sessionKey: text,
        sessionId: text,
        messageId: text,
        role: z.enum(['user', 'assistant']),
        timestamp: z.int().min(0),
        snippet: z.string(),
        score: z.number(),
      }),
    ),
    indexing: z.literal(true).optional(),
    truncated: z.literal(true).optional(),
  }),
  uses: ['agents', 'search'],
  handler({ query, agentId, sessionKeys, limit }, { agents, search }) {
    if (query.trim() === '') throw invalid('query must not be empty')
    const keys = sessionKeys?.map((key) => agents.sessionKey(key, agentId))
    const { hits, truncated, indexing } = search.search({ query, limit, agentId, sessionKeys: keys })
    return {
      results: hits.map(({ sessionKey, sessionId, messageId, role, timestamp, snippet, score }) => {
        return { sessionKey, sessionId, messageId, role, timestamp, snippet, score }
      }),
      ...(indexing && { indexing: true as const }),
      ...(truncated && { truncated: true as const }),
    }
  },
})

const DEFAULT_MEMORIES = 6

export const memorySearch = defineMethod({
  name: 'memory.search',
  scope: 'operator.read',
  summary: 'Finds what an agent could remember: messages of its conversations, by their words.',
  params: z.strictObject({
    query: z.string().max(4096).optional(),
    agentId: text.optional(),
    sessionKey: text.optional(),
    /** Conversations are the only one there is. */
    sources: z.array(text).max(10).optional(),
    limit: z.int().min(1).max(50).optional(),
    maxResults: z.int().min(1).max(50).optional(),
    minScore: z.number().optional(),
  }),
  result: z.strictObject({
    agentId: text,
    provider: z.literal('none'),
    searchMode: z.literal('fts-only'),
    results: z.array(
      z.strictObject({
        path: text,
        startLine: z.int(),
        endLine: z.int(),
        score: z.number(),
        snippet: z.string(),
        source: z.literal('sessions'),
        sessionKey: text,
        messageId: text,
      }),
    ),
  }),
  uses: ['agents', 'search'],
  handler(params, { agents, search }) {
    const { query = '', agentId = agents.defaultId(), sessionKey, sources, minScore } = params
    if (query.trim() === '') throw invalid('query must be a non-empty string')
    if (!agents.find(agentId)) throw invalid('unknown agentId')
    const facts = { agentId, provider: 'none' as const, searchMode: 'fts-only' as const }
    if (sources && !sources.includes('sessions')) return { ...facts, results: [] }
    const limit = params.limit ?? params.maxResults ?? DEFAULT_MEMORIES
    const sessionKeys = sessionKey === undefined ? undefined : [agents.sessionKey(sessionKey, agentId)]
    const { hits } = search.search({ query, limit, agentId, sessionKeys })
    const found = minScore === undefined ? hits : hits.filter(({ score }) => score >= minScore)
    return {
      ...facts,
      results: found.map(({ sessionKey: key, messageId, seq, score, snippet }) => ({
        path: `sessions/${key}`,
        startLine: seq,
        endLine: seq,
        score,
        snippet,
        source: 'sessions' as const,
        sessionKey: key,
        messageId,
      })),
    }
  },
})

// Files that agents made.

import * as z from 'zod'
import { invalid } from '../protocol/errors.ts'
import { defineMethod } from '../rpc/method.ts'
import type { Artifact } from '../services/conversation/artifacts.ts'
import type { Services } from '../services/services.ts'

const text = z.string().min(1)

const summary = z.strictObject({
  id: text,
  type: text,
  title: text,
  mimeType: text,
  sizeBytes: z.int().min(0),
  sessionKey: text,
  runId: text.optional(),
  messageSeq: z.int().min(1),
  source: z.literal('transcript'),
  download: z.strictObject({ mode: z.literal('bytes') }),
})

const MAX_LISTED = 1000

const place = z.strictObject({ sessionKey: text.optional(), runId: text.optional(), taskId: text.optional(), agentId: text.optional() })
const single = place.extend({ artifactId: text })

type Use = Pick<Services, 'agents' | 'artifacts' | 'runs' | 'sessions' | 'tasks'>
const USES = ['agents', 'artifacts', 'runs', 'sessions', 'tasks'] as const

function find({ sessionKey, runId, taskId, agentId }: z.output<typeof place>, { agents, artifacts, runs, sessions, tasks }: Use): Artifact[] {
  if (sessionKey === undefined && runId === undefined && taskId === undefined) {
    throw invalid('artifacts require one of sessionKey, runId, or taskId', { details: { type: 'artifact_query_unsupported' } })
  }
  const task = taskId === undefined ? null : tasks.get(taskId)
  const run = runId ?? task?.runId
  const key = sessionKey !== undefined ? agents.sessionKey(sessionKey, agentId) : (task?.sessionKey ?? (run === undefined ? undefined : runs.find(run)?.sessionKey))
  if (key === undefined) throw invalid('no session found for artifact query', { details: { type: 'artifact_scope_not_found' } })
  const session = sessions.get(key)
  return session ? artifacts.list(session, run) : []
}

function findOne(params: z.output<typeof single>, use: Use): Artifact {
  const { artifactId } = params
  const found = find(params, use).find(({ mediaId }) => mediaId === artifactId)
  if (!found) throw notFound(artifactId)
  return found
}

const notFound = (artifactId: string) => invalid('artifact not found', { details: { type: 'artifact_not_found', artifactId: artifactId.slice(0, 256) } })

const toSummary = ({ mediaId, mimeType, sizeBytes, sessionKey, runId, messageSeq }: Artifact): z.output<typeof summary> => ({
  id: mediaId,
  type: mimeType.split('/')[0]!,
  title: `${mimeType.split('/')[0]!} of message ${messageSeq}`,
  mimeType,
  sizeBytes,
  sessionKey,
  ...(runId !== undefined && { runId }),
  messageSeq,
  source: 'transcript',
  download: { mode: 'bytes' },
})

export const artifactsList = defineMethod({
  name: 'artifacts.list',
  scope: 'operator.read',
  summary: 'The files that agents made in a session, a run or a task.',
  params: place.extend({ type: text.optional(), limit: z.int().min(1).max(MAX_LISTED).default(MAX_LISTED) }),
  result: z.strictObject({ artifacts: z.array(summary) }),
  uses: USES,
  handler({ type, limit, ...where }, use) {
    const all = find(where, use).map(toSummary)
    return { artifacts: all.filter((each) => type === undefined || each.type === type).slice(-limit) }
  },
})

export const artifactsGet = defineMethod({
  name: 'artifacts.get',
  scope: 'operator.read',
  summary: 'What is known of one file that an agent made.',
  params: single,
  result: z.strictObject({ artifact: summary }),
  uses: USES,
  handler: (params, use) => ({ artifact: toSummary(findOne(params, use)) }),
})

export const artifactsDownload = defineMethod({
  name: 'artifacts.download',
  scope: 'operator.read',
  summary: 'A file that an agent made.',
  params: single,
  result: z.strictObject({ artifact: summary, encoding: z.literal('base64'), data: z.string() }),
  uses: [...USES, 'media'],
  async handler(params, { media, ...use }) {
    const found = findOne(params, use)
    const data = await media.load(found.mediaId)
    if (data === null) throw notFound(found.mediaId)
    return { artifact: toSummary(found), encoding: 'base64' as const, data }
  },
})

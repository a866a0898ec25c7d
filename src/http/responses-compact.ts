// POST /v1/responses/compact: a conversation summed up by the model that is named, as an item that stands for it in
// later requests.

import { orderedUuid } from '../kit/ids.ts'
import type { CompactedResponse } from '../protocol/responses-object.ts'
import type { CompactRequest } from '../protocol/responses.ts'
import type { ModelMessage } from '../ports/model.ts'
import type { Continued } from '../services/conversation/responses.ts'
import { toHttpError } from './openai-chat.ts'
import { isSystem, itemId, sealSummary, textOf } from './responses-input.ts'
import { toUsage } from './responses-object.ts'
import { toConversation, type Asker } from './responses-request.ts'
import type { ResponseDeps } from './responses-run.ts'
import { newestTurns, toTurns } from './responses-turns.ts'

const ASK =
  'Sum up the conversation above, for yourself, who goes on with it and sees nothing else of it: what was asked, what was done and found out, ' +
  'what was decided and why, names and values that matter, and what is still to be done. Write the summary alone.'

/** Tokens of a model whose window nobody knows, and the share of it that is left for the summary. */
const DEFAULT_WINDOW = 128_000
const SHARE = 0.8

export async function compact(
  request: CompactRequest,
  asker: Asker,
  previous: Continued | null,
  signal: AbortSignal,
  deps: ResponseDeps,
): Promise<CompactedResponse> {
  const { agents, models, runs, clock } = deps
  const { target, items } = await toConversation(request, asker, previous, deps)
  const { agentId, model } = target
  const instructions = [request.instructions ?? '', ...items.filter(isSystem).map((item) => textOf(item.content))].filter((text) => text !== '').join('\n\n')
  const window = models.choiceFor(agentId, model).contextWindow ?? DEFAULT_WINDOW
  const asked: ModelMessage = { role: 'user', content: ASK }
  const runId = orderedUuid(clock.now())
  const { run } = runs.start({
    runId,
    sessionKey: agents.sessionKey(`openresponses:${runId}`, agentId),
    origin: 'http',
    principal: asker.principal,
    hash: '',
    input: [{ role: 'user', content: ASK, timestamp: clock.now() }],
    settings: {},
    whole: true,
    isNew: true,
    bare: true,
    toolsAllow: [],
    ...(model !== undefined && { model }),
    ...(instructions !== '' && { instructions }),
    turns: [...newestTurns(toTurns(items), window * SHARE), asked],
  })
  signal.addEventListener('abort', () => run!.abort('disconnect'), { once: true })
  const result = await run!.done
  if (result.state !== 'ok') throw toHttpError(result)
  return {
    id: `resp_${runId.replaceAll('-', '')}`,
    object: 'response.compaction',
    created_at: Math.floor(result.endedAt / 1000),
    output: [{ type: 'compaction', id: itemId('compaction'), encrypted_content: sealSummary(result.text) }],
    usage: toUsage(result.usage),
  }
}

// Runs in the name of a key: admitted as it allows, and counted in the transaction in which they end.

import { splitSessionKey, type Usage } from '../../protocol/shapes.ts'
import type { ModelMessage } from '../../ports/model.ts'
import type { Models } from '../conversation/models.ts'
import type { Ending } from '../conversation/run-ending.ts'
import type { RunRequest } from '../conversation/run-table.ts'
import type { Runs } from '../conversation/runs.ts'
import type { Sessions } from '../conversation/sessions.ts'
import type { KeyLimiter } from './key-limits.ts'

export function limitRuns(deps: {
  keyLimiter: Pick<KeyLimiter, 'admit' | 'spent'>
  runs: Pick<Runs, 'onStart' | 'onEnded'>
  models: Pick<Models, 'choiceFor'>
  sessions: Pick<Sessions, 'get'>
}): void {
  const { keyLimiter, runs, models, sessions } = deps
  runs.onStart(({ principal, sessionKey, model }) => {
    if (!principal.key) return
    const { agentId } = splitSessionKey(sessionKey)!
    keyLimiter.admit(principal, { agentId, model: models.choiceFor(agentId, model ?? sessions.get(sessionKey)?.settings.model) })
  })
  runs.onEnded((ending) => {
    const { request, result } = ending
    if (!request.principal.key || result.provider === '') return // no model was asked
    keyLimiter.spent(request.principal, result, toUsed(ending))
  })
}

const CHARS_PER_TOKEN = 4

/** A provider tells at the end what an answer took. Of one that broke off it is estimated, or hanging up would be free. */
function toUsed({ request, result, rest, lastUsage }: Pick<Ending, 'request' | 'result' | 'rest' | 'lastUsage'>): Usage {
  const { usage } = result
  if (result.state === 'ok' || lastUsage.totalTokens > 0) return usage
  const input = Math.ceil(charsIn(request) / CHARS_PER_TOKEN)
  const output = Math.ceil(rest.length / CHARS_PER_TOKEN)
  return { ...usage, input: usage.input + input, output: usage.output + output, totalTokens: usage.totalTokens + input + output }
}

const charsIn = ({ turns, input, instructions = '' }: RunRequest): number =>
  instructions.length + (turns ? turns.reduce((sum, turn) => sum + charsOf(turn), 0) : input.reduce((sum, { content }) => sum + sizeOf(content), 0))

const charsOf = (turn: ModelMessage): number => ('text' in turn ? turn.text.length : sizeOf(turn.content))

/** Of words alone: what an image takes is nothing like the length of its bytes. */
const sizeOf = (content: string | readonly { readonly type: string; readonly text?: string }[]): number =>
  typeof content === 'string' ? content.length : content.reduce((sum, { text = '' }) => sum + text.length, 0)

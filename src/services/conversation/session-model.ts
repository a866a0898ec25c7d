// The model of a session.

import { splitSessionKey } from '../../protocol/shapes.ts'
import type { Agents } from './agents.ts'
import type { Models } from './models.ts'
import type { Sessions } from './sessions.ts'

/** `provider/model` that would answer there now; undefined when its agent is not there any more. */
export function modelInSession(deps: { sessions: Pick<Sessions, 'get'>; models: Pick<Models, 'choiceFor'>; agents: Pick<Agents, 'find'> }, sessionKey: string): string | undefined {
  const { sessions, models, agents } = deps
  const agentId = splitSessionKey(sessionKey)?.agentId ?? ''
  if (!agents.find(agentId)) return undefined
  const { provider, model } = models.choiceFor(agentId, sessions.get(sessionKey)?.settings.model)
  return `${provider}/${model}`
}

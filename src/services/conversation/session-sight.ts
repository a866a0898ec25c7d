// Which sessions the agent of a session may look at and speak to: those of its agent, unless the configuration says less or
// more (`tools.sessions.visibility`). A sub-agent sees itself, and what it has spawned.

import { splitSessionKey } from '../../protocol/shapes.ts'
import type { ConfigService } from '../operations/config.ts'
import type { Agents } from './agents.ts'
import type { SessionRecord } from './session-table.ts'
import type { Sessions } from './sessions.ts'
import { depthOf } from './tool-policy.ts'

export interface SessionSight {
  sees(own: string, target: Pick<SessionRecord, 'key' | 'agentId' | 'parentKey'>): boolean
  /** The agent whose sessions are all that can be seen; null: those of any. */
  agentOf(own: string): string | null
}

/** Sessions above one another that are looked at. */
const MAX_DEPTH = 16

export function createSessionSight(deps: { config: Pick<ConfigService, 'current'>; agents: Pick<Agents, 'mainSessionKey'>; sessions: Pick<Sessions, 'get'> }): SessionSight {
  const { config, agents, sessions } = deps
  const modeOf = (own: string) => (depthOf(own) > 0 ? 'tree' : (config.current.tools?.sessions?.visibility ?? 'agent'))
  const ownerOf = (own: string) => splitSessionKey(own)?.agentId ?? ''

  function isBelow(own: string, parentKey: string | null): boolean {
    let at = parentKey
    for (let depth = 0; at !== null && depth < MAX_DEPTH; depth++) {
      if (at === own) return true
      at = sessions.get(at)?.parentKey ?? null
    }
    return false
  }

  return {
    sees(own, { key, agentId, parentKey }) {
      const mode = modeOf(own)
      if (key === own || mode === 'all') return true
      if (mode === 'self') return false
      if (isBelow(own, parentKey)) return true
      const isWide = mode === 'agent' || own === agents.mainSessionKey(ownerOf(own))
      return isWide && agentId === ownerOf(own)
    },
    agentOf: (own) => (modeOf(own) === 'all' ? null : ownerOf(own)),
  }
}

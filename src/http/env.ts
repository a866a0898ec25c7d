// What a request carries through the HTTP door, and what the door is built from.

import type { Logger } from '../kit/log.ts'
import type { Principal } from '../protocol/scopes.ts'
import type { Clock } from '../ports/clock.ts'
import type { RequestInfo } from '../ports/peer.ts'
import type { Platform } from '../ports/platform.ts'
import type { Agents } from '../services/conversation/agents.ts'
import type { Media } from '../services/conversation/media.ts'
import type { Models } from '../services/conversation/models.ts'
import type { Runs } from '../services/conversation/runs.ts'
import type { Sessions } from '../services/conversation/sessions.ts'
import type { Auth } from '../services/identity/auth.ts'
import type { ConfigService } from '../services/operations/config.ts'
import type { SystemService } from '../services/operations/system.ts'
import type { Gate } from '../store/gate.ts'

export interface HttpEnv {
  Bindings: { info: RequestInfo }
  Variables: {
    principal: Principal
    /** Made for a request that brought none. */
    requestId?: string
    /** What lets a page of another origin read the answer. */
    cors?: Readonly<Record<string, string>>
  }
}

export interface HttpDeps {
  readonly auth: Auth
  readonly agents: Agents
  readonly config: ConfigService
  readonly models: Models
  readonly runs: Runs
  readonly sessions: Sessions
  readonly media: Media
  readonly system: SystemService
  readonly clock: Clock
  readonly gate: Gate
  readonly log: Logger
  readonly assets: Platform['assets']
  /** Names what still fails; empty when the gateway serves. */
  readonly failing: () => readonly string[]
}

// What a request carries through the HTTP door, and what the door is built from.

import type { Logger } from '../kit/log.ts'
import type { Principal } from '../protocol/scopes.ts'
import type { Clock } from '../ports/clock.ts'
import type { RequestInfo } from '../ports/peer.ts'
import type { Platform } from '../ports/platform.ts'
import type { ListedMethod } from '../rpc/method.ts'
import type { HookRegistry } from '../services/automation/hook-registry.ts'
import type { Hooks } from '../services/automation/hooks.ts'
import type { AgentFiles } from '../services/conversation/agent-files.ts'
import type { Agents } from '../services/conversation/agents.ts'
import type { Media } from '../services/conversation/media.ts'
import type { Models } from '../services/conversation/models.ts'
import type { Responses } from '../services/conversation/responses.ts'
import type { Runs } from '../services/conversation/runs.ts'
import type { Sessions } from '../services/conversation/sessions.ts'
import type { ToolCalls } from '../services/conversation/tool-calls.ts'
import type { Auth } from '../services/identity/auth.ts'
import type { KeyLimiter } from '../services/identity/key-limits.ts'
import type { Canvas } from '../services/fleet/canvas.ts'
import type { GuardedFetch } from '../services/network/guarded-fetch.ts'
import type { ConfigService } from '../services/operations/config.ts'
import type { Figures } from '../services/operations/figures.ts'
import type { SystemService } from '../services/operations/system.ts'
import type { Speech } from '../services/voice/speech.ts'
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
  readonly keyLimiter: KeyLimiter
  readonly agents: Agents
  readonly agentFiles: AgentFiles
  readonly canvas: Canvas
  readonly config: ConfigService
  readonly models: Models
  readonly runs: Runs
  readonly responses: Responses
  readonly sessions: Sessions
  readonly toolCalls: ToolCalls
  readonly media: Media
  /** For every address that somebody else has named. */
  readonly outside: GuardedFetch
  readonly speech: Speech
  readonly system: SystemService
  readonly clock: Clock
  readonly gate: Gate
  readonly hooks: Hooks
  readonly hookRegistry: HookRegistry
  readonly log: Logger
  readonly assets: Platform['assets']
  readonly figures: Figures
  /** What is served over the WebSocket: its schemas can be read here. */
  readonly methods: readonly ListedMethod[]
  /** Names what still fails; empty when the gateway serves. */
  readonly failing: () => readonly string[]
}

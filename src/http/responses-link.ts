// A connection for responses as those see it who answer on it.

import type { Principal } from '../protocol/scopes.ts'
import type { Continued } from '../services/conversation/responses.ts'
import type { Run } from '../services/conversation/runs.ts'
import type { Headers } from './openai-request.ts'

/** As long as this process has known it. */
export interface ResponsesLink {
  readonly principal: Principal
  /** Those that say who is addressed. */
  readonly headers: Headers
  /** What was answered last and is not stored. */
  last: Continued | null
  run: Run | null
  open: boolean
  /** Sends a message, and gives up a reader that is too slow. */
  send(text: string): void
}

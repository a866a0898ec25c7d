// Messages that somebody sends without a channel: they go where the session is read, which is the page that shows it.
// Each is added once for its key, over restarts, too.

import { orderedUuid } from '../../kit/ids.ts'
import { chat } from '../../protocol/events.ts'
import { toGatewayMessage } from '../../protocol/shapes.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Commit } from '../../store/commit.ts'
import type { Idempotency, IdempotencyKey } from '../../store/idempotency.ts'
import type { Bus } from '../bus.ts'
import type { Sessions } from './sessions.ts'

export interface OwnRoute {
  /** Adds a text of the assistant to a session that exists. */
  send(sessionKey: string, text: string, key: IdempotencyKey): { readonly messageId: string }
}

export function createOwnRoute(deps: { sessions: Sessions; idempotency: Idempotency; commit: Commit; bus: Bus; clock: Clock }): OwnRoute {
  const { sessions, idempotency, commit, bus, clock } = deps

  return {
    send(sessionKey, text, key) {
      const now = clock.now()
      const message = toGatewayMessage(text, now)
      const { result, repeated } = commit.tx(() =>
        idempotency.once(key, now, () => {
          const messageId = orderedUuid(now)
          sessions.append(sessionKey, message, { id: messageId })
          return { messageId }
        }),
      )
      const agentId = sessions.get(sessionKey)!.agentId
      if (!repeated) bus.publish(chat, { runId: `send-${result.messageId}`, sessionKey, agentId, seq: 0, state: 'final', message })
      return result
    },
  }
}

// The tool with which an agent writes to people of its own accord.

import * as z from 'zod'
import { sha256Hex } from '../../kit/bytes.ts'
import { stableStringify } from '../../kit/json.ts'
import { uuid } from '../../kit/ids.ts'
import { invalid } from '../../protocol/errors.ts'
import type { Agents } from '../conversation/agents.ts'
import type { OwnRoute } from '../conversation/own-route.ts'
import type { SessionSight } from '../conversation/session-sight.ts'
import type { Sessions } from '../conversation/sessions.ts'
import { defineTool, type Tool } from '../conversation/tools.ts'

const text = z.string().min(1)

export function createMessageTool({ agents, sessions, ownRoute, sight }: { agents: Agents; sessions: Sessions; ownRoute: OwnRoute; sight: SessionSight }): Tool {
  return defineTool({
    name: 'message',
    description: 'Writes a message into a session, where whoever reads it sees it. Your answer in this conversation needs no tool.',
    group: 'messaging',
    scope: 'operator.write',
    params: z.strictObject({
      action: z.literal('send').default('send'),
      target: text.describe('The key of a session, or its label.'),
      message: text.max(100_000),
      channel: text.optional(),
    }),
    async run({ target, message, channel }, { principal, sessionKey: own }) {
      if (channel !== undefined && channel !== 'webchat') throw invalid(`no channel "${channel.slice(0, 64)}" is set up here: leave channel out to write into a session`)
      const found = sessions.findBy('label', target) ?? sessions.get(agents.sessionKey(target))
      if (!found || !sight.sees(own, found)) throw invalid(`there is no session "${target.slice(0, 200)}": name one of sessions_list`)
      const hash = await sha256Hex(stableStringify({ sessionKey: found.key, message }))
      const { messageId } = ownRoute.send(found.key, message, { principal: principal.id, method: 'send', key: uuid(), hash })
      return { sent: true, sessionKey: found.key, messageId }
    },
  })
}

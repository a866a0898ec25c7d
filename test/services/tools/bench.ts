// Tools on the services of a conversation: called as a run would.

import type { Host } from '../../../src/ports/host.ts'
import { createAgentFiles } from '../../../src/services/conversation/agent-files.ts'
import { createOwnRoute } from '../../../src/services/conversation/own-route.ts'
import type { Tool, ToolContext } from '../../../src/services/conversation/tools.ts'
import { createSubAgentTable } from '../../../src/services/tools/sub-agent-table.ts'
import { createSubAgents } from '../../../src/services/tools/sub-agents.ts'
import { createIdempotency } from '../../../src/store/idempotency.ts'
import { createLogger } from '../../../src/kit/log.ts'
import type { Data } from '../../harness/client.ts'
import { createConversation, KEY, OPERATOR, type ConversationOptions } from '../conversation/conversation.ts'

export async function openBench(options: ConversationOptions & { readonly host?: Host } = {}) {
  const c = await createConversation(options)
  const agentFiles = createAgentFiles({ config: c.config, files: c.files, host: options.host ?? {}, clock: c.clock })
  const ownRoute = createOwnRoute({ ...c, idempotency: createIdempotency(c.sql) })
  const subAgentTable = createSubAgentTable(c.sql)
  const subAgents = createSubAgents({ ...c, table: subAgentTable, log: createLogger('test', (record) => c.logged.push(record), c.clock.now) })
  const contextOf = (more: Partial<ToolContext> = {}): ToolContext => ({ principal: OPERATOR, sessionKey: KEY, signal: new AbortController().signal, ...more })
  return {
    ...c,
    agentFiles,
    ownRoute,
    subAgents,
    subAgentTable,
    contextOf,
    add: (tools: readonly Tool[]) => tools.forEach((tool) => c.tools.add(tool)),
    use: (name: string, args: unknown = {}, more: Partial<ToolContext> = {}) => c.tools.call(name, JSON.stringify(args), contextOf(more)),
    async json(name: string, args: unknown = {}, more: Partial<ToolContext> = {}): Promise<Data> {
      const { text, isError } = await c.tools.call(name, JSON.stringify(args), contextOf(more))
      if (isError) throw new Error(text)
      return JSON.parse(text) as Data
    },
  }
}

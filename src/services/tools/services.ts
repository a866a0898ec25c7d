// What agents can do: the tools that come with the gateway, sub-agents, and the servers of tools that are configured.

import type { AutomationServices } from '../automation/services.ts'
import type { ConversationServices } from '../conversation/services.ts'
import type { Tool } from '../conversation/tools.ts'
import type { FleetServices } from '../fleet/services.ts'
import type { Ground } from '../ground.ts'
import type { NetworkServices } from '../network/services.ts'
import type { Settings } from '../operations/settings-services.ts'
import type { VoiceServices } from '../voice/services.ts'
import { createMcpServers, type McpServers } from './mcp-servers.ts'
import { createSubAgentTable } from './sub-agent-table.ts'
import { createSubAgents, type SubAgents } from './sub-agents.ts'

export interface ToolServices {
  readonly subAgents: SubAgents
  readonly mcpServers: McpServers
  /** Loads what a run would load. A Durable Object stays awake for ever when a run does: there it is done at the start. */
  readonly loadTools: () => Promise<void>
}

/** How long it is known who spawned whom. */
const KEEP_SUB_AGENTS_MS = 30 * 24 * 60 * 60 * 1000

export function createToolServices(
  ground: Ground,
  version: string,
  { config }: Settings,
  others: ConversationServices & FleetServices & AutomationServices & NetworkServices & VoiceServices,
): ToolServices {
  const { platform, host, commit, log } = ground
  const { clock } = platform
  const { tools } = others
  const table = createSubAgentTable(platform.sql)
  const subAgents = createSubAgents({ ...others, table, config, commit, clock, log: log.child('sub-agents') })
  ground.upkeep.add((now) => table.prune(now - KEEP_SUB_AGENTS_MS))

  let builtin: readonly Tool[] | null = null
  let loading: Promise<void> | null = null
  const load = async () => {
    const { createBuiltinTools } = await import('./builtin.ts')
    builtin = createBuiltinTools({ ...others, config, clock, commands: host.commands, subAgents })
  }
  const loadTools = () => (loading ??= load())
  tools.addSource({ prepare: () => (builtin ? null : loadTools()), list: () => builtin ?? [] })

  const mcpServers = createMcpServers({ config, clock, fetch: platform.fetch, commands: host.commands, place: ground.place, version, hibernates: ground.hibernates, log: log.child('mcp') })
  tools.addSource(mcpServers)
  return { subAgents, mcpServers, loadTools }
}

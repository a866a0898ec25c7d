// The tools that come with the gateway, beside those that look at it. Loaded when the first run or list needs them: their
// schemas take time and memory.

import type { Commands } from '../../ports/command.ts'
import type { Clock } from '../../ports/clock.ts'
import type { AutomationServices } from '../automation/services.ts'
import type { ConversationServices } from '../conversation/services.ts'
import type { Tool } from '../conversation/tools.ts'
import type { FleetServices } from '../fleet/services.ts'
import type { NetworkServices } from '../network/services.ts'
import type { ConfigService } from '../operations/config.ts'
import type { VoiceServices } from '../voice/services.ts'
import { createCronTool } from './cron-tool.ts'
import { createExecTool } from './exec-tool.ts'
import { createFileTools } from './file-tools.ts'
import { createMediaTools } from './media-tools.ts'
import { createMemoryTools } from './memory-tools.ts'
import { createMessageTool } from './message-tool.ts'
import { createNodesTool } from './nodes-tool.ts'
import { createSessionTools } from './session-tools.ts'
import type { SubAgents } from './sub-agents.ts'
import { createWebTool } from './web-tool.ts'

export interface BuiltinDeps
  extends
    Pick<ConversationServices, 'agents' | 'agentFiles' | 'inbox' | 'models' | 'ownRoute' | 'runs' | 'search' | 'sessions' | 'sight'>,
    Pick<FleetServices, 'nodes' | 'nodeInvokes'>,
    Pick<AutomationServices, 'cron' | 'cronTelling'>,
    Pick<NetworkServices, 'outside'>,
    Pick<VoiceServices, 'speech'> {
  readonly config: ConfigService
  readonly clock: Clock
  readonly commands: Commands | undefined
  readonly subAgents: SubAgents
}

export const createBuiltinTools = (deps: BuiltinDeps): readonly Tool[] => [
  ...createFileTools(deps.agentFiles),
  createExecTool({ ...deps, files: deps.agentFiles }),
  ...createSessionTools(deps),
  ...createMemoryTools(deps),
  createWebTool(deps.outside),
  createMessageTool(deps),
  createCronTool(deps),
  createNodesTool(deps),
  ...createMediaTools(deps),
]

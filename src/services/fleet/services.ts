// What else can act: nodes and channels.

import type { ConversationServices } from '../conversation/services.ts'
import type { Ground } from '../ground.ts'
import type { IdentityServices } from '../identity/services.ts'
import type { Settings } from '../operations/settings-services.ts'
import { connectApprovals } from './node-approvals.ts'
import { connectSkills } from './node-skills.ts'
import { createNodeServices, type NodeServices } from './node-services.ts'

export interface FleetServices extends NodeServices {}

export function createFleetServices(ground: Ground, { config }: Settings, identity: IdentityServices, { agents, approvals, skills }: ConversationServices): FleetServices {
  const services = createNodeServices(ground, config, identity, agents)
  connectApprovals({ approvals, nodes: services.nodes, invokes: services.nodeInvokes })
  connectSkills({ skills, nodes: services.nodes, surface: services.nodeSurface, bus: ground.bus })
  return services
}

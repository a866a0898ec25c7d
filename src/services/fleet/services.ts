// What else can act: nodes and channels.

import type { ConversationServices } from '../conversation/services.ts'
import type { Ground } from '../ground.ts'
import type { IdentityServices } from '../identity/services.ts'
import type { Settings } from '../operations/settings-services.ts'
import { createCanvasCapabilities } from './canvas-capability.ts'
import { createCanvas, type Canvas } from './canvas.ts'
import { connectApprovals } from './node-approvals.ts'
import { connectSkills } from './node-skills.ts'
import { createNodeServices, type NodeServices } from './node-services.ts'

export interface FleetServices extends NodeServices {
  readonly canvas: Canvas
}

export function createFleetServices(ground: Ground, { config }: Settings, identity: IdentityServices, { agents, agentFiles, approvals, skills }: ConversationServices): FleetServices {
  const services = createNodeServices(ground, config, identity, agents)
  connectApprovals({ approvals, nodes: services.nodes, invokes: services.nodeInvokes })
  connectSkills({ skills, nodes: services.nodes, surface: services.nodeSurface, bus: ground.bus })
  const { sql, clock } = ground.platform
  const capabilities = createCanvasCapabilities({ sql, commit: ground.commit, clock })
  const canvas = createCanvas({ agents, files: agentFiles, capabilities, bus: ground.bus, clock, log: ground.log.child('canvas') })
  services.nodeSurface.addPluginSurface('canvas', async ({ facts }) => {
    const { path, expiresAtMs } = await canvas.open(agents.defaultId())
    const { publicOrigin } = config.current.gateway ?? {}
    return { url: new URL(path, publicOrigin ?? `http://${facts.host ?? 'localhost'}`).href, expiresAtMs }
  })
  return { ...services, canvas }
}

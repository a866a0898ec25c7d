// Skills and nodes: agents can use those that connected nodes bring along, and nodes are told which programs skills need.

import { skillsChanged } from '../../protocol/page-events.ts'
import type { Bus } from '../bus.ts'
import type { Skills } from '../conversation/skills.ts'
import type { NodeSurface } from './node-surface.ts'
import type { Nodes } from './nodes.ts'

export function connectSkills(deps: { skills: Pick<Skills, 'addSource' | 'bins'>; nodes: Pick<Nodes, 'connected'>; surface: NodeSurface; bus: Bus }): void {
  const { skills, nodes, surface, bus } = deps
  skills.addSource(() => nodes.connected().flatMap((nodeId) => surface.skillsOf(nodeId).map((skill) => ({ ...skill, nodeId }))))
  surface.addBins(() => skills.bins())
  surface.onChanged((_, kind) => {
    if (kind === 'skills') bus.publish(skillsChanged, { reason: 'remote-node' })
  })
}

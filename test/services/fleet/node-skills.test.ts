// Skills that nodes bring along.

import { expect, it } from 'vitest'
import type { RemoteSkill } from '../../../src/services/conversation/skills.ts'
import { connectSkills } from '../../../src/services/fleet/node-skills.ts'
import { createFleet } from './fleet.ts'

function make() {
  const f = createFleet()
  const sources: (() => readonly RemoteSkill[])[] = []
  connectSkills({ skills: { addSource: (source) => void sources.push(source), bins: () => ['git', 'curl'] }, nodes: f.nodes, surface: f.nodeSurface, bus: f.bus })
  return { ...f, skills: () => sources.flatMap((source) => source()) }
}

const skill = (name: string) => ({ name, description: 'd', content: 'c' })

it('are those of nodes that are connected', () => {
  const { connect, nodeSurface, skills, leave } = make()
  const one = connect('n1')
  connect('n2')
  nodeSurface.setSkills('n1', [skill('a')])
  nodeSurface.setSkills('n2', [skill('b')])
  expect(skills().map(({ nodeId, name }) => [nodeId, name])).toEqual(expect.arrayContaining([['n1', 'a'], ['n2', 'b']]))
  leave(one)
  expect(skills().map(({ nodeId }) => nodeId)).toEqual(['n2'])
})

it('are told to pages when they change', async () => {
  const { connect, nodeSurface, told, leave } = make()
  const one = connect('n1')
  nodeSurface.setSkills('n1', [skill('a')])
  expect(await told('skills.changed')).toEqual([{ reason: 'remote-node' }])
  leave(one)
  expect(await told('skills.changed')).toHaveLength(2)
})

it('need programs, of which nodes are told', () => {
  expect(make().nodeSurface.bins()).toEqual(['curl', 'git'])
})

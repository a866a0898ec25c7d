// What nodes bring along, as long as they are there.

import { describe, expect, it } from 'vitest'
import { foundation } from '../../harness/foundation.ts'
import { ASKER, createFleet } from './fleet.ts'

const tool = (name: string, command = 'system.which') => ({ pluginId: 'p', name, description: 'd', command })
const skill = (name: string) => ({ name, description: 'd', content: 'c' })
const ANY = { type: 'object', properties: {}, additionalProperties: true }

describe('tools', () => {
  it('are kept if the node may do what they call', () => {
    const { approve, nodeSurface } = createFleet()
    approve('n')
    const mcp = { server: 's', tool: 't' }
    const parameters = { type: 'object', properties: { a: { type: 'string' } } }
    const given = [tool('a'), { ...tool('b'), parameters, mcp }, tool('c', 'system.run'), { pluginId: 'p', name: 'd', description: 'd' }]
    const kept = [{ ...tool('a'), parameters: ANY }, { ...tool('b'), parameters, mcp }]
    expect(nodeSurface.setTools('n', given)).toEqual(kept)
    expect(nodeSurface.toolsOf('n')).toEqual(kept)
    expect(nodeSurface.setTools('n', [])).toEqual([])
    expect(nodeSurface.toolsOf('n')).toEqual([])
  })

  it('are bounded in number and size', () => {
    const { approve, nodeSurface } = createFleet()
    approve('n')
    const large = { ...tool('large'), parameters: { text: 'x'.repeat(70_000) } }
    expect(nodeSurface.setTools('n', [large, ...Array.from({ length: 300 }, (_, n) => tool(`t${n}`))])).toHaveLength(256)
    expect(nodeSurface.toolsOf('n')[0]).toMatchObject({ name: 't0' })
  })

  it('are those of a node that is approved and there', () => {
    const { approve, connect, leave, nodeSurface } = createFleet()
    connect('new')
    expect(nodeSurface.setTools('new', [tool('a')])).toEqual([])
    const connection = approve('n')
    nodeSurface.setTools('n', [tool('a')])
    leave(connection)
    expect(nodeSurface.toolsOf('n')).toEqual([])
    connect('n')
    expect(nodeSurface.toolsOf('n'), 'it says so anew each time').toEqual([])
    expect(nodeSurface.toolsOf('nobody')).toEqual([])
  })

  it('of a command that the node no longer declares are none', () => {
    const { approve, connect, nodeSurface } = createFleet()
    approve('n')
    connect('n', { commands: ['location.get'] })
    expect(nodeSurface.setTools('n', [tool('a')])).toEqual([])
  })
})

describe('skills', () => {
  it('are kept once under each name, and over a sleep', async () => {
    const first = createFleet()
    first.approve('n')
    expect(first.nodeSurface.setSkills('n', [skill('a'), skill('b'), { ...skill('a'), description: 'twice' }])).toEqual([skill('a'), skill('b')])
    await first.commit.flush()
    const second = createFleet(foundation(first.sql, first.clock))
    second.connect('n', { said: false })
    expect(second.nodeSurface.skillsOf('n')).toEqual([skill('a'), skill('b')])
  })

  it('are gone with the node', () => {
    const { approve, nodes, nodeSurface, sql } = createFleet()
    approve('n')
    nodeSurface.setSkills('n', [skill('a')])
    nodes.remove('n', ASKER)
    expect(sql.all('SELECT * FROM node_surface')).toEqual([])
    expect(nodeSurface.skillsOf('n')).toEqual([])
  })
})

it('tells whoever listens of each change, and everybody of what a node can run', async () => {
  const { approve, connect, leave, nodeSurface, nodes, told } = createFleet()
  const changes: string[] = []
  nodeSurface.onChanged((nodeId, kind) => void changes.push(`${nodeId} ${kind}`))
  const connection = approve('n')
  nodeSurface.setTools('n', [])
  nodeSurface.setSkills('n', [])
  nodeSurface.setInventory('n', { protocolFeatures: ['a'] })
  expect(nodes.get('n').row.runnerInventory).toEqual({ protocolFeatures: ['a'] })
  const other = connect('n')
  leave(connection)
  expect(changes).toEqual(['n tools', 'n skills', 'n inventory'])
  leave(other)
  expect(changes.slice(3)).toEqual(['n tools', 'n skills'])
  expect(await told('node.runnerInventory.changed')).toEqual([{ nodeId: 'n' }, { nodeId: 'n' }])
})

it('names the programs that skills need: each once, in order', () => {
  const { nodeSurface } = createFleet()
  expect(nodeSurface.bins()).toEqual([])
  nodeSurface.addBins(() => ['jq', 'git'])
  nodeSurface.addBins(() => ['git', 'curl'])
  expect(nodeSurface.bins()).toEqual(['curl', 'git', 'jq'])
  nodeSurface.addBins(() => Array.from({ length: 2000 }, (_, n) => `bin${n}`))
  expect(nodeSurface.bins()).toHaveLength(1000)
})

it('finds the surface of a plugin that somebody offers, and no other', () => {
  const { approve, nodeSurface } = createFleet()
  const connection = approve('n')
  nodeSurface.addPluginSurface('canvas', ({ id }) => ({ url: `https://canvas.example/${id}`, expiresAtMs: 5 }))
  expect(nodeSurface.pluginSurface('canvas', connection)).toEqual({ url: `https://canvas.example/${connection.id}`, expiresAtMs: 5 })
  expect(() => nodeSurface.pluginSurface('other', connection)).toThrow('other plugin surface unavailable')
})

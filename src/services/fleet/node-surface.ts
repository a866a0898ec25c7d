// What nodes bring along for agents: tools of their plugins, skills, what they can run. As long as they are connected;
// a node says it anew each time. On disk, because it is larger than the record of a connection may be.

import type { Json } from '../../kit/json.ts'
import { unavailable } from '../../protocol/errors.ts'
import { nodeRunnerInventoryChanged } from '../../protocol/node-events.ts'
import type { Sql } from '../../ports/sql.ts'
import type { Commit } from '../../store/commit.ts'
import type { Migration } from '../../store/migrate.ts'
import type { Bus } from '../bus.ts'
import type { Connection } from '../identity/connections.ts'
import { effectiveSurface, type NodeTable } from './node-table.ts'
import type { Nodes } from './nodes.ts'

export const nodeSurfaceMigration: Migration = {
  name: 'fleet/node-surface',
  script: `CREATE TABLE node_surface (
    node_id TEXT NOT NULL, kind TEXT NOT NULL, n INTEGER NOT NULL, value TEXT NOT NULL,
    PRIMARY KEY (node_id, kind, n)
  ) WITHOUT ROWID`,
}

/** Tools of one node that are kept; and the characters of one. */
const MAX_TOOLS = 256
const MAX_TOOL_CHARS = 64 * 1024
const MAX_BINS = 1000

export interface PluginTool {
  readonly pluginId: string
  readonly name: string
  readonly description: string
  readonly parameters: Readonly<Record<string, unknown>>
  readonly command: string
  readonly mcp?: { readonly server: string; readonly tool: string }
}

export interface NodeSkill {
  readonly name: string
  readonly description: string
  readonly content: string
}

export type SurfaceKind = 'tools' | 'skills' | 'inventory'

/** Where a node finds a surface of a plugin, and until when. */
export interface PluginSurface {
  readonly url: string
  readonly expiresAtMs: number
}

export interface NodeSurface {
  /** Keeps those whose command the node may do, and returns them. */
  setTools(nodeId: string, tools: readonly GivenTool[]): PluginTool[]
  toolsOf(nodeId: string): PluginTool[]
  setSkills(nodeId: string, skills: readonly NodeSkill[]): NodeSkill[]
  skillsOf(nodeId: string): NodeSkill[]
  setInventory(nodeId: string, inventory: Record<string, Json>): void
  /** It has connected anew, or is gone for good. */
  clear(nodeId: string): void
  onChanged(listener: (nodeId: string, kind: SurfaceKind) => void): void
  /** Names a source of programs that skills need. */
  addBins(source: () => readonly string[]): void
  bins(): string[]
  /** Offers a surface of a plugin to nodes. */
  addPluginSurface(name: string, make: (connection: Connection) => PluginSurface | Promise<PluginSurface>): void
  /** Throws for one that nobody offers. */
  pluginSurface(name: string, connection: Connection): PluginSurface | Promise<PluginSurface>
}

export interface GivenTool {
  readonly pluginId: string
  readonly name: string
  readonly description: string
  readonly parameters?: Readonly<Record<string, unknown>> | undefined
  readonly command?: string | undefined
  readonly mcp?: { readonly server: string; readonly tool: string } | undefined
}

const ANY_PARAMETERS = { type: 'object', properties: {}, additionalProperties: true }

export function createNodeSurface(deps: { sql: Sql; table: NodeTable; nodes: Nodes; commit: Commit; bus: Bus }): NodeSurface {
  const { sql, table, nodes, commit, bus } = deps
  const listeners: ((nodeId: string, kind: SurfaceKind) => void)[] = []
  const sources: (() => readonly string[])[] = []
  const surfaces = new Map<string, (connection: Connection) => PluginSurface | Promise<PluginSurface>>()

  nodes.onLeave((nodeId) => {
    if (nodes.connectionOf(nodeId)) return
    if (table.get(nodeId)?.runnerInventory) bus.publish(nodeRunnerInventoryChanged, { nodeId })
    changed(nodeId, 'tools')
    changed(nodeId, 'skills')
  })

  function changed(nodeId: string, kind: SurfaceKind) {
    for (const listener of listeners) listener(nodeId, kind)
  }

  function store(nodeId: string, kind: 'tools' | 'skills', values: readonly unknown[]) {
    commit.tx(() => {
      sql.run('DELETE FROM node_surface WHERE node_id = ? AND kind = ?', nodeId, kind)
      values.forEach((value, n) => sql.run('INSERT INTO node_surface (node_id, kind, n, value) VALUES (?, ?, ?, ?)', nodeId, kind, n, JSON.stringify(value)))
    })
    changed(nodeId, kind)
  }

  /** Of a node that is gone, nothing. */
  function read<T>(nodeId: string, kind: 'tools' | 'skills'): T[] {
    if (!nodes.connectionOf(nodeId)) return []
    const rows = sql.all<{ value: string }>('SELECT value FROM node_surface WHERE node_id = ? AND kind = ? ORDER BY n', nodeId, kind)
    return rows.map(({ value }) => JSON.parse(value) as T)
  }

  const commandsOf = (nodeId: string): readonly string[] => {
    const row = table.get(nodeId)
    return row ? effectiveSurface(row).commands : []
  }

  return {
    setTools(nodeId, given) {
      const commands = commandsOf(nodeId)
      const tools = given.flatMap(({ pluginId, name, description, parameters = ANY_PARAMETERS, command, mcp }) => {
        if (command === undefined || !commands.includes(command)) return []
        const tool: PluginTool = { pluginId, name, description, parameters, command, ...(mcp && { mcp }) }
        return JSON.stringify(tool).length > MAX_TOOL_CHARS ? [] : [tool]
      })
      const kept = tools.slice(0, MAX_TOOLS)
      store(nodeId, 'tools', kept)
      return kept
    },

    toolsOf(nodeId) {
      const commands = commandsOf(nodeId)
      return read<PluginTool>(nodeId, 'tools').filter(({ command }) => commands.includes(command))
    },

    setSkills(nodeId, skills) {
      const kept = skills.filter(({ name }, index) => skills.findIndex((other) => other.name === name) === index)
      store(nodeId, 'skills', kept)
      return kept
    },
    skillsOf: (nodeId) => read<NodeSkill>(nodeId, 'skills'),

    setInventory(nodeId, runnerInventory) {
      commit.tx(() => table.change(nodeId, { runnerInventory }))
      bus.publish(nodeRunnerInventoryChanged, { nodeId })
      changed(nodeId, 'inventory')
    },

    clear: (nodeId) => commit.tx(() => sql.run('DELETE FROM node_surface WHERE node_id = ?', nodeId)),
    onChanged: (listener) => void listeners.push(listener),
    addBins: (source) => void sources.push(source),
    bins: () => [...new Set(sources.flatMap((source) => source()))].toSorted().slice(0, MAX_BINS),
    addPluginSurface: (name, make) => void surfaces.set(name, make),
    pluginSurface(name, connection) {
      const make = surfaces.get(name)
      if (!make) throw unavailable(`${name.slice(0, 128)} plugin surface unavailable`, { retryable: false })
      return make(connection)
    },
  }
}

// The services of nodes on real values: SQLite in memory, a clock that stands still, and a record of all that was told.
// Made twice on one database, it is a gateway that died and came back.

import type { Client } from '../../../src/protocol/connect.ts'
import { expandScopes, SCOPES, type Principal, type Scope } from '../../../src/protocol/scopes.ts'
import { createConnections, type Connection, type ConnectionRecord, type Facts } from '../../../src/services/identity/connections.ts'
import { createDeviceSockets } from '../../../src/services/identity/device-sockets.ts'
import { createDevices } from '../../../src/services/identity/devices.ts'
import { createSetupCodes } from '../../../src/services/identity/setup-codes.ts'
import { createNodeServices } from '../../../src/services/fleet/node-services.ts'
import { configSchema } from '../../../src/services/operations/config-schema.ts'
import { createUpkeep } from '../../../src/services/operations/upkeep.ts'
import type { Data } from '../../harness/client.ts'
import { settled } from '../../harness/clock.ts'
import { foundation, type Foundation } from '../../harness/foundation.ts'

export const LOCAL: Facts = { address: '127.0.0.1', direct: true, host: 'localhost', origin: null }
export const REMOTE: Facts = { address: '203.0.113.7', direct: false, host: 'gateway.example', origin: null }

export const holding = (...scopes: Scope[]): Principal => ({ id: 'someone', role: 'operator', scopes: expandScopes(scopes) })
export const OPERATOR: Principal = { id: 'operator', role: 'operator', scopes: new Set(SCOPES) }
export const ASKER = { caller: OPERATOR, connectionId: null }

export interface NodeChoice {
  readonly commands?: readonly string[]
  readonly caps?: readonly string[]
  readonly permissions?: Record<string, boolean>
  readonly pathEnv?: string
  readonly client?: Partial<Client>
  readonly facts?: Facts
}

export type Fleet = ReturnType<typeof createFleet>

export function createFleet(base: Foundation = foundation(), nodes: unknown = {}) {
  const { sql, clock, commit, gate, bus, log, heard } = base
  const connections = createConnections()
  const devices = createDevices({ sql, commit, clock, bus, sockets: createDeviceSockets({ connections, gate, clock }) })
  const setupCodes = createSetupCodes({ sql, devices, commit, clock, bus })
  const upkeep = createUpkeep()
  const config = { current: configSchema.parse({ gateway: { nodes } }) }
  const agents = { sessionKey: (key: string) => `agent:main:${key.toLowerCase()}` }
  const services = createNodeServices({ platform: { sql, clock }, commit, bus, log, upkeep }, config, { connections, devices, setupCodes }, agents)
  const closed: string[] = []
  connections.onDisconnect((id) => {
    closed.push(id)
    connections.close(id)
  })
  let count = 0

  /** Connects a node whose device is paired. `said: false`: taken up again after a sleep. */
  function connect(nodeId: string, choice: NodeChoice & { said?: boolean; id?: string; topics?: readonly string[] } = {}): Connection {
    const { commands = ['location.get', 'system.which'], caps = ['system'], permissions, pathEnv, client = {}, facts = LOCAL, said = true, id = `c${++count}`, topics = [] } = choice
    if (devices.grantOf(nodeId, 'node') === null) devices.approveSilently(identity(nodeId), 'node', [])
    const save = () => {}
    const record: ConnectionRecord = { openedAt: clock.now(), nonce: 'n', facts, topics, seqLimit: 1 }
    const connection = connections.restore(id, record, save)
    connection.establish({
      dialect: 'typed',
      protocol: 4,
      client: { id: 'node-host', version: '1', platform: 'linux', deviceFamily: 'Linux', mode: 'node', displayName: `The ${nodeId}`, ...client },
      principalId: `device:${nodeId}`,
      role: 'node',
      scopes: [],
      deviceId: nodeId,
      caps: [...caps],
    })
    connections.joined(connection, said ? { commands: [...commands], ...(permissions && { permissions }), ...(pathEnv !== undefined && { pathEnv }) } : null)
    return connection
  }

  /** As `connect`, and all that it asks for is approved. */
  function approve(nodeId: string, choice: NodeChoice = {}): Connection {
    const connection = connect(nodeId, choice)
    const request = requestOf(nodeId)
    if (request) services.nodePairing.approve(request.requestId, OPERATOR)
    return connection
  }

  const requestOf = (nodeId: string) => services.nodePairing.list().pending.find((request) => request.nodeId === nodeId)

  /** What was told under this name, as far as it was told by now. */
  async function told(event: string): Promise<Data[]> {
    await settled()
    return heard.filter((each) => each.event === event).map(({ payload }) => payload as Data)
  }

  return { ...base, ...services, connections, devices, setupCodes, upkeep, config, closed, connect, approve, requestOf, told, leave: (connection: Connection) => connections.close(connection.id) }
}

export const identity = (deviceId: string) => ({ deviceId, publicKey: `key of ${deviceId}`, platform: 'linux', clientId: 'node-host', clientMode: 'node' })

// Who is connected: principal, client, dialect, subscriptions. The record of a connection is small JSON that the
// runtime keeps beside the socket, so that it outlives hibernation. No sockets here.

import { toUtf8 } from '../../kit/bytes.ts'
import { expandScopes, type KeyLimits, type Principal, type Role, type Scope } from '../../protocol/scopes.ts'
import type { Client, ConnectParams } from '../../protocol/connect.ts'
import type { Dialect } from '../../protocol/frames.ts'
import { MAX_SUBSCRIPTIONS } from '../../protocol/version.ts'
import { GatewayError } from '../../protocol/errors.ts'

/** What the upgrade request said; decided once, when the socket opened. */
export interface Facts {
  /** Of the socket; null where the runtime has none. */
  readonly address: string | null
  /** The socket's own address is loopback, and nothing says that the request was forwarded. */
  readonly direct: boolean
  /** Something says that the request came through a proxy: `address` is the proxy's then. */
  readonly forwarded?: boolean
  readonly host: string | null
  readonly origin: string | null
}

/** The part that exists once `connect` has succeeded. */
export interface Session {
  readonly dialect: Dialect
  readonly protocol: number
  readonly client: Client
  readonly principalId: string
  readonly role: Role
  readonly scopes: readonly Scope[]
  readonly deviceId?: string
  readonly key?: KeyLimits
  readonly caps: readonly string[]
}

/** The record as the runtime keeps it: at most 16 KiB of JSON. */
export interface ConnectionRecord {
  readonly openedAt: number
  readonly nonce: string
  readonly facts: Facts
  readonly session?: Session
  readonly topics: readonly string[]
  /** Sequence numbers below this one may have been used. */
  readonly seqLimit: number
}

export interface Connection {
  readonly id: string
  readonly openedAt: number
  readonly nonce: string
  readonly facts: Facts
  readonly session: Session | null
  readonly principal: Principal | null
  /** Established, and an operator that holds the scope. null: whoever is established. */
  holds(scope: Scope | null): boolean
  readonly caps: ReadonlySet<string>
  readonly topics: ReadonlySet<string>
  /** The next number for an event of this connection. */
  nextSeq(): number
  /** `connect` succeeded. */
  establish(session: Session): void
  subscribe(topic: string): void
  unsubscribe(topic: string): void
}

/** What a client said in `connect` and its record does not keep. */
export type Said = Pick<ConnectParams, 'commands' | 'permissions' | 'pathEnv' | 'modelCatalog'>

/** Told of a connection that is established. `said` is null for one that was taken up again after a sleep. */
export type JoinListener = (connection: Connection, said: Said | null) => void
/** Told of one that was, and is gone. */
export type LeaveListener = (connection: Connection) => void

export type DisconnectListener = (connectionId: string, code: number, reason: string) => void

export interface Connections {
  open(id: string, facts: Facts, nonce: string, at: number, save: (record: ConnectionRecord) => void): Connection
  /** Takes up a connection again whose record was kept. */
  restore(id: string, record: ConnectionRecord, save: (record: ConnectionRecord) => void): Connection
  get(id: string): Connection | undefined
  close(id: string): void
  /** Those for whom `connect` has succeeded. */
  established(): Iterable<Connection>
  readonly size: number
  /** Ends connections, of a removed device say. */
  disconnect(which: (connection: Connection) => boolean, code: number, reason: string): void
  onDisconnect(listener: DisconnectListener): void
  /** The door says that a connection is established. */
  joined(connection: Connection, said: Said | null): void
  onJoin(listener: JoinListener): void
  onLeave(listener: LeaveListener): void
}

/** Sequence numbers are reserved in blocks, so that not each event costs a write of the record. */
const SEQ_BLOCK = 64
/** The bytes that all subscriptions of a connection may take in its record: half of it. What else is in it is cut to fit the rest. */
const MAX_TOPIC_BYTES = 8 * 1024

/** What a text takes in JSON, without the quotes around it. */
const jsonBytes = (text: string): number => toUtf8(JSON.stringify(text)).byteLength - 2

/** JSON writes a unit of UTF-16 in so many bytes at most: as an escape. */
const MAX_BYTES_PER_UNIT = 6

/** The beginning of a text that somebody chose freely: so much of it as takes `limit` bytes of a record. */
export function cutToBytes(text: string, limit: number): string {
  if (text.length * MAX_BYTES_PER_UNIT <= limit || (text.length <= limit && jsonBytes(text) <= limit)) return text
  let cut = ''
  let bytes = 0
  for (const character of text) {
    bytes += jsonBytes(character)
    if (bytes > limit) break
    cut += character
  }
  return cut
}

export function createConnections(): Connections {
  const all = new Map<string, Connection>()
  const listeners: DisconnectListener[] = []
  const joins: JoinListener[] = []
  const leaves: LeaveListener[] = []

  const add = (id: string, record: ConnectionRecord, save: (record: ConnectionRecord) => void) => {
    const connection = createConnection(id, record, save)
    all.set(id, connection)
    return connection
  }

  return {
    open(id, facts, nonce, at, save) {
      const record = { openedAt: at, nonce, facts, topics: [], seqLimit: 1 }
      save(record)
      return add(id, record, save)
    },
    restore: add,
    get: (id) => all.get(id),
    close(id) {
      const connection = all.get(id)
      all.delete(id)
      if (connection?.session) for (const listener of leaves) listener(connection)
    },
    *established() {
      for (const connection of all.values()) if (connection.session) yield connection
    },
    get size() {
      return all.size
    },
    disconnect(which, code, reason) {
      for (const connection of all.values()) {
        if (which(connection)) for (const listener of listeners) listener(connection.id, code, reason)
      }
    },
    onDisconnect: (listener) => void listeners.push(listener),
    joined(connection, said) {
      if (all.get(connection.id) !== connection) return // it ended meanwhile
      for (const listener of joins) listener(connection, said)
    },
    onJoin: (listener) => void joins.push(listener),
    onLeave: (listener) => void leaves.push(listener),
  }
}

function createConnection(id: string, initial: ConnectionRecord, save: (record: ConnectionRecord) => void): Connection {
  let record = initial
  let principal = record.session ? principalOf(record.session) : null
  let caps = new Set(record.session?.caps)
  const topics = new Set(record.topics)
  let seq = record.seqLimit

  /** What could not be kept has not happened. */
  const change = (members: Partial<ConnectionRecord>) => {
    const changed = { ...record, ...members }
    save(changed)
    record = changed
  }

  return {
    id,
    openedAt: record.openedAt,
    nonce: record.nonce,
    facts: record.facts,
    get session() {
      return record.session ?? null
    },
    get principal() {
      return principal
    },
    holds: (scope) => principal !== null && (scope === null || (principal.role === 'operator' && principal.scopes.has(scope))),
    get caps() {
      return caps
    },
    topics,
    nextSeq() {
      if (seq >= record.seqLimit) change({ seqLimit: seq + SEQ_BLOCK })
      return seq++
    },
    establish(session) {
      change({ session })
      principal = principalOf(session)
      caps = new Set(session.caps)
    },
    subscribe(topic) {
      if (topics.has(topic)) return
      const bytes = [...topics].reduce((sum, each) => sum + jsonBytes(each), jsonBytes(topic))
      if (topics.size >= MAX_SUBSCRIPTIONS || bytes > MAX_TOPIC_BYTES) {
        throw new GatewayError(
          'INVALID_REQUEST',
          'this connection has too many subscriptions: drop some, or call sessions.subscribe to hear of all sessions',
          { details: { code: 'TOO_MANY_SUBSCRIPTIONS' } },
        )
      }
      change({ topics: [...topics, topic] })
      topics.add(topic)
    },
    unsubscribe(topic) {
      if (!topics.has(topic)) return
      change({ topics: [...topics].filter((each) => each !== topic) })
      topics.delete(topic)
    },
  }
}

const principalOf = (session: Session): Principal => ({
  id: session.principalId,
  role: session.role,
  scopes: expandScopes(session.scopes),
  ...(session.deviceId !== undefined && { deviceId: session.deviceId }),
  ...(session.key && { key: session.key }),
})

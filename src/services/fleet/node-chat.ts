// Nodes that listen to a session, as apps with a voice do: they say so with `chat.subscribe`, and then the course of its
// runs is told to them too. The subscriptions stand in the record of the connection.

import * as z from 'zod'
import { agent, chat } from '../../protocol/events.ts'
import { nodeAgent, nodeChat } from '../../protocol/node-chat-events.ts'
import type { Bus, Sink } from '../bus.ts'
import type { Agents } from '../conversation/agents.ts'
import type { Connection, Connections } from '../identity/connections.ts'
import { sessionTopic } from '../identity/topics.ts'
import type { NodeEventResult, NodeEvents } from './node-events.ts'

const target = z.looseObject({ sessionKey: z.string().min(1) })
const TOPIC_PREFIX = sessionTopic('')

export interface NodeChat {
  /** Sessions that some node listens to. */
  readonly size: number
}

export function createNodeChat(deps: { bus: Bus; events: NodeEvents; connections: Connections; agents: Pick<Agents, 'sessionKey'> }): NodeChat {
  const { bus, events, connections, agents } = deps
  const listeners = new Map<string, Set<Connection>>()

  function add(key: string, connection: Connection) {
    listeners.set(key, (listeners.get(key) ?? new Set()).add(connection))
  }

  function drop(key: string, connection: Connection) {
    const others = listeners.get(key)
    others?.delete(connection)
    if (others?.size === 0) listeners.delete(key)
  }

  const keysOf = ({ topics }: Connection) => [...topics].filter((topic) => topic.startsWith(TOPIC_PREFIX)).map((topic) => topic.slice(TOPIC_PREFIX.length))

  connections.onJoin((connection) => {
    if (connection.session?.role === 'node') for (const key of keysOf(connection)) add(key, connection)
  })
  connections.onLeave((connection) => {
    if (connection.session?.role === 'node') for (const key of keysOf(connection)) drop(key, connection)
  })

  const subscribing = (apply: (key: string, connection: Connection) => void) => (payload: unknown, { connection }: { connection: Connection }): NodeEventResult => {
    const parsed = target.safeParse(payload)
    if (!parsed.success) return { handled: false, reason: 'invalid_payload' }
    apply(agents.sessionKey(parsed.data.sessionKey), connection)
    return { handled: true }
  }

  events.on('chat.subscribe', subscribing((key, connection) => {
    connection.subscribe(sessionTopic(key))
    add(key, connection)
  }))
  events.on('chat.unsubscribe', subscribing((key, connection) => {
    connection.unsubscribe(sessionTopic(key))
    drop(key, connection)
  }))

  const sink: Sink = {
    isHeard: (event) => listeners.size > 0 && (event === chat || event === agent),
    deliver(event, payload, { connection: only, capability }) {
      if (listeners.size === 0 || only !== undefined || (event !== chat && event !== agent)) return
      const content = payload() as { sessionKey: string }
      for (const { id, caps } of listeners.get(content.sessionKey) ?? []) {
        if (capability !== undefined && !caps.has(capability)) continue
        bus.publish(event === chat ? nodeChat : nodeAgent, content as never, { connection: id })
      }
    },
  }
  bus.attach(sink)

  return {
    get size() {
      return listeners.size
    },
  }
}

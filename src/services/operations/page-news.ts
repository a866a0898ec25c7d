// What pages are told of models: all of them right behind their hello-ok, if they asked for that, and later that they
// have changed.

import { messageOf, type Logger } from '../../kit/log.ts'
import { chatMetadataChanged, MODEL_SNAPSHOT_CAPABILITY, modelsSnapshot } from '../../protocol/page-events.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Bus } from '../bus.ts'
import type { Agents } from '../conversation/agents.ts'
import type { ModelRows } from '../conversation/model-rows.ts'
import type { Connection, Connections } from '../identity/connections.ts'
import type { ConfigService } from './config.ts'

/** Sections of the configuration that decide what a conversation can use. */
const SECTIONS = ['models', 'agents', 'skills'] as const

export function createPageNews(deps: {
  connections: Pick<Connections, 'onJoin'>
  agents: Pick<Agents, 'find' | 'sessionKey' | 'ofSession'>
  rows: ModelRows
  config: Pick<ConfigService, 'onChange'>
  bus: Bus
  clock: Clock
  log: Logger
}): void {
  const { connections, agents, rows, config, bus, clock, log } = deps

  /** Whose models are meant; what means nothing is answered with those of the gateway. */
  function agentOf(target: Readonly<Record<string, string>>): string | undefined {
    const { agentId, sessionKey } = target
    if (agentId !== undefined) return agents.find(agentId) ? agentId : undefined
    try {
      return sessionKey === undefined ? undefined : agents.ofSession(agents.sessionKey(sessionKey))
    } catch {
      return undefined
    }
  }

  async function tell({ id }: Connection, target: Record<string, string>) {
    const models = await rows.list({ agentId: agentOf(target) })
    bus.publish(modelsSnapshot, { target, scope: target, catalog: { models } }, { connection: id })
  }

  connections.onJoin((connection, said) => {
    const target = said?.modelCatalog
    if (!target || !connection.caps.has(MODEL_SNAPSHOT_CAPABILITY) || !connection.holds(modelsSnapshot.scope)) return
    const known = Object.fromEntries(Object.entries(target).filter((entry): entry is [string, string] => entry[1] !== undefined))
    // Its hello-ok goes out in this turn, or waits in the gate already: this comes behind it.
    clock.turn(() => void tell(connection, known).catch((error: unknown) => log.warn('a page was not told of the models', { error: messageOf(error) })))
  })

  config.onChange(({ sections }) => {
    if (SECTIONS.some((section) => sections.has(section))) bus.publish(chatMetadataChanged, {})
  })
}

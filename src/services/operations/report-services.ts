// What looks at all the others.

import { uuid } from '../../kit/ids.ts'
import type { ConversationServices } from '../conversation/services.ts'
import type { Ground } from '../ground.ts'
import type { IdentityServices } from '../identity/services.ts'
import { createHealth, type Health } from './health.ts'
import { createMaintenance, type Maintenance } from './maintenance.ts'
import { createPageNews } from './page-news.ts'
import type { Settings } from './settings-services.ts'
import { createSystem, type SystemService } from './system.ts'

export interface Reports {
  readonly health: Health
  readonly system: SystemService
  readonly maintenance: Maintenance
}

export function createReports(
  ground: Ground,
  version: string,
  conversation: ConversationServices,
  identity: IdentityServices,
  { config, reload }: Pick<Settings, 'config' | 'reload'>,
): Reports {
  const { platform, host, bus, place, vitals } = ground
  const { clock } = platform
  const { agents, models, table, activity } = conversation
  const { connections } = identity
  const health = createHealth({ table, agents, clock, bus, vitals, path: place, hotReload: () => reload.active })
  const system = createSystem({
    version,
    bootId: uuid(),
    runtime: platform.name,
    clock,
    host,
    agents,
    models,
    table,
    vitals,
    activeRuns: () => activity.count,
    connections: () => connections.size,
    path: place,
  })
  createPageNews({ connections, agents, rows: conversation.modelRows, config, bus, clock, log: ground.log.child('pages') })
  const maintenance = createMaintenance({ ...ground, clock, connections, health })
  return { health, system, maintenance }
}

// What every group of services stands on.

import type { Logger } from '../kit/log.ts'
import type { Host } from '../ports/host.ts'
import type { Platform } from '../ports/platform.ts'
import type { Commit } from '../store/commit.ts'
import type { Gate } from '../store/gate.ts'
import type { Idempotency } from '../store/idempotency.ts'
import type { Bus } from './bus.ts'
import type { Audit } from './operations/audit.ts'
import type { Figures } from './operations/figures.ts'
import type { Stability } from './operations/stability.ts'
import type { Tracing } from './operations/tracing.ts'
import type { Upkeep } from './operations/upkeep.ts'
import type { Vitals } from './operations/vitals.ts'
import type { Wakeups } from './operations/wakeups.ts'

export interface Ground {
  readonly platform: Platform
  readonly host: Host
  readonly log: Logger
  readonly commit: Commit
  readonly gate: Gate
  readonly idempotency: Idempotency
  readonly bus: Bus
  readonly wakeups: Wakeups
  readonly upkeep: Upkeep
  readonly vitals: Vitals
  readonly audit: Audit
  readonly stability: Stability
  readonly figures: Figures
  readonly tracing: Tracing
  /** Where state is kept, for people. */
  readonly place: string
  /** The gateway is put to sleep when idle: nothing may tick while nobody is active. */
  readonly hibernates: boolean
}

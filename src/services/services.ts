// The list of capabilities that methods may name in `uses`. Types only: each group makes its own, and `gateway.ts` puts
// them together.

import type { Clock } from '../ports/clock.ts'
import type { Idempotency } from '../store/idempotency.ts'
import type { Commit } from '../store/commit.ts'
import type { ConversationServices } from './conversation/services.ts'
import type { IdentityServices } from './identity/services.ts'
import type { Reports } from './operations/report-services.ts'
import type { Settings } from './operations/settings-services.ts'
import type { Bus } from './bus.ts'

export interface Services extends ConversationServices, IdentityServices, Settings, Reports {
  readonly bus: Bus
  readonly clock: Clock
  readonly commit: Commit
  readonly idempotency: Idempotency
}

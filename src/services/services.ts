// The list of capabilities that methods may name in `uses`. Types only: each group makes its own, and `gateway.ts` puts
// them together.

import type { Clock } from '../ports/clock.ts'
import type { Idempotency } from '../store/idempotency.ts'
import type { Commit } from '../store/commit.ts'
import type { AutomationServices } from './automation/services.ts'
import type { ConversationServices } from './conversation/services.ts'
import type { FleetServices } from './fleet/services.ts'
import type { IdentityServices } from './identity/services.ts'
import type { Audit } from './operations/audit.ts'
import type { ControlServices } from './operations/control-services.ts'
import type { Reports } from './operations/report-services.ts'
import type { Settings } from './operations/settings-services.ts'
import type { NetworkServices } from './network/services.ts'
import type { PushServices } from './push/services.ts'
import type { Stability } from './operations/stability.ts'
import type { ToolServices } from './tools/services.ts'
import type { VoiceServices } from './voice/services.ts'
import type { Bus } from './bus.ts'

export interface Services extends Settings, IdentityServices, ConversationServices, FleetServices, AutomationServices, VoiceServices, ToolServices, NetworkServices, PushServices, ControlServices, Reports {
  readonly bus: Bus
  readonly audit: Audit
  readonly stability: Stability
  readonly clock: Clock
  readonly commit: Commit
  readonly idempotency: Idempotency
}

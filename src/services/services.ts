// The list of capabilities that methods may name in `uses`. Types only: `gateway.ts` makes the values.

import type { Clock } from '../ports/clock.ts'
import type { Idempotency } from '../store/idempotency.ts'
import type { Commit } from '../store/commit.ts'
import type { Activity } from './conversation/activity.ts'
import type { Agents } from './conversation/agents.ts'
import type { Inbox } from './conversation/inbox.ts'
import type { Models } from './conversation/models.ts'
import type { Runs } from './conversation/runs.ts'
import type { Sessions } from './conversation/sessions.ts'
import type { Transcripts } from './conversation/transcripts.ts'
import type { Devices } from './identity/devices.ts'
import type { Presence } from './identity/presence.ts'
import type { ConfigService } from './operations/config.ts'
import type { Health } from './operations/health.ts'
import type { IdentityService } from './operations/identity.ts'
import type { Logs } from './operations/logs.ts'
import type { SystemService } from './operations/system.ts'
import type { Bus } from './bus.ts'

export interface Services {
  readonly activity: Activity
  readonly agents: Agents
  readonly bus: Bus
  readonly clock: Clock
  readonly commit: Commit
  readonly config: ConfigService
  readonly devices: Devices
  readonly health: Health
  readonly idempotency: Idempotency
  readonly identity: IdentityService
  readonly logs: Logs
  readonly inbox: Inbox
  readonly models: Models
  readonly presence: Presence
  readonly runs: Runs
  readonly sessions: Sessions
  readonly system: SystemService
  readonly transcripts: Transcripts
}

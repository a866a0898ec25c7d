// What happens by itself: jobs, heartbeats, system events.

import type { ConversationServices } from '../conversation/services.ts'
import type { Ground } from '../ground.ts'
import type { IdentityServices } from '../identity/services.ts'
import type { Settings } from '../operations/settings-services.ts'

// eslint-disable-next-line @typescript-eslint/no-empty-object-type
export interface AutomationServices {}

export function createAutomationServices(_ground: Ground, _settings: Settings, _identity: IdentityServices, _conversation: ConversationServices): AutomationServices {
  return {}
}

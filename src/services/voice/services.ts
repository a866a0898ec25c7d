// Speech: text to speech, wake words, talk.

import type { ConversationServices } from '../conversation/services.ts'
import type { Ground } from '../ground.ts'
import type { IdentityServices } from '../identity/services.ts'
import type { Settings } from '../operations/settings-services.ts'

// eslint-disable-next-line @typescript-eslint/no-empty-object-type
export interface VoiceServices {}

export function createVoiceServices(_ground: Ground, _settings: Settings, _identity: IdentityServices, _conversation: ConversationServices): VoiceServices {
  return {}
}

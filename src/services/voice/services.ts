// Speech: text to speech, wake words, talk.

import type { Host } from '../../ports/host.ts'
import type { FleetServices } from '../fleet/services.ts'
import type { Ground } from '../ground.ts'
import type { Settings } from '../operations/settings-services.ts'
import { createSpeech, type Speech } from './speech.ts'
import { createSpeechSettings, type SpeechSettings } from './speech-settings.ts'
import { createSpeechSources } from './speech-sources.ts'
import { createTalk, type Talk } from './talk.ts'
import { createVoiceWake, type VoiceWake } from './voice-wake.ts'

export interface VoiceServices {
  readonly speech: Speech
  readonly speechSettings: SpeechSettings
  readonly talk: Talk
  /** Where audio lies for other programs of this machine; null where there are none. */
  readonly shelf: Host['shelve'] | null
  readonly voiceWake: VoiceWake
}

export function createVoiceServices(ground: Ground, { config }: Settings, { nodes }: Pick<FleetServices, 'nodes'>): VoiceServices {
  const { platform, host, commit, bus } = ground
  const { sql, clock, env, fetch } = platform
  const speechSettings = createSpeechSettings({ sql, commit, config, place: ground.place })
  const sources = createSpeechSources({ config, settings: speechSettings, env, fetch, local: host.speech })
  const speech = createSpeech({ settings: speechSettings, providers: sources, clock })
  const talk = createTalk({ config, speech, settings: speechSettings, bus, clock })
  const connected = () => nodes.list().flatMap(({ row }) => nodes.connectionOf(row.nodeId) ?? [])
  const voiceWake = createVoiceWake({ sql, commit, bus, nodes: { onJoin: nodes.onJoin, connections: connected } })
  return { speech, speechSettings, talk, voiceWake, shelf: host.shelve ?? null }
}

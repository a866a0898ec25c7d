// Speech by a program of this machine. It costs nothing and needs no key.

import type { LocalSpeech } from '../../ports/speech.ts'
import type { SpeechProvider } from './speech-provider.ts'

export const LOCAL_PROVIDER = 'espeak'
/** Words a minute when nothing is said of the speed. */
const USUAL_SPEED = 175
const [SLOWEST, FASTEST] = [80, 450]

export function createLocalProvider(speech: LocalSpeech | undefined): SpeechProvider {
  const missing = speech ? null : 'install espeak-ng on the machine of the gateway'
  return {
    id: LOCAL_PROVIDER,
    label: 'espeak-ng (this machine)',
    models: [],
    voices: async () => (speech ? speech.voices() : []),
    missing,
    async speak(text, { voice, speed, format = 'wav' }, signal) {
      if (!speech) throw new Error(missing!)
      if (format !== 'wav') throw new Error(`${speech.program} makes wav only`)
      const wordsPerMinute = speed === undefined ? undefined : Math.min(FASTEST, Math.max(SLOWEST, speed * USUAL_SPEED))
      const bytes = await speech.speak(text, { ...(voice !== undefined && { voice }), ...(wordsPerMinute !== undefined && { wordsPerMinute }) }, signal)
      return { bytes, format: 'wav' }
    },
  }
}

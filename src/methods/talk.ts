// Conversations by voice: settings, who can speak in them, and speaking.

import * as z from 'zod'
import { defined } from '../kit/json.ts'
import { talkModeChange } from '../protocol/voice-events.ts'
import { defineMethod } from '../rpc/method.ts'
import { assertUncounted } from '../services/identity/key-limits.ts'
import { formOf } from '../services/voice/speech-provider.ts'
import { toSpoken } from './tts.ts'

const text = z.string().min(1)

const providerSettings = z.looseObject({ apiKey: z.string().optional() })

const talkSection = z.strictObject({
  provider: z.string().optional(),
  providers: z.record(z.string(), providerSettings).optional(),
  realtime: z.looseObject({}).optional(),
  resolved: z.strictObject({ provider: z.string(), config: providerSettings }).optional(),
  consultThinkingLevel: z.string().optional(),
  consultFastMode: z.boolean().optional(),
  speechLocale: z.string().optional(),
  interruptOnSpeech: z.boolean().optional(),
  silenceTimeoutMs: z.int().min(1).optional(),
})

export const talkConfig = defineMethod({
  name: 'talk.config',
  scope: 'operator.read',
  elevate: ({ includeSecrets }) => (includeSecrets ? 'operator.talk.secrets' : null),
  summary: 'How talking is set up. Its secrets are shown to those who hold operator.talk.secrets, and ask for them.',
  params: z.strictObject({ includeSecrets: z.boolean().optional() }),
  result: z.strictObject({
    config: z.strictObject({ talk: talkSection.optional(), session: z.strictObject({ mainKey: text }).optional() }),
  }),
  uses: ['config', 'talk'],
  handler({ includeSecrets = false }, { config, talk }) {
    const section = talk.section(includeSecrets)
    const { mainKey } = config.current.session ?? {}
    if (!section) return { config: { ...(mainKey !== undefined && { session: { mainKey } }) } }
    const { provider, providers = {}, realtime, speechLocale, interruptOnSpeech, silenceTimeoutMs, consultThinkingLevel, consultFastMode } = section
    const resolved = provider === undefined ? undefined : { provider, config: { ...providers[provider] } }
    const shown = { provider, providers: section.providers, realtime, resolved, speechLocale, interruptOnSpeech, silenceTimeoutMs, consultThinkingLevel, consultFastMode }
    return { config: { talk: defined(shown), ...(mainKey !== undefined && { session: { mainKey } }) } }
  },
})

const speaker = z.strictObject({
  id: text,
  label: text,
  configured: z.boolean(),
  models: z.array(z.string()),
  voices: z.array(z.string()),
  modes: z.array(z.literal('stt-tts')),
  brains: z.array(z.literal('agent-consult')),
})
/** Nobody here listens: clients turn speech into text by themselves. */
const nobody = z.strictObject({ ready: z.literal(false), providers: z.array(z.never()) })

export const talkCatalog = defineMethod({
  name: 'talk.catalog',
  scope: 'operator.read',
  summary: 'Who can take part in a conversation by voice.',
  params: z.strictObject({ provider: text.optional(), model: text.optional() }),
  result: z.strictObject({
    modes: z.array(z.literal('stt-tts')),
    transports: z.array(z.never()),
    brains: z.array(z.literal('agent-consult')),
    speech: z.strictObject({ ready: z.boolean(), activeProvider: text.optional(), providers: z.array(speaker) }),
    transcription: nobody,
    realtime: nobody,
  }),
  uses: ['speech', 'talk'],
  async handler(_, { speech, talk }) {
    const all = speech.providers().map(async ({ id, label, missing, models, voices }) => ({
      id,
      label,
      configured: missing === null,
      models: [...models],
      voices: [...(await voices().catch(() => []))],
      modes: ['stt-tts' as const],
      brains: ['agent-consult' as const],
    }))
    const providers = await Promise.all(all)
    const active = talk.provider()
    const none = { ready: false as const, providers: [] }
    return {
      modes: ['stt-tts' as const],
      transports: [],
      brains: ['agent-consult' as const],
      speech: { ready: providers.some(({ id, configured }) => id === active && configured), ...(active !== null && { activeProvider: active }), providers },
      transcription: none,
      realtime: none,
    }
  },
})

export const talkSpeak = defineMethod({
  name: 'talk.speak',
  scope: 'operator.talk',
  summary: 'Speaks a text in a conversation. Where no voice is set up for that, a client is told to use its own.',
  params: z.strictObject({
    text,
    voiceId: z.string().optional(),
    modelId: z.string().optional(),
    outputFormat: z.string().optional(),
    speed: z.number().optional(),
    rateWpm: z.int().min(1).optional(),
    language: z.string().optional(),
    // Of providers that are not spoken here: they change nothing.
    stability: z.number().optional(),
    similarity: z.number().optional(),
    style: z.number().optional(),
    speakerBoost: z.boolean().optional(),
    seed: z.int().min(0).optional(),
    normalize: z.string().optional(),
    latencyTier: z.int().min(0).optional(),
  }),
  result: z.strictObject({ audioBase64: text, provider: text, outputFormat: text, voiceCompatible: z.boolean(), mimeType: text, fileExtension: text }),
  uses: ['talk'],
  async handler({ text: said, voiceId, modelId, outputFormat, speed, rateWpm }, { talk, signal, caller }) {
    assertUncounted(caller)
    const wish = {
      voice: voiceId || undefined,
      model: modelId || undefined,
      format: outputFormat || undefined,
      speed: speed ?? (rateWpm === undefined ? undefined : rateWpm / USUAL_WPM),
    }
    const spoken = await talk.speak(said, wish, signal)
    return { ...toSpoken(spoken), voiceCompatible: formOf(spoken.format).isVoiceNote ?? false }
  },
})

/** What clients mean by a speed of 1. */
const USUAL_WPM = 175

export const talkMode = defineMethod({
  name: 'talk.mode',
  scope: 'operator.talk',
  summary: 'Tells everybody that somebody talks, or does so no more.',
  params: z.strictObject({ enabled: z.boolean(), phase: z.string().max(64).optional() }),
  result: talkModeChange,
  uses: ['talk'],
  handler: ({ enabled, phase }, { talk }) => talk.setMode(enabled, phase || null),
})

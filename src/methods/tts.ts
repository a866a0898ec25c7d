// Text to speech.

import * as z from 'zod'
import { toBase64 } from '../kit/bytes.ts'
import { invalid } from '../protocol/errors.ts'
import { defineMethod } from '../rpc/method.ts'
import { assertUncounted } from '../services/identity/key-limits.ts'
import type { Persona } from '../services/voice/speech-settings.ts'
import { formOf } from '../services/voice/speech-provider.ts'
import type { Spoken } from '../services/voice/speech.ts'

const text = z.string().min(1)

const persona = z.strictObject({ id: text, label: text, description: z.string().optional(), provider: text.optional() })

const toPersona = (each: Persona): z.output<typeof persona> => ({ ...each })

const spoken = {
  audioBase64: text,
  provider: text,
  outputFormat: text,
  mimeType: text,
  fileExtension: text,
}

export const toSpoken = ({ bytes, provider, format }: Spoken) => {
  const { mimeType, extension } = formOf(format)
  return { audioBase64: toBase64(bytes), provider, outputFormat: format, mimeType, fileExtension: extension }
}

export const ttsStatus = defineMethod({
  name: 'tts.status',
  scope: 'operator.read',
  summary: 'Whether answers are spoken, by whom, and who would speak if that failed.',
  params: z.strictObject({}),
  result: z.strictObject({
    enabled: z.boolean(),
    auto: text,
    provider: z.string(),
    persona: text.nullable(),
    personas: z.array(persona),
    fallbackProvider: text.nullable(),
    fallbackProviders: z.array(text),
    prefsPath: text,
    providerStates: z.array(z.strictObject({ id: text, label: text, configured: z.boolean(), missing: text.optional() })),
  }),
  uses: ['config', 'speech', 'speechSettings'],
  handler(_, { config, speech, speechSettings }) {
    const fallbackProviders = speech.fallbacks().map(({ id }) => id)
    const { enabled } = speechSettings
    const { auto = 'always' } = config.current.tts ?? {}
    return {
      enabled,
      auto: enabled ? (auto === 'off' ? 'always' : auto) : 'off',
      provider: speech.active()?.id ?? '',
      persona: speechSettings.persona,
      personas: speechSettings.personas().map(toPersona),
      fallbackProvider: fallbackProviders[0] ?? null,
      fallbackProviders,
      prefsPath: speechSettings.place,
      providerStates: speech.providers().map(({ id, label, missing }) => ({ id, label, configured: missing === null, ...(missing !== null && { missing }) })),
    }
  },
})

export const ttsProviders = defineMethod({
  name: 'tts.providers',
  scope: 'operator.read',
  summary: 'Who can speak, with which models and voices.',
  params: z.strictObject({}),
  result: z.strictObject({
    providers: z.array(z.strictObject({ id: text, name: text, configured: z.boolean(), models: z.array(text), voices: z.array(text) })),
    active: z.string(),
  }),
  uses: ['speech'],
  async handler(_, { speech }) {
    const all = speech.providers().map(async ({ id, label, missing, models, voices }) => ({
      id,
      name: label,
      configured: missing === null,
      models: [...models],
      voices: [...(await voices().catch(() => []))],
    }))
    return { providers: await Promise.all(all), active: speech.active()?.id ?? '' }
  },
})

export const ttsPersonas = defineMethod({
  name: 'tts.personas',
  scope: 'operator.read',
  summary: 'The ways of speaking that are configured, and which one is active.',
  params: z.strictObject({}),
  result: z.strictObject({ active: text.nullable(), personas: z.array(persona) }),
  uses: ['speechSettings'],
  handler: (_, { speechSettings }) => ({ active: speechSettings.persona, personas: speechSettings.personas().map(toPersona) }),
})

const switched = z.strictObject({ enabled: z.boolean() })

export const ttsEnable = defineMethod({
  name: 'tts.enable',
  scope: 'operator.write',
  summary: 'Answers are to be spoken, where a channel can do that.',
  params: z.strictObject({}),
  result: switched,
  uses: ['speechSettings'],
  handler(_, { speechSettings }) {
    speechSettings.choose({ enabled: true })
    return { enabled: true }
  },
})

export const ttsDisable = defineMethod({
  name: 'tts.disable',
  scope: 'operator.write',
  summary: 'Answers are not to be spoken.',
  params: z.strictObject({}),
  result: switched,
  uses: ['speechSettings'],
  handler(_, { speechSettings }) {
    speechSettings.choose({ enabled: false })
    return { enabled: false }
  },
})

export const ttsSetProvider = defineMethod({
  name: 'tts.setProvider',
  scope: 'operator.write',
  summary: 'Chooses who speaks.',
  params: z.strictObject({ provider: z.string() }),
  result: z.strictObject({ provider: text }),
  uses: ['speech', 'speechSettings'],
  handler({ provider: given }, { speech, speechSettings }) {
    const provider = given.trim().toLowerCase()
    speech.assertKnown(provider)
    speechSettings.choose({ provider })
    return { provider }
  },
})

export const ttsSetPersona = defineMethod({
  name: 'tts.setPersona',
  scope: 'operator.write',
  summary: 'Chooses how it is spoken; "off", or nothing, for no way in particular.',
  params: z.strictObject({ persona: z.string().nullable().optional() }),
  result: z.strictObject({ persona: text.nullable() }),
  uses: ['speechSettings'],
  handler({ persona: given }, { speechSettings }) {
    const chosen = ['', 'off', 'none', 'default'].includes(given?.trim() ?? '') ? null : given!.trim()
    if (chosen !== null && !speechSettings.personas().some(({ id }) => id === chosen)) throw invalid('Invalid persona. Use a configured TTS persona id.')
    speechSettings.choose({ persona: chosen })
    return { persona: chosen }
  },
})

export const ttsConvert = defineMethod({
  name: 'tts.convert',
  scope: 'operator.write',
  summary: 'Speaks a text, and answers with the audio; as a file, too, for programs of the same machine.',
  params: z.strictObject({
    text: z.string(),
    channel: z.string().optional(),
    provider: text.optional(),
    modelId: text.optional(),
    voiceId: text.optional(),
  }),
  result: z.strictObject({ ...spoken, voiceCompatible: z.boolean(), audioPath: text.optional() }),
  uses: ['shelf', 'speech'],
  async handler({ text: said, provider, modelId: model, voiceId: voice }, { shelf, speech, signal, caller }) {
    assertUncounted(caller)
    const result = await speech.speak(said, { provider, model, voice }, signal)
    const { extension, isVoiceNote = false } = formOf(result.format)
    const audioPath = await shelf?.(extension, result.bytes)
    return { ...toSpoken(result), voiceCompatible: isVoiceNote, ...(audioPath !== undefined && { audioPath }) }
  },
})

export const ttsSpeak = defineMethod({
  name: 'tts.speak',
  scope: 'operator.write',
  summary: 'Speaks a text with the active provider, for a client that plays it.',
  params: z.strictObject({ text }),
  result: z.strictObject(spoken),
  uses: ['speech'],
  async handler({ text: said }, { speech, signal, caller }) {
    assertUncounted(caller)
    return toSpoken(await speech.speak(said, {}, signal))
  },
})

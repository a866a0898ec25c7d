// The vendors of the AI SDK that are built in: how each is reached, and what it is told beside the common settings.

import type { ModelProvider, ModelRequest } from '../ports/model.ts'
import { aiSdk } from './ai-sdk.ts'
import { readContext } from './sdk-context.ts'
import type { SdkWire } from './sdk-wire.ts'

const textOf = (options: Readonly<Record<string, unknown>>, name: string): string | undefined => {
  const value = options[name]
  return typeof value === 'string' && value !== '' ? value : undefined
}

const always = (baseUrl: string) => () => baseUrl
/** People write the address with and without the version behind it. */
const withVersion = (version: string) => (baseUrl: string) => (/\/v\d+[a-z]*\d*$/.test(baseUrl) ? baseUrl : `${baseUrl}/${version}`)
const oneAtATime = ({ settings, tools }: ModelRequest) => tools.length > 0 && settings.parallelToolCalls === false
const EPHEMERAL = { type: 'ephemeral' }

const anthropic: SdkWire = {
  api: 'anthropic-messages',
  aliases: ['anthropic'],
  load: async () => {
    const { createAnthropic } = await import('@ai-sdk/anthropic')
    return (settings) => {
      const provider = createAnthropic(settings)
      return { language: (model) => provider.languageModel(model) }
    }
  },
  defaultBaseUrl: always('https://api.anthropic.com/v1'),
  toBaseUrl: withVersion('v1'),
  env: { apiKey: ['ANTHROPIC_API_KEY'] },
  toOptions: (request) => ({ anthropic: { ...(oneAtATime(request) && { disableParallelToolUse: true }) } }),
  toCacheMark: () => ({ anthropic: { cacheControl: EPHEMERAL } }),
  mayThink: (request) => claudeMayThink('anthropic-messages', request),
  toCallId: (id) => id.replace(/[^\w-]/g, '_'),
}

const google: SdkWire = {
  api: 'google-generative-ai',
  aliases: ['google', 'gemini'],
  can: ['embedding', 'speech', 'transcription'],
  load: async () => {
    const { createGoogle } = await import('@ai-sdk/google')
    return (settings) => {
      const provider = createGoogle(settings)
      return {
        language: (model) => provider.languageModel(model),
        embedding: (model) => provider.embeddingModel(model),
        speech: provider.speechModel,
        transcription: provider.transcriptionModel,
      }
    }
  },
  defaultBaseUrl: always('https://generativelanguage.googleapis.com/v1beta'),
  toBaseUrl: withVersion('v1beta'),
  env: { apiKey: ['GEMINI_API_KEY', 'GOOGLE_API_KEY', 'GOOGLE_GENERATIVE_AI_API_KEY'] },
  toOptions: ({ settings }) => ({ google: { ...(thinks(settings.reasoningEffort) && { thinkingConfig: { includeThoughts: true } }) } }),
  toDimensions: (outputDimensionality) => ({ google: { outputDimensionality } }),
}

const openai: SdkWire = {
  api: 'openai-responses',
  aliases: ['responses'],
  can: ['embedding', 'speech', 'transcription'],
  load: async () => {
    const { createOpenAI } = await import('@ai-sdk/openai')
    return (settings, options) => {
      const organization = textOf(options, 'organization')
      const project = textOf(options, 'project')
      const provider = createOpenAI({ ...settings, ...(organization && { organization }), ...(project && { project }) })
      return {
        language: (model) => provider.responses(model),
        embedding: (model) => provider.embeddingModel(model),
        speech: (model) => provider.speech(model),
        transcription: (model) => provider.transcription(model),
      }
    }
  },
  defaultBaseUrl: always('https://api.openai.com/v1'),
  env: { apiKey: ['OPENAI_API_KEY'] },
  toOptions: (request) => ({ openai: responsesOptions(request) }),
  toDimensions: (dimensions) => ({ openai: { dimensions } }),
}

const azure: SdkWire = {
  api: 'azure-openai-responses',
  aliases: ['azure', 'azure-openai'],
  can: ['embedding', 'transcription'],
  load: async () => {
    const { createAzure } = await import('@ai-sdk/azure')
    return (settings, options) => {
      const apiVersion = textOf(options, 'apiVersion')
      const useDeploymentBasedUrls = options['useDeploymentBasedUrls'] === true
      const provider = createAzure({ ...settings, ...(apiVersion && { apiVersion }), useDeploymentBasedUrls })
      return {
        language: (model) => provider.responses(model),
        embedding: (model) => provider.embeddingModel(model),
        transcription: (model) => provider.transcription(model),
      }
    }
  },
  defaultBaseUrl: (options) => {
    const name = textOf(options, 'resourceName')
    return name && /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/i.test(name) ? `https://${name}.openai.azure.com/openai` : null
  },
  env: { apiKey: ['AZURE_OPENAI_API_KEY', 'AZURE_API_KEY'], resourceName: ['AZURE_OPENAI_RESOURCE_NAME', 'AZURE_RESOURCE_NAME'] },
  toOptions: (request) => ({ azure: responsesOptions(request), openai: responsesOptions(request) }),
  toDimensions: (dimensions) => ({ openai: { dimensions } }),
}

const bedrock: SdkWire = {
  api: 'bedrock-converse-stream',
  aliases: ['bedrock', 'amazon-bedrock'],
  can: ['embedding'],
  load: async () => {
    const { createAmazonBedrock } = await import('@ai-sdk/amazon-bedrock')
    return (settings, options) => {
      const keys = ['accessKeyId', 'secretAccessKey', 'sessionToken'] as const
      const credentials = Object.fromEntries(keys.map((name) => [name, textOf(options, name) ?? '']))
      const provider = createAmazonBedrock({ ...settings, ...credentials, region: textOf(options, 'region') ?? 'us-east-1' })
      return { language: (model) => provider.languageModel(model), embedding: (model) => provider.embeddingModel(model) }
    }
  },
  defaultBaseUrl: (options) => {
    const region = textOf(options, 'region')
    return region && /^[a-z0-9-]{1,40}$/.test(region) ? `https://bedrock-runtime.${region}.amazonaws.com` : null
  },
  env: {
    apiKey: ['AWS_BEARER_TOKEN_BEDROCK'],
    region: ['AWS_REGION', 'AWS_DEFAULT_REGION'],
    accessKeyId: ['AWS_ACCESS_KEY_ID'],
    secretAccessKey: ['AWS_SECRET_ACCESS_KEY'],
    sessionToken: ['AWS_SESSION_TOKEN'],
  },
  toCacheMark: (model) => (/anthropic\.claude|amazon\.nova/.test(model) ? { bedrock: { cachePoint: { type: 'default' } } } : null),
  mayThink: (request) => claudeMayThink('bedrock-converse-stream', request),
  toCallId: (id) => id.replace(/[^\w-]/g, '_').slice(0, 64),
  toDimensions: (dimensions) => ({ bedrock: { dimensions } }),
}

const mistral: SdkWire = {
  api: 'mistral-conversations',
  aliases: ['mistral'],
  can: ['embedding', 'speech', 'transcription'],
  load: async () => {
    const { createMistral } = await import('@ai-sdk/mistral')
    return (settings) => {
      const provider = createMistral(settings)
      return {
        language: (model) => provider.languageModel(model),
        embedding: (model) => provider.embeddingModel(model),
        speech: (model) => provider.speech(model),
        transcription: (model) => provider.transcription(model),
      }
    }
  },
  defaultBaseUrl: always('https://api.mistral.ai/v1'),
  toBaseUrl: withVersion('v1'),
  env: { apiKey: ['MISTRAL_API_KEY'] },
  toOptions: (request) => ({ mistral: { ...(oneAtATime(request) && { parallelToolCalls: false }) } }),
  fetchesImages: true,
  textResults: true,
  toCallId: toNineLetters,
  toDimensions: (outputDimension) => ({ mistral: { outputDimension } }),
}

const xai: SdkWire = {
  api: 'xai-responses',
  aliases: ['xai'],
  load: async () => {
    const { createXai } = await import('@ai-sdk/xai')
    return (settings) => {
      const provider = createXai(settings)
      return { language: (model) => provider.languageModel(model) }
    }
  },
  defaultBaseUrl: always('https://api.x.ai/v1'),
  env: { apiKey: ['XAI_API_KEY'] },
  toOptions: () => ({ xai: { store: false } }),
}

export const SDK_WIRES: readonly SdkWire[] = [anthropic, google, openai, azure, bedrock, mistral, xai]
export const sdkProviders = (): readonly ModelProvider[] => SDK_WIRES.map(aiSdk)

const thinks = (effort: string | undefined): boolean => effort !== undefined && effort !== 'off' && effort !== 'none'

/** Claude refuses to think when a tool is forced on it, and when it called tools in this turn without its thoughts being there. */
function claudeMayThink(api: string, { messages, settings: { toolChoice } }: ModelRequest): boolean {
  if (toolChoice === 'required' || (typeof toolChoice === 'object' && toolChoice !== null)) return false
  const turn = messages.slice(messages.findLastIndex(({ role }) => role === 'user') + 1)
  const first = turn.find((message) => message.role === 'assistant' && message.toolCalls.length > 0)
  return first?.role !== 'assistant' || first.toolCalls.some((call) => (readContext(api, call)?.reasoning.length ?? 0) > 0)
}

/** Nothing is kept at the vendor's: the gateway has the transcript. Thoughts come back with the calls that they led to. */
const responsesOptions = (request: ModelRequest) => ({
  store: false,
  ...(oneAtATime(request) && { parallelToolCalls: false }),
  ...(thinks(request.settings.reasoningEffort) && { reasoningSummary: 'auto' }),
})

/** Mistral takes ids of nine letters and digits only: others get one that follows from them. */
function toNineLetters(id: string): string {
  if (/^[a-zA-Z0-9]{9}$/.test(id)) return id
  let one = 0x811c9dc5
  let other = 0x01000193
  for (const letter of id) {
    one = Math.imul(one ^ letter.codePointAt(0)!, 0x01000193) >>> 0
    other = Math.imul(other ^ letter.codePointAt(0)!, 0x85ebca6b) >>> 0
  }
  return (one.toString(36).padStart(7, '0') + other.toString(36).padStart(7, '0')).slice(2, 11)
}

// Providers that need no configuration but a key in the environment, and servers that people run on their own machine.
// All of them speak the OpenAI wire.

export interface KnownProvider {
  readonly id: string
  /** The variable that holds the key. */
  readonly env: string
  readonly baseUrl: string
  /** The model that is used when none is named. */
  readonly model: string
}

/** In the order in which they are looked for. */
export const KNOWN_PROVIDERS: readonly KnownProvider[] = [
  { id: 'openai', env: 'OPENAI_API_KEY', baseUrl: 'https://api.openai.com/v1', model: 'gpt-5.5' },
  { id: 'openrouter', env: 'OPENROUTER_API_KEY', baseUrl: 'https://openrouter.ai/api/v1', model: 'openrouter/auto' },
  { id: 'groq', env: 'GROQ_API_KEY', baseUrl: 'https://api.groq.com/openai/v1', model: 'openai/gpt-oss-120b' },
  { id: 'mistral', env: 'MISTRAL_API_KEY', baseUrl: 'https://api.mistral.ai/v1', model: 'mistral-large-latest' },
  { id: 'deepseek', env: 'DEEPSEEK_API_KEY', baseUrl: 'https://api.deepseek.com/v1', model: 'deepseek-chat' },
  { id: 'xai', env: 'XAI_API_KEY', baseUrl: 'https://api.x.ai/v1', model: 'grok-4.5' },
]

/** Keys of providers that have a wire of their own, which this version does not speak yet. */
export const KEYS_NOT_SPOKEN: readonly string[] = ['ANTHROPIC_API_KEY', 'GEMINI_API_KEY', 'GOOGLE_API_KEY']

export interface LocalServer {
  readonly id: string
  readonly baseUrl: string
  /** Lists the models that are there. */
  readonly listUrl: string
}

export const LOCAL_SERVERS: readonly LocalServer[] = [
  { id: 'ollama', baseUrl: 'http://127.0.0.1:11434/v1', listUrl: 'http://127.0.0.1:11434/api/tags' },
  { id: 'lmstudio', baseUrl: 'http://127.0.0.1:1234/v1', listUrl: 'http://127.0.0.1:1234/v1/models' },
  { id: 'llamacpp', baseUrl: 'http://127.0.0.1:8080/v1', listUrl: 'http://127.0.0.1:8080/v1/models' },
  { id: 'vllm', baseUrl: 'http://127.0.0.1:8000/v1', listUrl: 'http://127.0.0.1:8000/v1/models' },
]

/** The ids in the answer of a list of models: Ollama's `models[].name` or OpenAI's `data[].id`. */
export function modelIdsIn(answer: unknown): string[] {
  if (typeof answer !== 'object' || answer === null) return []
  const { models, data } = answer as { models?: unknown; data?: unknown }
  const rows = Array.isArray(models) ? models : Array.isArray(data) ? data : []
  return rows.flatMap((row: { name?: unknown; id?: unknown } | null) => {
    const id = row?.name ?? row?.id
    return typeof id === 'string' && id !== '' ? [id] : []
  })
}

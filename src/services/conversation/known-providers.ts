// Providers that need no configuration but a key in the environment, and servers that people run on their own machine.
// They speak the OpenAI wire where nothing else is said.

export interface KnownProvider {
  readonly id: string
  /** The variable that holds the key. */
  readonly env: string
  /** Other names of it. */
  readonly alsoEnv?: readonly string[]
  /** The wire; absent: OpenAI's. */
  readonly api?: string
  readonly baseUrl: string
  /** The model that is used when none is named. */
  readonly model: string
}

export const OPENAI_WIRE = 'openai-completions'

/** In the order in which they are looked for. */
export const KNOWN_PROVIDERS: readonly KnownProvider[] = [
  { id: 'openai', env: 'OPENAI_API_KEY', baseUrl: 'https://api.openai.com/v1', model: 'gpt-5.5' },
  { id: 'anthropic', env: 'ANTHROPIC_API_KEY', api: 'anthropic-messages', baseUrl: 'https://api.anthropic.com/v1', model: 'claude-sonnet-5-5' },
  {
    id: 'google',
    env: 'GEMINI_API_KEY',
    alsoEnv: ['GOOGLE_API_KEY', 'GOOGLE_GENERATIVE_AI_API_KEY'],
    api: 'google-generative-ai',
    baseUrl: 'https://generativelanguage.googleapis.com/v1beta',
    model: 'gemini-flash-latest',
  },
  { id: 'openrouter', env: 'OPENROUTER_API_KEY', baseUrl: 'https://openrouter.ai/api/v1', model: 'openrouter/auto' },
  { id: 'groq', env: 'GROQ_API_KEY', baseUrl: 'https://api.groq.com/openai/v1', model: 'openai/gpt-oss-120b' },
  { id: 'mistral', env: 'MISTRAL_API_KEY', baseUrl: 'https://api.mistral.ai/v1', model: 'mistral-large-latest' },
  { id: 'deepseek', env: 'DEEPSEEK_API_KEY', baseUrl: 'https://api.deepseek.com/v1', model: 'deepseek-chat' },
  { id: 'xai', env: 'XAI_API_KEY', baseUrl: 'https://api.x.ai/v1', model: 'grok-4.5' },
]

/** The key of a provider in the environment. */
export const keyIn = (env: Readonly<Record<string, string | undefined>>, { env: name, alsoEnv = [] }: KnownProvider): string | undefined =>
  [name, ...alsoEnv].map((each) => env[each]).find(Boolean)

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

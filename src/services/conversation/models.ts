// Which model answers: what is configured, else a key in the environment, else a server on this machine, else the
// built-in one. Makes Model values through the providers that it was given; calls none.

import { abortable } from '../../kit/async.ts'
import type { Logger } from '../../kit/log.ts'
import { parseJson } from '../../kit/json.ts'
import { invalid } from '../../protocol/errors.ts'
import type { Clock } from '../../ports/clock.ts'
import type { EmbeddingModel, ImageModel, Model, ModelProvider, SpeechModel, TranscriptionModel } from '../../ports/model.ts'
import type { Fetch } from '../../ports/platform.ts'
import type { ConfigService } from '../operations/config.ts'
import { keyIn, KNOWN_PROVIDERS, LOCAL_SERVERS, modelIdsIn, type LocalServer } from './known-providers.ts'
import { createCooldowns } from './model-cooldown.ts'
import { createSources, unknownModel } from './model-sources.ts'

export interface ModelChoice {
  readonly provider: string
  readonly model: string
  readonly contextWindow?: number
  /** Whether it can be told how hard to think. */
  readonly reasoning?: boolean
}

export interface ModelInfo extends ModelChoice {
  readonly name: string
  readonly reasoning: boolean
  readonly available: boolean
  readonly isDefault: boolean
}

export interface Models {
  /** Looks for servers on this machine if nothing else would answer; logs what was chosen. */
  begin(): void
  /** What the next turn would use, as far as it is known now. `override` is `provider/model`. */
  choiceFor(agentId: string, override?: string): ModelChoice
  /** The models to try in order: the chosen one, then its fallbacks unless it is wanted alone. Throws when a name means nothing. */
  candidates(agentId: string, override?: string, wanted?: { readonly alone?: boolean; readonly signal?: AbortSignal }): Promise<readonly Model[]>
  /** Checks that a name means a model. Throws what to do when it does not. */
  assertKnown(id: string): void
  /** Checks that the model that would answer can think at this level. */
  assertThinking(agentId: string, override: string | null | undefined, level: string): void
  /** What is not language, of a provider that has it: `provider/model`. Throws what to do when there is none. */
  embedding(id: string): EmbeddingModel
  speech(id: string): SpeechModel
  transcription(id: string): TranscriptionModel
  image(id: string): ImageModel
  list(): Promise<ModelInfo[]>
  /** Whether something better than the built-in model answers. */
  readonly configured: boolean
}

type Env = Readonly<Record<string, string | undefined>>

export const THINKING_LEVELS: readonly string[] = ['off', 'minimal', 'low', 'medium', 'high']

const DISCOVERY_MS = 300

export function createModels(deps: {
  config: ConfigService
  env: Env
  providers: readonly ModelProvider[]
  builtin: Model
  fetch: Fetch
  clock: Clock
  log: Logger
  /** Whether servers on loopback can be asked. */
  loopback: boolean
}): Models {
  const { config, env, builtin, log } = deps
  const reach = createSources({ config, env, wires: deps.providers, loopback: deps.loopback })
  const cooldowns = createCooldowns(deps.clock)
  const made = new Map<string, Model>()
  let local: { server: LocalServer; models: readonly string[] } | null = null
  /** null: nobody is being looked for. */
  let discovery: Promise<void> | null = null

  const builtinChoice: ModelChoice = { provider: builtin.provider, model: builtin.model }

  function primaryOf(agentId: string): { primary: string | null; fallbacks: readonly string[] } {
    const own = config.agents().find((agent) => agent.id === agentId)?.model
    const choice = own ?? config.current.agents?.defaults?.model
    if (typeof choice === 'string') return { primary: choice, fallbacks: [] }
    return { primary: choice?.primary ?? null, fallbacks: choice?.fallbacks ?? [] }
  }

  function unconfigured(): ModelChoice {
    const named = Object.entries(config.providers()).find(([, provider]) => provider.models?.[0])
    if (named) return { provider: named[0], model: named[1].models![0]!.id }
    const known = KNOWN_PROVIDERS.find((each) => keyIn(env, each))
    if (known) return { provider: known.id, model: known.model }
    if (local?.models[0] !== undefined) return { provider: local.server.id, model: local.models[0] }
    return builtinChoice
  }

  function withWindow(choice: ModelChoice): ModelChoice {
    const entry = config.providers()[choice.provider]?.models?.find((model) => model.id === choice.model)
    if (!entry) return choice
    const { contextWindow, reasoning = false } = entry
    return { ...choice, reasoning, ...(contextWindow !== undefined && { contextWindow }) }
  }

  function choiceFor(agentId: string, override?: string): ModelChoice {
    const named = override ?? primaryOf(agentId).primary
    return withWindow((named === null ? null : split(named)) ?? unconfigured())
  }

  function make({ provider, model }: ModelChoice): Model {
    if (provider === builtin.provider) return builtin
    const id = `${provider}/${model}`
    const known = made.get(id)
    if (known) return known
    const { wire, spec } = reach(provider, model)
    const account = JSON.stringify([spec.apiKey, spec.options?.['accessKeyId'] ?? null])
    const value = cooldowns.watch(wire.model(spec, deps), account)
    if (made.size >= 1000) made.clear() // model names come from clients too
    made.set(id, value)
    return value
  }

  function special<K extends 'embedding' | 'speech' | 'transcription' | 'image'>(kind: K, id: string): ReturnType<NonNullable<ModelProvider[K]>> {
    const choice = split(id)
    if (!choice) throw unknownModel(id)
    if (choice.provider === builtin.provider) throw invalid(`the built-in model has no ${kind}: name "provider/model" of a configured provider`, { param: 'model' })
    const { wire, spec } = reach(choice.provider, choice.model)
    const made = wire[kind]?.(spec, deps)
    if (!made) throw invalid(`${choice.provider} has no ${kind} here: name a model of another provider`, { param: 'model' })
    return made as ReturnType<NonNullable<ModelProvider[K]>>
  }

  async function look(server: LocalServer): Promise<{ server: LocalServer; models: string[] } | null> {
    const aborter = new AbortController()
    const cancel = deps.clock.after(DISCOVERY_MS, () => aborter.abort(new Error('no answer')))
    try {
      const answer = await deps.fetch(server.listUrl, { method: 'GET', headers: {}, signal: aborter.signal })
      const body = answer.status === 200 ? parseJson(await answer.text()) : null
      const models = body?.ok ? modelIdsIn(body.value) : []
      return models.length > 0 ? { server, models } : null
    } catch {
      return null // nobody there
    } finally {
      cancel()
    }
  }

  async function discover() {
    const found = await Promise.all(LOCAL_SERVERS.map(look))
    local = found.find((each) => each !== null) ?? null
    discovery = null
    report()
  }

  function report() {
    const choice = choiceFor(config.defaultAgentId())
    if (choice.provider !== builtin.provider) return log.info(`model: ${choice.provider}/${choice.model}`)
    log.info(`model: ${builtin.id}, which is not a language model; set OPENAI_API_KEY or models.providers to add one`)
  }

  return {
    begin() {
      made.clear()
      const named = primaryOf(config.defaultAgentId()).primary !== null
      if (named || unconfigured() !== builtinChoice || !deps.loopback) return report()
      discovery = discover()
    },
    choiceFor,
    async candidates(agentId, override, { alone, signal } = {}) {
      if (discovery) await (signal ? abortable(discovery, signal) : discovery)
      const chosen = make(choiceFor(agentId, override))
      const fallbacks = alone ? [] : primaryOf(agentId).fallbacks
      return [chosen, ...fallbacks.map((id) => make(split(id) ?? choiceFor(agentId, id)))]
    },
    assertKnown(id) {
      const choice = split(id)
      if (!choice) throw unknownModel(id)
      make(choice)
    },
    assertThinking(agentId, override, level) {
      const { provider, model, reasoning } = choiceFor(agentId, override ?? undefined)
      const levels = reasoning ? THINKING_LEVELS : THINKING_LEVELS.slice(0, 1)
      if (levels.includes(level)) return
      throw invalid(`thinkingLevel "${level}" is not supported for ${provider}/${model} (use ${levels.join(', ')})`)
    },
    embedding: (id) => special('embedding', id),
    speech: (id) => special('speech', id),
    transcription: (id) => special('transcription', id),
    image: (id) => special('image', id),
    async list() {
      await discovery
      const chosen = choiceFor(config.defaultAgentId())
      const rows: ModelInfo[] = Object.entries(config.providers()).flatMap(([provider, { models }]) =>
        (models ?? []).map((model) => ({
          provider,
          model: model.id,
          name: model.name ?? model.id,
          reasoning: model.reasoning ?? false,
          available: true,
          isDefault: false,
          ...(model.contextWindow !== undefined && { contextWindow: model.contextWindow }),
        })),
      )
      const add = ({ provider, model }: ModelChoice, name = model) => {
        if (rows.some((row) => row.provider === provider && row.model === model)) return
        rows.push({ provider, model, name, reasoning: false, available: true, isDefault: false })
      }
      add(chosen)
      for (const known of KNOWN_PROVIDERS) if (keyIn(env, known)) add({ provider: known.id, model: known.model })
      for (const model of local?.models ?? []) add({ provider: local!.server.id, model })
      add(builtinChoice, 'Built-in operator (not a language model)')
      return rows.map((row) => ({ ...row, isDefault: row.provider === chosen.provider && row.model === chosen.model }))
    },
    get configured() {
      return choiceFor(config.defaultAgentId()).provider !== builtin.provider
    },
  }
}

function split(id: string): ModelChoice | null {
  const slash = id.indexOf('/')
  if (slash <= 0 || slash === id.length - 1) return null
  return { provider: id.slice(0, slash), model: id.slice(slash + 1) }
}

// How answers are spoken: what the configuration says, and what was chosen over it since.

import * as z from 'zod'
import type { Sql } from '../../ports/sql.ts'
import { createCollection } from '../../store/collection.ts'
import type { Commit } from '../../store/commit.ts'
import type { ConfigService } from '../operations/config.ts'

/** Absent: as configured. null: none, whatever is configured. */
const chosen = z.strictObject({ enabled: z.boolean().optional(), provider: z.string().optional(), persona: z.string().nullable().optional() })
type Chosen = z.output<typeof chosen>

export interface Persona {
  readonly id: string
  readonly label: string
  readonly description?: string
  readonly provider?: string
}

export interface SpeechSettings {
  /** What was chosen: another value after each choice. */
  readonly chosen: object
  readonly enabled: boolean
  /** null: whichever can speak. */
  readonly provider: string | null
  readonly persona: string | null
  personas(): readonly Persona[]
  /** What the active persona says of a provider, over what the provider says itself. */
  bindingOf(provider: string): Readonly<Record<string, unknown>>
  /** Where they are kept, for people. */
  readonly place: string
  readonly maxChars: number
  readonly timeoutMs: number
  choose(change: Chosen): void
}

const ONLY = 'only'
/** What the provider with the smallest limit takes. */
const DEFAULT_CHARS = 4096
const DEFAULT_TIMEOUT_MS = 30_000

export function createSpeechSettings({ sql, commit, config, place }: { sql: Sql; commit: Commit; config: ConfigService; place: string }): SpeechSettings {
  const kept = createCollection(sql, 'speech', chosen)
  /** This process is the only writer: what it read last stands there, unless something was taken back since. */
  let known: { readonly value: Chosen; readonly at: number } | null = null
  const own = (): Chosen => {
    if (known?.at !== commit.rollbacks) known = { value: kept.get(ONLY)?.value ?? {}, at: commit.rollbacks }
    return known.value
  }
  const configured = () => config.current.tts ?? {}
  const personas = () => configured().personas ?? {}

  /** One that is no longer configured is none. */
  function persona(): string | null {
    const { persona: name = configured().persona ?? null } = own()
    return name !== null && Object.hasOwn(personas(), name) ? name : null
  }

  const settings: SpeechSettings = {
    get chosen() {
      return own()
    },
    get enabled() {
      const { enabled, auto = 'off' } = configured()
      return own().enabled ?? enabled ?? auto !== 'off'
    },
    get provider() {
      const name = persona()
      return own().provider ?? (name === null ? undefined : personas()[name]!.provider) ?? configured().provider ?? null
    },
    get persona() {
      return persona()
    },
    personas: () =>
      Object.entries(personas()).map(([id, { label = id, description, provider }]) => ({
        id,
        label,
        ...(description !== undefined && { description }),
        ...(provider !== undefined && { provider }),
      })),
    bindingOf(provider) {
      const name = persona()
      const ofPersona = name === null ? undefined : personas()[name]!.providers?.[provider]
      return { ...configured().providers?.[provider], ...ofPersona }
    },
    place,
    get maxChars() {
      return configured().maxTextLength ?? DEFAULT_CHARS
    },
    get timeoutMs() {
      return configured().timeoutMs ?? DEFAULT_TIMEOUT_MS
    },
    choose: (change) =>
      commit.tx(() => {
        kept.put(ONLY, { ...own(), ...change })
        known = null
      }),
  }
  return settings
}

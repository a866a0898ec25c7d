// What the file of a skill says of it.

import * as z from 'zod'
import JSON5 from 'json5'
import { parseFrontMatter } from './front-matter.ts'

const MAX_NAME_CHARS = 64
const MAX_TEXT_CHARS = 1024
const MAX_WORDS = 64

export interface Needs {
  readonly bins: readonly string[]
  /** One of them is enough. */
  readonly anyBins: readonly string[]
  readonly env: readonly string[]
  /** Paths of the configuration. */
  readonly config: readonly string[]
  /** Systems that it runs on; none: all. */
  readonly os: readonly string[]
}

export interface SkillFile {
  readonly name: string
  readonly description: string
  /** Under which name it stands in the configuration. */
  readonly skillKey: string
  readonly emoji?: string
  readonly homepage?: string
  readonly primaryEnv?: string
  readonly always: boolean
  readonly userInvocable: boolean
  readonly modelInvocable: boolean
  readonly needs: Needs
  readonly install: readonly { readonly id: string; readonly kind: string; readonly label: string; readonly bins: readonly string[] }[]
}

const word = z.string().min(1).max(MAX_TEXT_CHARS)
const words = z.union([z.array(word).max(MAX_WORDS), word.transform((one) => [one])]).catch([])
const optionalText = word.optional().catch(undefined)

const step = z.looseObject({ id: optionalText, kind: word, label: optionalText, bins: words.default([]) })

const own = z.looseObject({
  emoji: optionalText,
  homepage: optionalText,
  skillKey: optionalText,
  primaryEnv: optionalText,
  always: z.boolean().catch(false),
  os: words.default([]),
  requires: z
    .looseObject({ bins: words.default([]), anyBins: words.default([]), env: words.default([]), config: words.default([]) })
    .catch({ bins: [], anyBins: [], env: [], config: [] }),
  install: z.array(step).max(MAX_WORDS).catch([]),
})

/** null: it is no skill. `folder`: its name, where the file does not say one. */
export function parseSkillFile(text: string, folder: string): SkillFile | null {
  const head = parseFrontMatter(text)
  if (!head) return null
  const { fields } = head
  const description = textIn(fields['description'])
  if (description === null) return null
  const name = (textIn(fields['name']) ?? folder).slice(0, MAX_NAME_CHARS)
  const { emoji, homepage = textIn(fields['homepage']) ?? undefined, skillKey = name, primaryEnv, always, os, requires, install } = own.parse(ownFields(fields))
  return {
    name,
    description: description.slice(0, MAX_TEXT_CHARS),
    skillKey,
    ...(emoji !== undefined && { emoji }),
    ...(homepage !== undefined && { homepage }),
    ...(primaryEnv !== undefined && { primaryEnv }),
    always,
    userInvocable: fields['user-invocable'] !== false,
    modelInvocable: fields['disable-model-invocation'] !== true,
    needs: { ...requires, os },
    install: install.map(({ id, kind, label, bins }) => ({ id: id ?? kind, kind, label: label ?? `Install with ${kind}`, bins })),
  }
}

const textIn = (value: unknown): string | null => (typeof value === 'string' && value.trim() !== '' ? value.trim() : null)

/** The part of the metadata that is meant for gateways like this one. */
function ownFields(fields: Readonly<Record<string, unknown>>): unknown {
  const given = fields['metadata']
  const metadata = typeof given === 'string' ? parseLoosely(given) : given
  const found = typeof metadata === 'object' && metadata !== null ? (metadata as Record<string, unknown>)['openclaw'] : null
  return typeof found === 'object' && found !== null ? found : {}
}

function parseLoosely(text: string): unknown {
  try {
    return JSON5.parse(text)
  } catch {
    return null
  }
}

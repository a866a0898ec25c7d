// All mappings that there are: of the configuration, the presets that it names, and what plugins add.

import { invalid } from '../../protocol/errors.ts'
import { describeIssues } from '../../protocol/issues.ts'
import { presetsOf } from './hook-presets.ts'
import { hookMapping, type HookMapping, type HooksConfig } from './hook-settings.ts'

export interface HookRegistry {
  /** In the order in which they are looked at. */
  list(): readonly HookMapping[]
  /** Adds one, behind those of the configuration. Returns how to take it away. Throws for one that is none, or is there already. */
  add(mapping: HookMapping): () => void
}

const MAX_ADDED = 200

export function createHookRegistry(configured: () => HooksConfig | undefined): HookRegistry {
  const added = new Map<string, HookMapping>()
  return {
    list() {
      const hooks = configured() ?? {}
      return [...(hooks.mappings ?? []), ...presetsOf(hooks), ...added.values()]
    },
    add(given) {
      const parsed = hookMapping.safeParse(given, { reportInput: true })
      if (!parsed.success) throw invalid(`invalid hook mapping: ${describeIssues(parsed.error.issues)}`)
      const { id } = parsed.data
      if (id === undefined) throw invalid('invalid hook mapping: it has no id')
      if (added.has(id)) throw invalid(`the hook mapping "${id}" is there already`)
      if (added.size >= MAX_ADDED) throw invalid(`there are ${MAX_ADDED} hook mappings already`)
      added.set(id, parsed.data)
      return () => void (added.get(id) === parsed.data && added.delete(id))
    },
  }
}

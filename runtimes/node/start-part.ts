// Everything that a start needs in one file: each file more is a third of a millisecond until the gateway is ready.

import type { Plugin } from 'rolldown'

/** What is loaded with `entry`, as opposed to what is imported when it is first needed. Give `group` to `codeSplitting`. */
export function startPart(entry: string): { readonly plugin: Plugin; readonly group: { name: string; test: (id: string) => boolean } } {
  const imports = new Map<string, readonly string[]>()
  let found: ReadonlySet<string> | null = null

  function reach(): ReadonlySet<string> {
    const reached = new Set([entry])
    for (const id of reached) for (const imported of imports.get(id) ?? []) reached.add(imported)
    return reached
  }

  return {
    plugin: {
      name: 'start-part',
      moduleParsed: ({ id, importedIds }) => void imports.set(id, importedIds),
    },
    group: { name: 'start', test: (id) => (found ??= reach()).has(id) },
  }
}

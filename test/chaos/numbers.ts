// What a script is told on its command line.

import { parseArgs } from 'node:util'

/** Numbers by name (`--jobs 200`), and what each is when nothing is said of it. */
export function readNumbers<K extends string>(defaults: Readonly<Record<K, number>>): Record<K, number> {
  const names = Object.keys(defaults) as K[]
  const options = Object.fromEntries(names.map((name) => [name, { type: 'string' as const }]))
  const values = parseArgs({ options }).values as Partial<Record<K, string>>
  return Object.fromEntries(names.map((name) => [name, Number(values[name] ?? defaults[name])])) as Record<K, number>
}

// What this gateway is made of, shown as plugins are: the wires and voices that are built in. They cannot be taken out,
// and others cannot be put in yet.

import type { Host } from '../../ports/host.ts'
import type { Model, ModelProvider } from '../../ports/model.ts'

export interface BuiltinPart {
  readonly id: string
  readonly name: string
  readonly description: string
  readonly kind: 'provider' | 'speech'
  /** The providers that it brings. */
  readonly providers: readonly string[]
}

export interface BuiltinParts {
  readonly version: string
  list(): readonly BuiltinPart[]
  find(id: string): BuiltinPart | null
}

export function createBuiltinParts(deps: { version: string; providers: readonly ModelProvider[]; builtin: Model; host: Host }): BuiltinParts {
  const { version, providers, builtin, host } = deps
  const parts: readonly BuiltinPart[] = [
    ...providers.map(({ api }) => ({ id: api, name: api, description: `Models behind the wire "${api}".`, kind: 'provider' as const, providers: [api] })),
    {
      id: `${builtin.provider}-${builtin.model}`,
      name: 'Built-in operator',
      description: 'Answers without a language model: what the gateway knows of itself.',
      kind: 'provider',
      providers: [builtin.provider],
    },
    ...(host.speech ? [{ id: 'local-speech', name: host.speech.program, description: 'Speech by a program of this machine.', kind: 'speech' as const, providers: ['espeak'] }] : []),
  ]
  return { version, list: () => parts, find: (id) => parts.find((part) => part.id === id) ?? null }
}

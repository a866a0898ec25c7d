// All mappings.

import { expect, it } from 'vitest'
import { createHookRegistry } from '../../../src/services/automation/hook-registry.ts'
import type { HookMapping, HooksConfig } from '../../../src/services/automation/hook-settings.ts'

it('are those of the configuration as it is now, its presets, and those that were added', () => {
  let configured: HooksConfig | undefined = { mappings: [{ id: 'own' }], presets: ['gmail'] }
  const registry = createHookRegistry(() => configured)
  const remove = registry.add({ id: 'plugin', action: 'wake' })
  expect(registry.list().map(({ id }) => id)).toEqual(['own', 'gmail', 'plugin'])
  configured = undefined
  expect(registry.list().map(({ id }) => id)).toEqual(['plugin'])
  remove()
  remove()
  expect(registry.list()).toEqual([])
})

it('are not added twice, nor without a name, nor as something else, nor without an end', () => {
  const registry = createHookRegistry(() => undefined)
  const first = registry.add({ id: 'a' })
  expect(() => registry.add({ id: 'a' })).toThrow('the hook mapping "a" is there already')
  expect(() => registry.add({})).toThrow('it has no id')
  expect(() => registry.add({ id: 'b', action: 'run' } as unknown as HookMapping)).toThrow('invalid hook mapping: at /action')
  first()
  const again = registry.add({ id: 'a' })
  first()
  expect(registry.list()).toHaveLength(1)
  again()
  for (let n = 0; n < 200; n++) registry.add({ id: `n${n}` })
  expect(() => registry.add({ id: 'more' })).toThrow('there are 200 hook mappings already')
})

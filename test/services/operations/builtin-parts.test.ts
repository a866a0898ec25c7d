// What a gateway is made of.

import { expect, it } from 'vitest'
import type { Host } from '../../../src/index.ts'
import { createBuiltinModel } from '../../../src/models/builtin.ts'
import { openaiCompatible } from '../../../src/models/openai-compatible.ts'
import { createBuiltinParts } from '../../../src/services/operations/builtin-parts.ts'
import { fakeClock } from '../../harness/clock.ts'

const make = (host: Host = {}) => createBuiltinParts({ version: '1.2.3', providers: [openaiCompatible], builtin: createBuiltinModel(fakeClock()), host })

it('are the wires and the operator', () => {
  expect(make().list()).toMatchObject([
    { id: 'openai-completions', kind: 'provider', providers: ['openai-completions'] },
    { id: 'builtin-operator', kind: 'provider', providers: ['builtin'] },
  ])
  expect(make().version).toBe('1.2.3')
})

it('are speech, too, where the machine has it', () => {
  const speech = { program: 'speaker', voices: async () => [], speak: async () => new Uint8Array() }
  expect(make({ speech }).find('local-speech')).toMatchObject({ name: 'speaker', kind: 'speech' })
  expect(make().find('local-speech')).toBeNull()
})

// Mappings that come with a name.

import { expect, it } from 'vitest'
import { findMapping, render } from '../../../src/services/automation/hook-mapping.ts'
import { presetsOf } from '../../../src/services/automation/hook-presets.ts'
import { hookMapping } from '../../../src/services/automation/hook-settings.ts'

it('are there for those who name them', () => {
  const [github, gmail] = presetsOf({ presets: ['github', 'gmail'], github: { secret: 's' } })
  expect(github).toMatchObject({ id: 'github', verify: { header: 'x-hub-signature-256', secret: 's', prefix: 'sha256=' }, deliveryHeader: 'x-github-delivery' })
  expect(gmail).toMatchObject({ id: 'gmail', action: 'agent', forEach: 'messages' })
  expect(presetsOf({})).toEqual([])
})

it('are what a configuration could say', () => {
  const all = [...presetsOf({ presets: ['github', 'gmail'] }), ...presetsOf({ presets: ['gmail'], gmail: { audience: 'a', serviceAccount: 'b' } })]
  for (const preset of all) expect(hookMapping.safeParse(preset).success || preset.verify?.secret === '').toBe(true)
})

it('tell of mail that Google pushes, once', () => {
  const [gmail] = presetsOf({ presets: ['gmail'], gmail: { audience: 'a', serviceAccount: 'b' } })
  const call = { path: 'gmail', headers: {}, query: {}, body: { message: { messageId: '7', data: 'e30=' } }, receivedAt: 1 }
  expect(findMapping([gmail!], call)).toBe(gmail)
  expect(gmail).toMatchObject({ action: 'wake', deliveryPath: 'message.messageId' })
  expect(render(gmail!.textTemplate!, call)).toBe('Gmail tells of new mail (message 7): e30=')
})

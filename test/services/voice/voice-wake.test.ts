// The words that wake voice clients.

import { expect, it } from 'vitest'
import type { Connection } from '../../../src/services/identity/connections.ts'
import { createVoiceWake } from '../../../src/services/voice/voice-wake.ts'
import { settled } from '../../harness/clock.ts'
import { foundation, holdDisk } from '../../harness/foundation.ts'

function make(base = foundation(), connected: readonly string[] = []) {
  const joins: ((nodeId: string, connection: Connection) => void)[] = []
  const nodes = { onJoin: (listener: (typeof joins)[number]) => void joins.push(listener), connections: () => connected.map((id) => ({ id }) as Connection) }
  return { ...base, wake: createVoiceWake({ ...base, nodes }), join: (id: string) => joins.forEach((listener) => listener('n', { id } as Connection)) }
}

it('has the usual words until others are set, and keeps those', () => {
  const { wake, sql } = make()
  expect(wake.triggers()).toEqual(['openclaw', 'claude', 'computer'])
  expect(wake.setTriggers([' hey ', '', 'hey', 'you'])).toEqual(['hey', 'you'])
  expect(make(foundation(sql)).wake.triggers()).toEqual(['hey', 'you'])
  expect(wake.setTriggers([' '])).toEqual(['openclaw', 'claude', 'computer'])
})

it('bounds them, and cuts no character in two', () => {
  const { wake } = make()
  const words = wake.setTriggers(Array.from({ length: 40 }, (_, n) => `${n}${'🦀'.repeat(40)}`))
  expect(words).toHaveLength(32)
  expect(words.every((word) => word.length <= 64 && word.isWellFormed())).toBe(true)
})

it('tells operators and the nodes that are there, once it is kept', async () => {
  const { wake, heard, sql } = make(foundation(), ['c1'])
  const disk = holdDisk(sql)
  wake.setTriggers(['hey'])
  await settled()
  expect(heard).toEqual([])
  await disk.release()
  expect(heard.map(({ event, audience }) => [event, audience])).toEqual([
    ['voicewake.changed', {}],
    ['voicewake.changed', { connection: 'c1' }],
  ])
})

it('tells a node that joins', async () => {
  const { join, heard } = make()
  join('c2')
  await settled()
  expect(heard).toEqual([
    { event: 'voicewake.changed', payload: { triggers: ['openclaw', 'claude', 'computer'] }, audience: { connection: 'c2' } },
    { event: 'voicewake.routing.changed', payload: { config: { version: 1, defaultTarget: { mode: 'current' }, routes: [], updatedAtMs: 0 } }, audience: { connection: 'c2' } },
  ])
})

// What a start needs, in one file.

import { expect, it } from 'vitest'
import { startPart } from '../../runtimes/node/start-part.ts'

it('is what the entry imports at once, also in a circle, and nothing that is imported later', () => {
  const { plugin, group } = startPart('/main.ts')
  const parsed = plugin.moduleParsed as (module: { id: string; importedIds: string[]; dynamicallyImportedIds: string[] }) => void
  parsed({ id: '/main.ts', importedIds: ['/a.ts'], dynamicallyImportedIds: ['/later.ts'] })
  parsed({ id: '/a.ts', importedIds: ['/b.ts'], dynamicallyImportedIds: [] })
  parsed({ id: '/b.ts', importedIds: ['/a.ts'], dynamicallyImportedIds: [] })
  parsed({ id: '/later.ts', importedIds: ['/b.ts', '/c.ts'], dynamicallyImportedIds: [] })
  expect(['/main.ts', '/a.ts', '/b.ts', '/later.ts', '/c.ts'].filter(group.test)).toEqual(['/main.ts', '/a.ts', '/b.ts'])
})

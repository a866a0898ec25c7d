// Showing a file to a person.

import { expect, it } from 'vitest'
import { createDesktop } from '../../../src/services/operations/desktop.ts'

it('says why it was not shown', async () => {
  const shown: string[] = []
  const works = createDesktop({ openFile: async (path) => void shown.push(path) })
  const fails = createDesktop({ openFile: () => Promise.reject(new Error('xdg-open is missing')) })
  expect([await works.open('/a'), await fails.open('/a'), await createDesktop({}).open('/a')]).toEqual([
    null,
    '/a could not be opened: xdg-open is missing',
    'there is no desktop here',
  ])
  expect(shown).toEqual(['/a'])
})

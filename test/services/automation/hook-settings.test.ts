// What is wrong with the hooks of a configuration.

import { expect, it } from 'vitest'
import { hookPathOf, hooksSection, problemOf, type HooksConfig } from '../../../src/services/automation/hook-settings.ts'

const VERIFY = { header: 'x', secret: 's' }

it.each<[HooksConfig, string | null]>([
  [{}, null],
  [{ enabled: false, token: 'gateway' }, null],
  [{ enabled: true, token: 'own' }, null],
  [{ enabled: true, mappings: [{ id: 'a', verify: VERIFY }] }, null],
  [{ enabled: true }, 'without hooks.token'],
  [{ enabled: true, token: '  ' }, 'without hooks.token'],
  [{ enabled: true, mappings: [{ id: 'a' }] }, 'without hooks.token'],
  [{ enabled: true, token: 'gateway' }, 'is the secret of the gateway'],
  [{ enabled: true, token: 'own', mappings: [{ id: 'a', transform: { module: 'x.js' } }] }, 'is code, which is not run here'],
  [{ enabled: true, presets: ['github'] }, 'without hooks.github.secret'],
  [{ enabled: true, presets: ['github'], github: { secret: 's' } }, null],
  [{ enabled: true, presets: ['gmail'], gmail: { audience: 'a' } }, 'only one of audience and serviceAccount'],
  [{ enabled: true, presets: ['gmail'] }, 'without hooks.token'],
  [{ enabled: true, token: 'own', presets: ['gmail'] }, null],
  [{ enabled: true, presets: ['gmail'], gmail: { audience: 'a', serviceAccount: 'b' } }, null],
])('%j: %s', (hooks, problem) => {
  const found = problemOf(hooks, ['gateway', undefined])
  if (problem === null) expect(found).toBeNull()
  else expect(found).toContain(problem)
})

it('has no path that is another one', () => {
  for (const path of ['/hooks', '/a/b-c', 'hooks', '/hooks/']) expect(hooksSection.safeParse({ path }).success).toBe(true)
  for (const path of ['', '/', '//', '/a//b', '/a/../b', '/a?x']) expect(hooksSection.safeParse({ path }).success).toBe(false)
})

it('has a path that begins with a slash, however it is written', () => {
  expect([{}, { path: 'in/here' }, { path: '/in/here/' }].map((hooks) => hookPathOf(hooks))).toEqual(['/hooks', '/in/here', '/in/here'])
})

it('has words of bounded number', () => {
  const withValues = (values: object) => hooksSection.safeParse({ mappings: [{ id: 'a', values }] }).success
  const many = (n: number, each: unknown) => Object.fromEntries(Array.from({ length: n }, (_, i) => [`k${i}`, each]))
  expect([withValues(many(50, { from: 'a' })), withValues(many(51, { from: 'a' }))]).toEqual([true, false])
  expect([withValues({ a: { from: 'a', map: many(200, 'x') } }), withValues({ a: { from: 'a', map: many(201, 'x') } }), withValues({ a: { code: '1' } })]).toEqual([true, false, false])
})

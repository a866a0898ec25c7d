// Paths in a workspace: the one form of those that are some, and a refusal of all others.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isWorkspaceName, nameOf, parentOf, toWorkspacePath } from '../../../src/services/conversation/workspace-path.ts'

it.each([
  ['', ''],
  ['.', ''],
  ['./', ''],
  ['a.md', 'a.md'],
  ['./notes//a b.md', 'notes/a b.md'],
  ['notes/', 'notes'],
  ['.git/config', '.git/config'],
  ['Übung/日本.md', 'Übung/日本.md'],
  ['a..b', 'a..b'],
])('%j is %j', (given, path) => {
  expect(toWorkspacePath(given)).toBe(path)
})

it.each([
  '..', '../a', 'a/..', 'a/../b', './..', '/a', '\\a', '~', '~/a', 'C:/a', 'c:a', 'a:b', 'a\\b', 'a\u0000', 'a\nb', 'a?b', 'a*', 'a|b', '<a', 'a"', ' a', 'a ', 'a$', 'a/ b',
  'x'.repeat(201), Array.from({ length: 40 }, () => 'a').join('/'), 'a/'.repeat(600),
])('%j is none', (given) => {
  expect(() => toWorkspacePath(given)).toThrow(/^path /)
}) // prettier-ignore

describe('whatever is given', () => {
  it('leads nowhere but below', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.array(fc.constantFrom('..', '.', 'a', '/', '\\', ':', '\u0000', '%2e', ' '), { maxLength: 12 }).map((parts) => parts.join('/'))), (given) => {
        let path: string
        try {
          path = toWorkspacePath(given)
        } catch {
          return
        }
        expect(path.startsWith('/')).toBe(false)
        expect(path.split('/')).not.toContain('..')
        expect(toWorkspacePath(path)).toBe(path)
        if (path !== '') expect(path.split('/').every(isWorkspaceName)).toBe(true)
      }),
    )
  })
})

it('has a name, and a place', () => {
  expect([nameOf('a/b.md'), nameOf('b.md'), parentOf('a/b/c'), parentOf('a'), parentOf('')]).toEqual(['b.md', 'b.md', 'a/b', '', null])
})

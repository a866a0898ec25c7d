// The house, executed: floors, no circles, no state of modules, no runtime in the core, a test for each source.

import { globSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { checkCore, checkMirror, checkRuntimes, type Source } from './architecture/rules.ts'

const ROOT = new URL('..', import.meta.url).pathname
const read = (pattern: string): Source[] => globSync(pattern, { cwd: ROOT }).toSorted().map((path) => ({ path, text: readFileSync(`${ROOT}${path}`, 'utf8') }))

describe('the house', () => {
  const core = read('src/**/*.ts')

  it('keeps the layer rule, and no state in modules', () => {
    expect(core.length).toBeGreaterThan(80)
    expect(checkCore(core)).toEqual([])
  })

  it('reaches the core from runtimes through its public API alone', () => {
    expect(checkRuntimes(read('runtimes/**/*.ts'))).toEqual([])
  })

  it('has a test for each source of services, rpc, socket and http', () => {
    const tests = new Set(globSync('test/**/*.test.ts', { cwd: ROOT }))
    expect(checkMirror(core, tests)).toEqual([])
  })

  it('gives the core no types of a runtime', () => {
    const { compilerOptions } = JSON.parse(readFileSync(`${ROOT}src/tsconfig.json`, 'utf8')) as { compilerOptions: Record<string, unknown> }
    expect(compilerOptions['types']).toEqual([])
    for (const option of ['strict', 'noUncheckedIndexedAccess', 'exactOptionalPropertyTypes', 'verbatimModuleSyntax', 'erasableSyntaxOnly']) expect(compilerOptions[option], option).toBe(true)
  })
})

describe('the rules find what is planted', () => {
  const planted = (path: string, code: string) => checkCore([{ path, text: `// A file.\n${code}` }])

  it.each([
    ['src/store/a.ts', "import { x } from '../services/bus.ts'", 'floor'],
    ['src/socket/a.ts', "import type { X } from '../http/app.ts'", 'only its own folder'],
    ['src/methods/a.ts', "const x = await import('../socket/link.ts')", 'only its own folder'],
    ['src/kit/a.ts', "import * as z from 'zod'", 'the package zod'],
    ['src/services/a.ts', "import { Hono } from 'hono'", 'the package hono'],
    ['src/services/a.ts', "import { readFile } from 'node:fs'", 'knows no runtime'],
    ['src/services/a.ts', "import { z } from 'zod'", 'import * as z'],
    ['src/services/a.ts', "import { y } from '../../runtimes/node/x.ts'", 'outside src/'],
    ['src/services/a.ts', 'let count = 0', 'variable at module level'],
    ['src/services/a.ts', 'const seen = new Map<string, number>()', 'container at module level'],
    ['src/services/a.ts', 'export const stop = new AbortController()', 'container at module level'],
    ['src/services/a.ts', 'const begunAt = Date.now()', 'time at module level'],
    ['src/services/a.ts', 'function f() {\n  setTimeout(f, 10)\n}', 'a timer of its own'],
    ['src/services/session-utils.ts', 'const a = 1', 'says nothing'],
  ])('%s: %s', (path, code, what) => {
    expect(planted(path, code).join('\n')).toContain(what)
  })

  it('finds circles, those of types too', () => {
    const found = checkCore([
      { path: 'src/services/a.ts', text: "// A.\nimport type { B } from './b.ts'" },
      { path: 'src/services/b.ts', text: "// B.\nimport { a } from './a.ts'" },
    ])
    expect(found).toEqual(['a circle: src/services/a.ts → src/services/b.ts → src/services/a.ts'])
  })

  it('finds runtimes that go round the public API, and sources without a test', () => {
    expect(checkRuntimes([{ path: 'runtimes/node/a.ts', text: "import { x } from '../../src/kit/json.ts'" }])).toHaveLength(1)
    expect(checkMirror([{ path: 'src/services/new.ts', text: 'export function createNew() {}' }], new Set())).toEqual(['test/services/new.test.ts is missing'])
    expect(checkMirror([{ path: 'src/services/types.ts', text: 'export interface Only {\n  readonly a: () => void\n}' }], new Set())).toEqual([])
  })
})

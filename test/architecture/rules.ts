// The rules of the house as a function from sources to what is wrong with them. See ARCHITECTURE.md.

export interface Source {
  /** Relative to the project: `src/kit/json.ts`. */
  readonly path: string
  readonly text: string
}

interface Floor {
  readonly folders: readonly string[]
  readonly packages: readonly string[]
}

/** From the ground up. A folder may import from itself and from the folders of lower floors. */
const FLOORS: readonly Floor[] = [
  { folders: ['kit'], packages: [] },
  { folders: ['protocol'], packages: ['zod'] },
  { folders: ['ports'], packages: ['zod', 'unstorage'] },
  { folders: ['store'], packages: ['zod'] },
  { folders: ['services'], packages: ['zod', 'jose', 'croner', 'json5', 'uqr', '@opentelemetry/api', '@pydantic/genai-prices', 'ipaddr.js', '@modelcontextprotocol/sdk'] },
  { folders: ['rpc'], packages: ['zod'] },
  { folders: ['methods', 'socket', 'http'], packages: ['zod', 'hono', '@hono/zod-validator', 'unpdf', '@modelcontextprotocol/sdk'] },
  { folders: ['plugins'], packages: ['zod', 'hono'] },
  {
    folders: ['channels', 'models'],
    packages: ['zod', 'eventsource-parser', ...['amazon-bedrock', 'anthropic', 'azure', 'google', 'mistral', 'openai', 'xai'].map((vendor) => `@ai-sdk/${vendor}`)],
  },
]

const floorOf = (folder: string): number => {
  const found = FLOORS.findIndex((floor) => floor.folders.includes(folder))
  return found === -1 ? FLOORS.length : found // the files of src/ itself stand on top
}

/** The folder of a source below src/; empty for the files of src/ itself. */
const folderOf = (path: string): string => (path.split('/').length > 2 ? path.split('/')[1]! : '')

const withoutComments = (text: string): string => text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '')

/** What a source imports or re-exports, types included. */
export function importsOf({ text }: Source): readonly string[] {
  const code = withoutComments(text)
  const found = [...code.matchAll(/^(?:import|export)\b[^'"]*?from\s+['"]([^'"]+)['"]/gm), ...code.matchAll(/\bimport\(\s*['"]([^'"]+)['"]\s*\)/g), ...code.matchAll(/^import\s+['"]([^'"]+)['"]/gm)]
  return found.map((match) => match[1]!)
}

function resolve(from: string, specifier: string): string {
  const parts = from.split('/').slice(0, -1)
  for (const part of specifier.split('/')) {
    if (part === '..') parts.pop()
    else if (part !== '.') parts.push(part)
  }
  return parts.join('/')
}

const packageOf = (specifier: string): string => specifier.split('/').slice(0, specifier.startsWith('@') ? 2 : 1).join('/')

function checkImport(source: Source, specifier: string): string | null {
  const { path } = source
  const folder = folderOf(path)
  const floor = floorOf(folder)
  if (!specifier.startsWith('.')) {
    if (specifier.startsWith('node:') || specifier.startsWith('bun:') || specifier.startsWith('cloudflare:')) return `${path} imports ${specifier}: src/ knows no runtime`
    const name = packageOf(specifier)
    const allowed = FLOORS[floor]?.packages ?? FLOORS.flatMap((each) => each.packages)
    return allowed.includes(name) ? null : `${path} imports the package ${name}, which floor ${floor} may not`
  }
  if (!specifier.endsWith('.ts')) return `${path} imports ${specifier} without its ending`
  const target = resolve(path, specifier)
  if (!target.startsWith('src/')) return `${path} imports ${target}, which is outside src/`
  const other = folderOf(target)
  if (other === folder || floorOf(other) < floor) return null
  return `${path} (floor ${floor}) imports ${target} (floor ${floorOf(other)}): only its own folder and the floors below`
}

/** Whatever lives longer than a gateway: two of them in one process must not touch. */
const STATE: readonly (readonly [pattern: RegExp, what: string])[] = [
  [/^(?:export )?(?:let|var)\s/m, 'a variable at module level'],
  [/^(?:export )?const \w+(?::[^=\n]+)? = (?:\/\*.*\*\/ )?new (?:Map|Set|WeakMap|WeakSet|AbortController|EventTarget|Array)\b/m, 'a container at module level'],
  [/^(?:export )?const \w+(?::[^=\n]+)? = (?:await |setTimeout|setInterval|setImmediate|Math\.random|crypto\.|Date\.now|performance\.)/m, 'a timer, randomness or time at module level'],
  [/^(?:setTimeout|setInterval|await )/m, 'work at module level'],
  [/\bMath\.random\(/m, 'Math.random: use kit/ids'],
  [/\bDate\.now\(|\bperformance\.now\(/m, 'a clock of its own: time comes from the platform'],
  [/\b(?:setTimeout|setInterval)\(/m, 'a timer of its own: time comes from the platform'],
]

const BAD_NAMES = /(^|[-/])(utils?|helpers?|managers?|misc|common)([-./]|$)/i

function checkSource(source: Source): string[] {
  const { path, text } = source
  const code = withoutComments(text)
  const found = importsOf(source).flatMap((specifier) => checkImport(source, specifier) ?? [])
  if (/import\s+(?:type\s+)?\{[^}]*\bz\b[^}]*\}\s+from\s+['"]zod['"]/.test(code)) found.push(`${path} imports { z } from zod, which ships all of it: import * as z`)
  for (const [pattern, what] of STATE) if (pattern.test(code)) found.push(`${path} has ${what}`)
  if (BAD_NAMES.test(path)) found.push(`${path} has a name that says nothing`)
  if (!text.startsWith('//')) found.push(`${path} does not say what it owns in its first line`)
  return found
}

/** Circles, as the paths that are on one. */
function circlesIn(sources: readonly Source[]): string[] {
  const edges = new Map(sources.map((source) => [source.path, importsOf(source).filter((each) => each.startsWith('.')).map((each) => resolve(source.path, each))]))
  const state = new Map<string, 'open' | 'done'>()
  const found: string[] = []
  function visit(path: string, trail: readonly string[]) {
    if (state.get(path) === 'done') return
    if (state.get(path) === 'open') return void found.push(`a circle: ${[...trail.slice(trail.indexOf(path)), path].join(' → ')}`)
    state.set(path, 'open')
    for (const next of edges.get(path) ?? []) visit(next, [...trail, path])
    state.set(path, 'done')
  }
  for (const path of edges.keys()) visit(path, [])
  return found
}

/** What is wrong with the sources of src/. */
export const checkCore = (sources: readonly Source[]): readonly string[] => [...sources.flatMap(checkSource), ...circlesIn(sources)]

/** Runtimes reach the core through src/index.ts alone. */
export const checkRuntimes = (sources: readonly Source[]): readonly string[] =>
  sources.flatMap((source) =>
    importsOf(source)
      .filter((specifier) => specifier.startsWith('.'))
      .map((specifier) => resolve(source.path, specifier))
      .filter((target) => target.startsWith('src/') && target !== 'src/index.ts')
      .map((target) => `${source.path} imports ${target}: only src/index.ts`),
  )

const MIRRORED = ['services', 'rpc', 'socket', 'http']
/** Puts a group together: every test of a whole gateway is its test. */
const COMPOSITION = /[/-]services\.ts$/

/** Sources with behaviour that no test file mirrors. */
export const checkMirror = (sources: readonly Source[], tests: ReadonlySet<string>): readonly string[] =>
  sources
    .filter(({ path, text }) => MIRRORED.includes(folderOf(path)) && !COMPOSITION.test(path) && hasBehaviour(text))
    .map(({ path }) => path.replace('src/', 'test/').replace('.ts', '.test.ts'))
    .filter((test) => !tests.has(test))
    .map((test) => `${test} is missing`)

const hasBehaviour = (text: string): boolean => {
  const withoutInterfaces = withoutComments(text).replace(/^(?:export )?interface [\s\S]*?^\}/gm, '')
  const values = withoutInterfaces.replace(/^(?:export )?type [\s\S]*?(?:\n\n|\n?$(?![\s\S]))/gm, '')
  return /^(?:export )?(?:async )?function|=>/m.test(values)
}

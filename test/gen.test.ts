// The generated lists are current. `npm run gen` runs this with -u and writes them.

import { readdirSync } from 'node:fs'
import { expect, it } from 'vitest'
import { describeRoutes } from '../src/http/openapi.ts'
import { ROUTES } from '../src/http/routes.ts'
import { EVENTS } from '../src/protocol/events.ts'
import { describeSocket } from '../src/rpc/asyncapi.ts'
import { describeMethods } from '../src/rpc/describe.ts'
import type { AnyMethod } from '../src/rpc/method.ts'
import { toLines } from '../src/rpc/schema.ts'
import { describeTypes } from '../src/rpc/typescript.ts'
import { VERSION } from '../src/version.ts'

const METHODS = new URL('../src/methods/', import.meta.url)

const isMethod = (value: unknown): value is AnyMethod => typeof value === 'object' && value !== null && 'handler' in value

function toEntry(module: string, exported: string, { name, scope, role, needs, hidden }: AnyMethod): string {
  const more = [
    ...(role ? [`role: '${role}'`] : []),
    ...(needs?.length ? [`needs: [${needs.map((need) => `'${need}'`).join(', ')}]`] : []),
    ...(hidden ? ['hidden: true'] : []),
  ]
  const scoped = scope === null ? 'null' : `'${scope}'`
  const rest = more.length > 0 ? `, { ${more.join(', ')} }` : ''
  return `  list('${name}', ${scoped}, async () => (await ${module}()).${exported}${rest}),`
}

async function listMethods(): Promise<string> {
  const files = readdirSync(METHODS)
    .filter((name) => name.endsWith('.ts') && !name.endsWith('.gen.ts'))
    .sort()
  const loaders: string[] = []
  const entries: string[] = []
  const types: string[] = []
  for (const file of files) {
    const exported = Object.entries((await import(`${METHODS.href}${file}`)) as Record<string, unknown>)
    const methods = exported.filter((entry): entry is [string, AnyMethod] => isMethod(entry[1]))
    if (methods.length === 0) continue
    const module = file.replace('.ts', '').replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase())
    loaders.push(`const ${module} = () => import('./${file}')`)
    entries.push(...methods.map(([name, method]) => toEntry(module, name, method)))
    types.push(...methods.map(([name]) => `  | Loaded<typeof ${module}>['${name}']`))
  }
  return `// Written by \`npm run gen\`. Every method that this folder exports; its file is loaded when it is first called.

import { list, type Api, type ListedMethod } from '../rpc/method.ts'

${loaders.join('\n')}

export const METHODS: readonly ListedMethod[] = [
${entries.join('\n')}
]

type Loaded<F extends () => Promise<unknown>> = Awaited<ReturnType<F>>

export type GatewayApi = Api<
${types.join('\n')}
>
`
}

it('src/methods/all.gen.ts lists every method', async () => {
  await expect(await listMethods()).toMatchFileSnapshot('../src/methods/all.gen.ts')
})

async function loadMethods(): Promise<readonly AnyMethod[]> {
  const { METHODS: all } = (await import('../src/methods/all.gen.ts')) as typeof import('../src/methods/all.gen.ts')
  return Promise.all(all.map((method) => method.load()))
}

it('public/reference/methods.md describes every method', async () => {
  await expect(describeMethods(await loadMethods())).toMatchFileSnapshot('../public/reference/methods.md')
})

it('public/reference/asyncapi.json describes the WebSocket', async () => {
  const document = describeSocket(await loadMethods(), EVENTS, VERSION)
  await expect(`${toLines(document, 3)}\n`).toMatchFileSnapshot('../public/reference/asyncapi.json')
})

it('public/reference/openapi.json describes the HTTP door', async () => {
  await expect(`${toLines(describeRoutes(ROUTES, VERSION), 3)}\n`).toMatchFileSnapshot('../public/reference/openapi.json')
})

it('public/reference/gateway-api.d.ts has the types of the client', async () => {
  await expect(describeTypes(await loadMethods(), EVENTS)).toMatchFileSnapshot('../public/reference/gateway-api.d.ts')
})

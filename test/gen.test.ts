// The generated lists are current. `npm run gen` runs this with -u and writes them.

import { readdirSync } from 'node:fs'
import { expect, it } from 'vitest'

const METHODS = new URL('../src/methods/', import.meta.url)

async function listMethods(): Promise<string> {
  const files = readdirSync(METHODS)
    .filter((name) => name.endsWith('.ts') && !name.endsWith('.gen.ts'))
    .sort()
  const imports: string[] = []
  const names: string[] = []
  for (const file of files) {
    const exported = Object.entries((await import(`${METHODS.href}${file}`)) as Record<string, unknown>)
    const methods = exported.filter(([, value]) => typeof value === 'object' && value !== null && 'handler' in value).map(([name]) => name)
    if (methods.length === 0) continue
    const module = file.replace('.ts', '').replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase())
    imports.push(`import * as ${module} from './${file}'`)
    names.push(...methods.map((name) => `  ${module}.${name},`))
  }
  return `// Written by \`npm run gen\`. Every method that this folder exports.

${imports.join('\n')}
import type { AnyMethod, Api } from '../rpc/method.ts'

const ALL = [
${names.join('\n')}
] as const

export const METHODS = ALL as unknown as readonly AnyMethod[]
export type GatewayApi = Api<(typeof ALL)[number]>
`
}

it('src/methods/all.gen.ts lists every method', async () => {
  await expect(await listMethods()).toMatchFileSnapshot('../src/methods/all.gen.ts')
})

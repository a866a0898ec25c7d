// Builds dist/client.js, one file for browsers and everything else, and its types, which need no package.

import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { build } from 'rolldown'
import { isolatedDeclarationSync } from 'rolldown/experimental'

const root = new URL('../..', import.meta.url).pathname
const dist = `${root}dist`
/** The sources that its types are in; what they say of the gateway stands in gateway-api.d.ts. */
const TYPED = ['client', 'client-device', 'client-pending', 'client-tries', 'client-types']
const GATEWAY = /(['"])\.\/(?:methods\/all\.gen|protocol\/(?:connect|events))\.ts\1/g

await build({
  input: `${root}src/client.ts`,
  platform: 'browser',
  output: { file: `${dist}/client.js`, format: 'esm', minify: !process.env.NO_MINIFY },
})
mkdirSync(`${dist}/types`, { recursive: true })
for (const name of TYPED) {
  const path = `${root}src/${name}.ts`
  const { code, errors } = isolatedDeclarationSync(path, readFileSync(path, 'utf8'))
  if (errors.length > 0) throw new Error(`${path} has no types of its own: ${JSON.stringify(errors)}`)
  const types = code.replace(GATEWAY, "'./gateway-api.js'").replace(/(['"])(\.\/[\w-]+)\.ts\1/g, "'$2.js'")
  writeFileSync(`${dist}/types/${name}.d.ts`, types)
}
copyFileSync(`${root}public/reference/gateway-api.d.ts`, `${dist}/types/gateway-api.d.ts`)

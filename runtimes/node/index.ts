// edgeclaw on Node: `node dist/node.js`.

import { createGateway, VERSION } from '../../src/index.ts'
import { helpText, readFlags } from '../shared/flags.ts'
import { runProcess } from '../shared/process.ts'
import { createFetch } from './fetch.ts'
import { createProcessPlatform } from '../shared/process-platform.ts'
import { listen } from './server.ts'
import { createAssets, findPublic } from '../shared/static.ts'
import { openDatabase } from './database.ts'

await runProcess({
  helpText: helpText('node dist/node.js'),
  version: VERSION,
  readFlags,
  async start(env, onError) {
    const root = await findPublic()
    const parts = { name: 'node', openDatabase, fetch: createFetch(), assets: root === null ? undefined : createAssets(root) }
    const platform = createProcessPlatform(env, parts, () => void gateway.wake().catch(onError))
    let server: Awaited<ReturnType<typeof listen>> | null = null
    const gateway = createGateway(platform, {
      listen: async (at) => {
        server = await listen(gateway, at, onError)
        process.stderr.write(`edgeclaw listens on http://${at.host}:${server.port}\n`)
      },
    })
    return { gateway, closeServer: async () => server?.close() }
  },
})

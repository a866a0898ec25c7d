// edgeclaw on Bun: `bun runtimes/bun/index.ts`.

import { createGateway, VERSION } from '../../src/index.ts'
import { helpText, readFlags } from '../shared/flags.ts'
import { createProcessPlatform } from '../shared/process-platform.ts'
import { runProcess } from '../shared/process.ts'
import { createAssets, findPublic } from '../shared/static.ts'
import { openDatabase } from './database.ts'
import { listen } from './server.ts'

await runProcess({
  helpText: helpText('bun runtimes/bun/index.ts'),
  version: VERSION,
  readFlags,
  async start(env, onError) {
    const root = await findPublic()
    const parts = { name: 'bun', openDatabase, fetch, assets: root === null ? undefined : createAssets(root) }
    const platform = createProcessPlatform(env, parts, () => void gateway.wake().catch(onError))
    let server: ReturnType<typeof listen> | null = null
    const gateway = createGateway(platform, {
      async listen(at) {
        server = listen(gateway, at, onError)
        process.stderr.write(`edgeclaw listens on http://${at.host}:${server.port}\n`)
      },
    })
    return { gateway, closeServer: async () => server?.close() }
  },
})

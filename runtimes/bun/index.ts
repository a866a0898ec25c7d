// edgeclaw on Bun: `bun runtimes/bun/index.ts`.

import { createGateway, VERSION, type Gateway } from '../../src/index.ts'
import { helpText, readFlags } from '../shared/flags.ts'
import { createProcessPlatform } from '../shared/process-platform.ts'
import { runProcess } from '../shared/process.ts'
import { createAssets, findPublic } from '../shared/static.ts'
import { openDatabase } from './database.ts'
import { listen, type RunningServer } from './server.ts'

await runProcess({
  helpText: helpText('bun runtimes/bun/index.ts'),
  version: VERSION,
  readFlags,
  async make(env, { onError, restart, port }) {
    const root = await findPublic()
    const parts = { name: 'bun', openDatabase, fetch, assets: root === null ? undefined : createAssets(root) }
    const platform = createProcessPlatform(env, parts, { onAlarm: () => void gateway.wake().catch(onError), restart })
    let server: RunningServer | null = null
    const gateway: Gateway = createGateway(platform, {
      async listen(at) {
        server = listen(gateway, { ...at, port: at.port || (port ?? 0) }, onError)
        process.stderr.write(`edgeclaw listens on http://${at.host}:${server.port}\n`)
      },
    })
    return { gateway, port: () => server?.port ?? null, closeServer: async () => server?.close(), end: platform.end, putBack: platform.config.putBack }
  },
})

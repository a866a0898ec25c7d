// The process on Node: flags, platform, server.

import { createGateway, VERSION, type Gateway } from '../../src/index.ts'
import { helpText, readFlags } from '../shared/flags.ts'
import { runProcess } from '../shared/process.ts'
import { createFetch } from './fetch.ts'
import { createProcessPlatform } from '../shared/process-platform.ts'
import { listen, type RunningServer } from './server.ts'
import { createAssets, findPublic } from '../shared/static.ts'
import { openDatabase } from './database.ts'

await runProcess({
  helpText: helpText('node dist/node.js'),
  version: VERSION,
  readFlags,
  async make(env, { onError, restart, port }) {
    const root = await findPublic()
    const parts = { name: 'node', openDatabase, fetch: createFetch(), assets: root === null ? undefined : createAssets(root) }
    const platform = createProcessPlatform(env, parts, { onAlarm: () => void gateway.wake().catch(onError), restart })
    let server: RunningServer | null = null
    const gateway: Gateway = createGateway(platform, {
      async listen(at) {
        server = await listen(gateway, { ...at, port: at.port || (port ?? 0) }, onError)
        process.stderr.write(`edgeclaw listens on http://${at.host}:${server.port}\n`)
      },
    })
    return { gateway, port: () => server?.port ?? null, closeServer: async () => server?.close(), end: platform.end, putBack: platform.config.putBack }
  },
})

// The contract of a gateway, on the core alone: no process, no port, no socket.

import { afterAll, beforeAll, describe } from 'vitest'
import { createFetch } from '../runtimes/node/fetch.ts'
import { systemClock } from '../runtimes/shared/clock.ts'
import { createTimerAlarm } from '../runtimes/shared/timer-alarm.ts'
import { createAssets } from '../runtimes/shared/static.ts'
import { createGateway, type Gateway } from '../src/index.ts'
import { dial } from './harness/peer.ts'
import { testPlatform, TOKEN } from './harness/platform.ts'
import { startUpstream, type Upstream } from './harness/upstream.ts'
import { gatewaySuite } from './suites/gateway-suite.ts'
import { suiteConfig } from './suites/target.ts'

describe('the core', () => {
  let gateway: Gateway
  let upstream: Upstream

  beforeAll(async () => {
    upstream = await startUpstream()
    const assets = createAssets(new URL('../public', import.meta.url).pathname)
    const alarm = createTimerAlarm(systemClock, () => void gateway.wake())
    const platform = { ...testPlatform(), clock: systemClock, alarm, fetch: createFetch(), assets }
    gateway = createGateway(platform, { config: suiteConfig(upstream) })
    await gateway.start()
  })
  afterAll(async () => {
    await gateway.close()
    await upstream.close()
  })

  gatewaySuite(() => ({
    token: TOKEN,
    open: async ({ headers, path } = {}) =>
      (await dial(gateway, { ...(headers && { headers: { host: '127.0.0.1:18789', ...headers } }), ...(path !== undefined && { path }) })).client,
    fetch: (path, init) => gateway.fetch(new Request(`http://127.0.0.1:18789${path}`, init), { remoteAddress: '127.0.0.1' }),
    upstream,
    local: true,
    machine: false,
    direct: true,
  }))
})

// The way out follows the configuration.

import { expect, it } from 'vitest'
import { createNetworkServices } from '../../../src/services/network/services.ts'
import type { Ground } from '../../../src/services/ground.ts'
import type { Settings } from '../../../src/services/operations/settings-services.ts'
import { testPlatform } from '../../harness/platform.ts'

it('lets reach what the configuration allows, as soon as it does', () => {
  const config = { current: { gateway: { http: { allowPrivateHosts: [] as string[] } } } }
  const { outside } = createNetworkServices({ platform: testPlatform(), host: {} } as unknown as Ground, { config } as unknown as Settings)
  expect(() => outside.check('http://nas.lan/')).toThrow('public internet')
  config.current = { gateway: { http: { allowPrivateHosts: ['nas.lan'] } } }
  expect(() => outside.check('http://nas.lan/')).not.toThrow()
})

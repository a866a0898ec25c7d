// Messages to browsers of which no page is open.

import type { Ground } from '../ground.ts'
import type { IdentityServices } from '../identity/services.ts'
import type { NetworkServices } from '../network/services.ts'
import type { Settings } from '../operations/settings-services.ts'
import { createSubscriptions, type Subscriptions } from './subscriptions.ts'
import { createVapid, type Vapid } from './vapid.ts'
import { createWebPush, type WebPush } from './web-push.ts'

export interface PushServices {
  readonly pushKeys: Vapid
  readonly pushSubscriptions: Subscriptions
  readonly webPush: WebPush
}

/** Push services want to know whom to turn to. Where the gateway has no address of its own, nobody. */
const NOBODY = 'mailto:edgeclaw@example.com'

export function createPushServices({ platform, commit }: Ground, { config }: Settings, { devices }: IdentityServices, { outside }: NetworkServices): PushServices {
  const { sql, clock } = platform
  function contact() {
    const { publicOrigin } = config.current.gateway ?? {}
    return publicOrigin?.startsWith('https://') ? publicOrigin : NOBODY
  }
  const vapid = createVapid({ sql, commit, clock, contact })
  const subscriptions = createSubscriptions({ sql, commit, clock })
  devices.onRemoved((deviceId, role) => {
    if (role !== 'node') subscriptions.forgetOwner(`device:${deviceId}`)
  })
  return { pushKeys: vapid, pushSubscriptions: subscriptions, webPush: createWebPush({ subscriptions, vapid, outside }) }
}

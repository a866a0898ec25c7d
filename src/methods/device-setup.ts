// Setup codes: how a new device pairs without the gateway's secret.

import * as z from 'zod'
import { toBase64Url, toUtf8 } from '../kit/bytes.ts'
import { SETUP_ACCESS, setupCompletion, type SetupAccess } from '../protocol/device-events.ts'
import { defineMethod } from '../rpc/method.ts'
import { toSetupAddress, type SetupAddress } from '../services/identity/setup-address.ts'
import { toQrDataUrl } from '../services/identity/setup-qr.ts'

const text = z.string().min(1)

/** What the code gives. One that is an admin's is not sent over a network in the clear. */
function toAccess(profile: 'limited' | 'node' | undefined, { isPlain }: SetupAddress): { access: SetupAccess; accessDowngraded?: true } {
  if (profile !== undefined) return { access: profile }
  return isPlain ? { access: 'limited', accessDowngraded: true } : { access: 'full' }
}

export const devicePairSetupCode = defineMethod({
  name: 'device.pair.setupCode',
  scope: 'operator.admin',
  summary: 'Makes a code by which one new device pairs within ten minutes: text, and a picture of it.',
  params: z.strictObject({
    publicUrl: text.optional(),
    preferRemoteUrl: z.boolean().optional(),
    includeQr: z.boolean().optional(),
    bootstrapProfile: z.enum(['limited', 'node']).optional(),
    joinUrl: z.literal(true).optional(),
  }),
  result: z.strictObject({
    setupId: text,
    setupCode: text,
    qrDataUrl: text.optional(),
    gatewayUrl: text,
    auth: z.enum(['token', 'password']),
    urlSource: text,
    access: z.enum(SETUP_ACCESS),
    accessDowngraded: z.boolean().optional(),
    expiresAtMs: z.int(),
  }),
  uses: ['auth', 'setupCodes', 'whereabouts'],
  hidden: true,
  async handler({ publicUrl, bootstrapProfile, includeQr = true }, { auth, setupCodes, whereabouts }) {
    const address = toSetupAddress({ publicUrl, ...whereabouts() })
    const granted = toAccess(bootstrapProfile, address)
    const { setupId, bootstrapToken, expiresAtMs } = await setupCodes.make(granted.access)
    const setupCode = toBase64Url(toUtf8(JSON.stringify({ url: address.url, bootstrapToken, expiresAtMs })))
    const qrDataUrl = includeQr ? toQrDataUrl(setupCode) : null
    return {
      setupId,
      setupCode,
      ...(qrDataUrl !== null && { qrDataUrl }),
      gatewayUrl: address.url,
      auth: auth.mode === 'password' ? ('password' as const) : ('token' as const),
      urlSource: address.source,
      ...granted,
      expiresAtMs,
    }
  },
})

export const devicePairSetupStatus = defineMethod({
  name: 'device.pair.setupStatus',
  scope: 'operator.admin',
  summary: 'Which device has paired with a setup code; nothing while none has.',
  params: z.strictObject({ setupId: text.max(128) }),
  result: z.strictObject({ completion: setupCompletion.optional() }),
  uses: ['setupCodes'],
  hidden: true,
  handler({ setupId }, { setupCodes }) {
    const completion = setupCodes.status(setupId)
    return completion ? { completion } : {}
  },
})

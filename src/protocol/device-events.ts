// Events of devices.

import * as z from 'zod'
import { defineEvent } from './event.ts'

const text = z.string().min(1)

export const SETUP_ACCESS = ['full', 'limited', 'node'] as const
export type SetupAccess = (typeof SETUP_ACCESS)[number]

export const devicePairChanged = defineEvent({
  name: 'device.pair.changed',
  scope: 'operator.pairing',
  reach: 'all',
  summary: 'A paired device was renamed or removed, or its tokens have changed: list them again.',
  payload: z.strictObject({}),
})

export const setupCompletion = z.strictObject({
  setupId: text.max(128),
  deviceId: text,
  deviceName: text.optional(),
  access: z.enum(SETUP_ACCESS),
  ts: z.int().min(0),
})

export const devicePairSetupCompleted = defineEvent({
  name: 'device.pair.setup.completed',
  scope: 'operator.pairing',
  reach: 'all',
  summary: 'A device has paired with a setup code.',
  payload: setupCompletion,
})

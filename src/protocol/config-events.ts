// What is told of the configuration and of updates.

import * as z from 'zod'
import { defineEvent } from './event.ts'

export const configChanged = defineEvent({
  name: 'config.changed',
  scope: 'operator.read',
  reach: 'all',
  summary: 'The configuration was changed, by a call or in its file. Carries the hash that the next change must name.',
  payload: z.strictObject({ path: z.string().min(1), hash: z.string().min(1), ts: z.int().min(0) }),
})

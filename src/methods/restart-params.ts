// What the calls say that may end in a restart.

import * as z from 'zod'

/** Who asks, and where an answer would go: recorded, not acted upon. */
export const restartParams = {
  sessionKey: z.string().optional(),
  deliveryContext: z
    .strictObject({
      channel: z.string().optional(),
      to: z.string().optional(),
      accountId: z.string().optional(),
      threadId: z.union([z.string(), z.number()]).optional(),
    })
    .optional(),
  note: z.string().optional(),
  restartDelayMs: z.int().min(0).max(60 * 60 * 1000).optional(),
}

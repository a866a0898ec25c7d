// The words that wake voice clients.

import * as z from 'zod'
import { wakeRouting } from '../protocol/voice-events.ts'
import { defineMethod } from '../rpc/method.ts'

const triggers = z.strictObject({ triggers: z.array(z.string().min(1)) })

export const voicewakeGet = defineMethod({
  name: 'voicewake.get',
  scope: 'operator.read',
  summary: 'The words that wake voice clients.',
  params: z.strictObject({}),
  result: triggers,
  uses: ['voiceWake'],
  handler: (_, { voiceWake }) => ({ triggers: voiceWake.triggers() }),
})

export const voicewakeSet = defineMethod({
  name: 'voicewake.set',
  scope: 'operator.write',
  summary: 'Sets the words that wake voice clients; none are the usual ones.',
  params: z.strictObject({ triggers: z.array(z.string().max(1000)).max(256) }),
  result: triggers,
  uses: ['voiceWake'],
  handler: (params, { voiceWake }) => ({ triggers: voiceWake.setTriggers(params.triggers) }),
})

export const voicewakeRoutingGet = defineMethod({
  name: 'voicewake.routing.get',
  scope: 'operator.read',
  summary: 'Where what is said after a wake word goes.',
  params: z.strictObject({}),
  result: z.strictObject({ config: wakeRouting }),
  uses: ['voiceWake'],
  handler: (_, { voiceWake }) => ({ config: voiceWake.routing() }),
})

// What is told of voices: the words that wake a client, how talking stands.

import * as z from 'zod'
import { defineEvent } from './event.ts'

const text = z.string().min(1)

const triggers = z.strictObject({ triggers: z.array(text) })

export const voiceWakeChanged = defineEvent({
  name: 'voicewake.changed',
  scope: 'operator.read',
  reach: 'all',
  summary: 'The words that wake voice clients are others now.',
  payload: triggers,
})

/** The same event for one node: when it joins, and when the words change. */
export const voiceWakeDirected = defineEvent({ ...voiceWakeChanged, scope: null, reach: 'direct' })

export const wakeRouting = z.strictObject({
  version: z.literal(1),
  defaultTarget: z.strictObject({ mode: z.literal('current') }),
  routes: z.array(z.never()),
  updatedAtMs: z.int().min(0),
})

export const voiceWakeRoutingChanged = defineEvent({
  name: 'voicewake.routing.changed',
  scope: 'operator.read',
  reach: 'all',
  summary: 'Where what is said after a wake word goes has changed.',
  payload: z.strictObject({ config: wakeRouting }),
})

export const voiceWakeRoutingDirected = defineEvent({ ...voiceWakeRoutingChanged, scope: null, reach: 'direct' })

export const talkModeChange = z.strictObject({ enabled: z.boolean(), phase: text.nullable(), ts: z.int().min(0) })

export const talkMode = defineEvent({
  name: 'talk.mode',
  scope: 'operator.talk',
  reach: 'all',
  summary: 'Somebody talks with the gateway, or does so no more.',
  payload: talkModeChange,
})

export const VOICE_EVENTS = [voiceWakeChanged, voiceWakeRoutingChanged, talkMode] as const

// What the pages that a person has open are told: settings, what to show, what a conversation can use.

import * as z from 'zod'
import { defineEvent } from './event.ts'

const text = z.string().min(1)

export const usersPrefsChanged = defineEvent({
  name: 'users.prefs.changed',
  scope: 'operator.read',
  reach: 'all',
  summary: 'Settings that pages keep for a person have changed.',
  payload: z.strictObject({ profileId: text, keys: z.array(text) }),
})

/** Clients that named it in `caps` can be told what to show. */
export const UI_CAPABILITY = 'ui-commands'

const sessionKey = text

export const uiCommandShape = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('split'), direction: z.enum(['right', 'down']), sessionKey }),
  z.strictObject({ kind: z.literal('close-pane'), sessionKey }),
  z.strictObject({ kind: z.literal('focus'), sessionKey }),
  z.strictObject({ kind: z.literal('sidebar'), visible: z.boolean() }),
  z.strictObject({
    kind: z.literal('panel'),
    panel: z.enum(['terminal', 'browser']),
    open: z.boolean(),
    dock: z.enum(['bottom', 'right']).optional(),
    terminalSessionId: text.optional(),
  }),
  z.strictObject({ kind: z.literal('navigate'), sessionKey }),
])

export const uiCommand = defineEvent({
  name: 'ui.command',
  scope: 'operator.read',
  reach: 'all',
  summary: 'A page is to show something else.',
  payload: z.strictObject({ command: uiCommandShape }),
})

/** What a page is told right behind its hello-ok, if it asked for it there. */
export const MODEL_SNAPSHOT_CAPABILITY = 'model-catalog-snapshot'

export const modelsSnapshot = defineEvent({
  name: 'models.snapshot',
  scope: 'operator.read',
  reach: 'direct',
  summary: 'The models that a conversation can use, for a page that asked for them when it connected.',
  payload: z.strictObject({
    target: z.record(z.string(), z.string()),
    scope: z.record(z.string(), z.string()),
    catalog: z.strictObject({ models: z.array(z.unknown()) }),
  }),
})

export const chatMetadataChanged = defineEvent({
  name: 'chat.metadata.changed',
  scope: 'operator.read',
  reach: 'all',
  summary: 'Models or commands that a conversation can use have changed: ask for them again.',
  payload: z.strictObject({}),
})

export const skillsChanged = defineEvent({
  name: 'skills.changed',
  scope: 'operator.read',
  reach: 'all',
  summary: 'Skills have come, gone or changed: ask for them again.',
  payload: z.looseObject({ reason: text, agentId: text.optional() }),
})

export const canvasChanged = defineEvent({
  name: 'canvas.changed',
  scope: 'operator.read',
  reach: 'all',
  summary: 'What an agent shows has changed: whoever shows it loads it again.',
  payload: z.strictObject({ agentId: text }),
})

export const PAGE_EVENTS = [usersPrefsChanged, uiCommand, modelsSnapshot, chatMetadataChanged, skillsChanged, canvasChanged] as const

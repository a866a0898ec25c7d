// The paths of the HTTP door that belong to agents: their pictures, what they show, and what wakes them.

import * as z from 'zod'
import { JSON_TYPE, type Contents, type Route } from './route.ts'

const json = (shape: z.ZodType): Contents => ({ [JSON_TYPE]: shape })
const text = z.string()

const PAGES: readonly Route[] = [
  {
    verb: 'GET',
    path: '/avatar/:agentId',
    tag: 'pages',
    id: 'avatar',
    entry: 'operator.read',
    summary: 'The picture of an agent, or its initials.',
    params: { agentId: { in: 'path', says: 'The agent.', required: true }, meta: { in: 'query', says: '`1`: what picture there is, as JSON.', values: ['1'] } },
    answers: { 200: { says: 'The picture.', content: { 'image/*': null, 'image/svg+xml': null, [JSON_TYPE]: z.looseObject({}) } }, 302: { says: 'It lies elsewhere.' } },
  },
  {
    verb: 'GET',
    path: '/canvas-host/:capability/*',
    tag: 'pages',
    id: 'canvas',
    entry: { own: 'The address itself is the key: it is given out over the WebSocket, and expires.' },
    summary: 'A file of what an agent shows.',
    params: { capability: { in: 'path', says: 'As it was given out.', required: true }, file: { in: 'path', says: 'The file.', required: true } },
    answers: { 200: { says: 'The file, in an origin of its own.', content: { '*/*': null } } },
  },
]

const HOOK_ENTRY = { own: 'Needs the token of hooks as bearer or in `x-openclaw-token`; a mapping may want a signature instead.' }
const hookFailure = z.strictObject({ ok: z.literal(false), error: text })
const hookAnswers = (says: string, shape: z.ZodType) => ({
  200: { says, content: json(shape) },
  400: { says: 'What is wrong with the call.', content: { [JSON_TYPE]: hookFailure, 'text/plain': null } },
  401: { says: 'It is not proven who calls.', content: { 'text/plain': null } },
})
const taken = z.looseObject({ ok: z.literal(true) })

/** Where they are, `hooks.path` of the configuration says. */
const HOOKS: readonly Route[] = [
  {
    verb: 'POST',
    path: '/hooks/wake',
    configured: true,
    tag: 'hooks',
    id: 'hookWake',
    entry: HOOK_ENTRY,
    summary: 'Tells the agent something, at its next heartbeat or now.',
    body: json(z.looseObject({ text, mode: z.enum(['now', 'next-heartbeat']).default('now') })),
    answers: hookAnswers('It will be told.', z.looseObject({ ok: z.literal(true), mode: text })),
  },
  {
    verb: 'POST',
    path: '/hooks/agent',
    configured: true,
    tag: 'hooks',
    id: 'hookAgent',
    entry: HOOK_ENTRY,
    summary: 'A turn of an agent.',
    body: json(
      z.looseObject({
        message: text,
        name: text.max(200).optional(),
        agentId: text.optional(),
        sessionKey: text.max(512).optional(),
        model: text.max(200).optional(),
        thinking: text.max(20).optional(),
        timeoutSeconds: z.number().positive().max(86_400).optional(),
      }),
    ),
    answers: hookAnswers('It is on record, and will run.', z.looseObject({ ok: z.literal(true), runId: text })),
  },
  {
    verb: 'POST',
    path: '/hooks/:name',
    configured: true,
    tag: 'hooks',
    id: 'hookMapping',
    entry: HOOK_ENTRY,
    summary: 'What a mapping of the configuration, or a preset, makes of a call.',
    params: { name: { in: 'path', says: 'The path of the mapping.', required: true } },
    body: json(z.looseObject({})),
    answers: hookAnswers('It was taken.', taken),
  },
]

export const PAGE_ROUTES: readonly Route[] = [...PAGES, ...HOOKS]

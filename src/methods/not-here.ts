// What a page asks for in its first second and this gateway has none of: there is nothing, and that is the answer.

import * as z from 'zod'
import { sha256Hex } from '../kit/bytes.ts'
import { GatewayError, invalid } from '../protocol/errors.ts'
import { defineMethod } from '../rpc/method.ts'

const text = z.string().min(1)
const sessionKey = text.max(512)
const nothing = z.array(z.never())
const ofSession = z.strictObject({ sessionKey, agentId: text.optional() })

export const pluginsControlUiList = defineMethod({
  name: 'plugins.controlUi.list',
  scope: 'operator.read',
  summary: 'Parts of pages that plugins bring along: none.',
  params: z.strictObject({}),
  result: z.strictObject({ revision: text, plugins: nothing, diagnostics: nothing }),
  uses: [],
  handler: async () => ({ revision: await sha256Hex('[]'), plugins: [], diagnostics: [] }),
})

export const boardGet = defineMethod({
  name: 'board.get',
  scope: 'operator.read',
  summary: 'The board of a session: empty.',
  params: ofSession,
  result: z.strictObject({ sessionKey: text, revision: z.literal(0), tabs: nothing, widgets: nothing }),
  uses: ['agents'],
  handler: (params, { agents }) => ({ sessionKey: agents.sessionKey(params.sessionKey, params.agentId), revision: 0 as const, tabs: [], widgets: [] }),
})

export const questionList = defineMethod({
  name: 'question.list',
  scope: 'operator.questions',
  summary: 'Questions of agents that wait for an answer: none.',
  params: z.strictObject({}),
  result: z.strictObject({ questions: nothing }),
  uses: [],
  handler: () => ({ questions: [] }),
})

export const sessionsGithubOptions = defineMethod({
  name: 'sessions.github.options',
  scope: 'operator.read',
  summary: 'How a session is bound to GitHub: not at all.',
  params: ofSession,
  result: z.strictObject({ personal: z.null(), shared: z.null(), pendingPersonal: z.null(), latestShared: z.null() }),
  uses: [],
  handler: () => ({ personal: null, shared: null, pendingPersonal: null, latestShared: null }),
})

export const progressCardGet = defineMethod({
  name: 'progressCard.get',
  scope: 'operator.read',
  summary: 'How far an agent has come with its plan, where it keeps one: it does not.',
  params: ofSession,
  result: z.strictObject({ card: z.null() }),
  uses: [],
  handler: () => ({ card: null }),
})

export const taskSuggestionsList = defineMethod({
  name: 'taskSuggestions.list',
  scope: 'operator.read',
  summary: 'Tasks that agents suggest: none.',
  params: z.strictObject({ sessionKey: sessionKey.optional(), agentId: text.max(128).optional() }),
  result: z.strictObject({ suggestions: nothing }),
  uses: [],
  handler: () => ({ suggestions: [] }),
})

export const sessionDiscussionInfo = defineMethod({
  name: 'session.discussion.info',
  scope: 'operator.read',
  summary: 'Where people talk about a session: nowhere.',
  params: ofSession,
  result: z.strictObject({ state: z.literal('none') }),
  uses: [],
  handler: () => ({ state: 'none' as const }),
})

export const sessionsCompanionState = defineMethod({
  name: 'sessions.companion.state',
  scope: 'operator.read',
  summary: 'What was asked beside a session: nothing.',
  params: ofSession,
  result: z.strictObject({ exchanges: nothing }),
  uses: [],
  handler: () => ({ exchanges: [] }),
})

export const mentionsList = defineMethod({
  name: 'mentions.list',
  scope: 'operator.read',
  summary: 'Where a person was mentioned by another: nowhere, there is one person.',
  params: z.strictObject({}),
  result: z.strictObject({ gatewayInstanceId: text, revision: z.literal(0), items: nothing }),
  uses: ['profiles', 'system'],
  handler(_, { profiles, system, connection }) {
    if (profiles.of(connection) === null) throw new GatewayError('FORBIDDEN', 'Human mentions require a verified user profile. Sign in to use mentions.')
    return { gatewayInstanceId: system.bootId, revision: 0 as const, items: [] }
  },
})

export const sessionsCatalogList = defineMethod({
  name: 'sessions.catalog.list',
  scope: 'operator.read',
  summary: 'Sessions of other programs that could be continued here: none.',
  params: z.strictObject({
    catalogId: text.optional(),
    cursors: z.record(z.string(), z.string()).optional(),
    agentId: text.optional(),
    progressId: text.max(128).optional(),
    search: z.string().optional(),
    limitPerHost: z.int().min(1).optional(),
    hostIds: z.array(text).optional(),
    allowPartialResults: z.boolean().optional(),
  }),
  result: z.strictObject({ catalogs: nothing }),
  uses: ['agents'],
  handler({ agentId, catalogId }, { agents }) {
    if (agentId !== undefined && !agents.find(agentId)) throw invalid(`unknown agent id "${agentId.slice(0, 100)}"`)
    if (catalogId !== undefined) throw invalid(`unknown session catalog: ${catalogId.slice(0, 100)}`)
    return { catalogs: [] }
  },
})

export const hooksStatus = defineMethod({
  name: 'hooks.status',
  scope: 'operator.read',
  summary: 'Programs that run when something happens: none. Requests from outside are another thing.',
  params: z.strictObject({ agentId: text.optional() }),
  result: z.strictObject({ workspaceDir: text, managedHooksDir: z.string(), hooks: nothing }),
  uses: ['agentFiles', 'agents'],
  handler({ agentId }, { agentFiles, agents }) {
    if (agentId !== undefined && !agents.find(agentId)) throw invalid(`unknown agent id "${agentId.slice(0, 100)}"`)
    return { workspaceDir: agentFiles.rootOf(agentId ?? agents.defaultId()), managedHooksDir: '', hooks: [] }
  },
})

const theme = z.strictObject({ id: text, name: text, description: text, source: z.literal('builtin'), modes: z.array(z.enum(['light', 'dark'])) })

/** The one that the pages begin with. */
const FIRST_THEME = { id: 'claw', name: 'Claw', description: 'The one that the pages bring along.', source: 'builtin' as const, modes: ['light' as const, 'dark' as const] }

export const themesList = defineMethod({
  name: 'themes.list',
  scope: 'operator.read',
  summary: 'How the pages look: as they come. This gateway keeps no themes.',
  params: z.strictObject({}),
  result: z.strictObject({
    current: z.strictObject({ id: text, mode: z.literal('system'), scope: z.literal('gateway'), overrides: z.strictObject({}) }),
    theme,
    themes: z.array(theme),
  }),
  uses: [],
  handler: () => ({
    current: { id: FIRST_THEME.id, mode: 'system' as const, scope: 'gateway' as const, overrides: {} },
    theme: FIRST_THEME,
    themes: [FIRST_THEME],
  }),
})

export const skillsLibraryList = defineMethod({
  name: 'skills.library.list',
  scope: 'operator.read',
  summary: 'Skills that people share through the gateway: none. Those of workspaces are in skills.status.',
  params: z.strictObject({ sessionKey: sessionKey.optional(), scope: z.enum(['mine', 'team', 'all']).optional() }),
  result: z.strictObject({
    entries: nothing,
    profileId: z.null(),
    multipleProfiles: z.literal(false),
    defaultTarget: z.literal('workspace'),
    canManageWorkspace: z.literal(false),
    defaultSelectionLimit: z.int(),
  }),
  uses: [],
  handler: () => ({
    entries: [],
    profileId: null,
    multipleProfiles: false as const,
    defaultTarget: 'workspace' as const,
    canManageWorkspace: false as const,
    defaultSelectionLimit: 64,
  }),
})

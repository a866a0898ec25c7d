// Whose a session is, and what projects there are: one person, and the workspaces of the agents.

import * as z from 'zod'
import { invalid } from '../protocol/errors.ts'
import { defineMethod } from '../rpc/method.ts'

const text = z.string().min(1)

const person = z.strictObject({ type: z.literal('human'), id: text, label: text, identity: z.strictObject({ type: z.literal('profile'), id: text }) })

export const sessionMembersListEvidence = defineMethod({
  name: 'session.members.listEvidence',
  scope: 'operator.read',
  summary: 'Who may do what with a session: the one person of this gateway, everything.',
  params: z.strictObject({ sessionKey: text.max(512), agentId: text.optional() }),
  result: z.strictObject({
    sessionKey: text,
    members: z.array(z.never()),
    identities: z.array(person),
    role: z.enum(['admin', 'owner']),
    allowedVisibilities: z.array(z.literal('shared')),
  }),
  uses: ['agents', 'profiles', 'sessions'],
  handler({ sessionKey: given, agentId }, { agents, profiles, sessions, caller, connection }) {
    const sessionKey = agents.sessionKey(given, agentId)
    if (!sessions.get(sessionKey)) throw invalid(`unknown session: ${sessionKey}`)
    const id = profiles.of(connection)
    const identities = id === null ? [] : [{ type: 'human' as const, id, label: id, identity: { type: 'profile' as const, id } }]
    const role = caller.scopes.has('operator.admin') ? ('admin' as const) : ('owner' as const)
    return { sessionKey, members: [], identities, role, allowedVisibilities: ['shared' as const] }
  },
})

export const projectsList = defineMethod({
  name: 'projects.list',
  scope: 'operator.read',
  summary: 'What sessions work on: the workspaces of the agents.',
  params: z.strictObject({ includeObserved: z.boolean().optional() }),
  result: z.strictObject({
    projects: z.array(z.strictObject({ id: text, displayName: text, repoRoot: text.optional(), source: z.literal('workspace'), agentId: text })),
    observedProjects: z.array(z.never()).optional(),
  }),
  uses: ['agentFiles', 'agents'],
  handler({ includeObserved }, { agentFiles, agents }) {
    const projects = agents.list().map(({ id: agentId }) => {
      const repoRoot = agentFiles.rootOf(agentId)
      return { id: `workspace:${agentId}`, displayName: repoRoot.split('/').at(-1) || agentId, repoRoot, source: 'workspace' as const, agentId }
    })
    return { projects, ...(includeObserved && { observedProjects: [] }) }
  },
})

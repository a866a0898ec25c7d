// Skills of agents: which there are, what they lack, and switching them on and off.

import * as z from 'zod'
import { isDangerousKey } from '../kit/keys.ts'
import { skillsChanged } from '../protocol/page-events.ts'
import { invalid, unavailable } from '../protocol/errors.ts'
import { defineMethod } from '../rpc/method.ts'
import type { Skill } from '../services/conversation/skills.ts'
import type { Needs } from '../services/conversation/skill-file.ts'
import { redact } from '../services/operations/config-parse.ts'
import { isObject } from '../services/operations/config-merge.ts'
import type { Services } from '../services/services.ts'

const text = z.string().min(1)
const texts = z.array(z.string())
const needs = z.strictObject({ bins: texts, anyBins: texts, env: texts, config: texts, os: texts })

const skillRow = z.strictObject({
  name: text,
  description: z.string(),
  source: text,
  bundled: z.literal(false),
  filePath: text,
  baseDir: text,
  skillKey: text,
  primaryEnv: text.optional(),
  emoji: text.optional(),
  homepage: text.optional(),
  always: z.boolean(),
  disabled: z.boolean(),
  blockedByAllowlist: z.literal(false),
  blockedByAgentFilter: z.literal(false),
  eligible: z.boolean(),
  platformIncompatible: z.boolean(),
  modelVisible: z.boolean(),
  userInvocable: z.boolean(),
  commandVisible: z.boolean(),
  requirements: needs,
  missing: needs,
  configChecks: z.array(z.strictObject({ path: text, satisfied: z.boolean() })),
  install: z.array(z.strictObject({ id: text, kind: text, label: text, bins: texts })),
})

const copyNeeds = ({ bins, anyBins, env, config, os }: Needs): z.output<typeof needs> => ({
  bins: [...bins],
  anyBins: [...anyBins],
  env: [...env],
  config: [...config],
  os: [...os],
})

function toRow(skill: Skill): z.output<typeof skillRow> {
  const { needs: wanted, missing, modelInvocable, install, content: _, ...facts } = skill
  return {
    ...facts,
    bundled: false,
    blockedByAllowlist: false,
    blockedByAgentFilter: false,
    modelVisible: facts.eligible && modelInvocable,
    commandVisible: facts.eligible && facts.userInvocable,
    requirements: copyNeeds(wanted),
    missing: copyNeeds(missing),
    configChecks: wanted.config.map((path) => ({ path, satisfied: !missing.config.includes(path) })),
    install: install.map((step) => ({ ...step, bins: [...step.bins] })),
  }
}

function toAgent({ agentId, sessionKey }: { agentId?: string | undefined; sessionKey?: string | undefined }, { agents }: Pick<Services, 'agents'>): string {
  if (agentId !== undefined && !agents.find(agentId)) throw invalid(`unknown agent id "${agentId.slice(0, 100)}"`)
  return agentId ?? (sessionKey === undefined ? agents.defaultId() : agents.ofSession(agents.sessionKey(sessionKey)))
}

export const skillsStatus = defineMethod({
  name: 'skills.status',
  scope: 'operator.read',
  summary: 'The skills of an agent, and what each of them lacks.',
  params: z.strictObject({ agentId: text.optional(), sessionKey: text.optional() }),
  result: z.strictObject({ workspaceDir: text, managedSkillsDir: z.string(), agentId: text, skills: z.array(skillRow) }),
  uses: ['agentFiles', 'agents', 'skills'],
  async handler(params, { agentFiles, agents, skills }) {
    const agentId = toAgent(params, { agents })
    skills.forget() // whoever asks wants to know what lies there now
    const all = await skills.list(agentId)
    return { workspaceDir: agentFiles.rootOf(agentId), managedSkillsDir: skills.managedDir, agentId, skills: all.map(toRow) }
  },
})

// --- registries: none can be reached ---

export const skillsSearch = defineMethod({
  name: 'skills.search',
  scope: 'operator.read',
  summary: 'Looks for skills in a registry. This gateway knows none, so it finds nothing.',
  params: z.strictObject({ query: text.optional(), limit: z.int().min(1).max(100).optional() }),
  result: z.strictObject({ results: z.array(z.never()) }),
  uses: [],
  handler: () => ({ results: [] }),
})

export const skillsDetail = defineMethod({
  name: 'skills.detail',
  scope: 'operator.read',
  summary: 'What a registry says of a skill. This gateway knows none, so it is nothing.',
  params: z.strictObject({ slug: text }),
  result: z.strictObject({ skill: z.null() }),
  uses: [],
  handler: () => ({ skill: null }),
})

const timeoutMs = z.int().min(1000).optional()

export const skillsInstall = defineMethod({
  name: 'skills.install',
  scope: 'operator.admin',
  hidden: true,
  summary: 'Installs what a skill needs, or a skill. This version does neither: it says what to do by hand.',
  params: z.union([
    z.strictObject({ agentId: text.optional(), name: text, installId: text, dangerouslyForceUnsafeInstall: z.boolean().optional(), timeoutMs }),
    z.strictObject({ agentId: text.optional(), source: z.literal('clawhub'), slug: text, version: text.optional(), force: z.boolean().optional(), timeoutMs }),
    z.strictObject({
      agentId: text.optional(),
      source: z.literal('upload'),
      uploadId: text,
      slug: text,
      force: z.boolean().optional(),
      sha256: z.string().regex(/^[a-fA-F0-9]{64}$/).optional(),
      timeoutMs,
    }),
  ]),
  result: z.never(),
  uses: ['agents', 'skills'],
  async handler(params, { agents, skills }): Promise<never> {
    const agentId = toAgent(params, { agents })
    if (!('installId' in params)) {
      throw unavailable('skills cannot be installed from a registry or an upload here: put the folder of the skill into "skills" in the workspace of the agent', { retryable: false })
    }
    const skill = (await skills.list(agentId)).find(({ name, skillKey }) => name === params.name || skillKey === params.name)
    if (!skill) throw unavailable(`Skill not found: ${params.name.slice(0, 100)}`, { retryable: false })
    const step = skill.install.find(({ id }) => id === params.installId)
    if (!step) throw unavailable(`Installer not found: ${params.installId.slice(0, 100)}`, { retryable: false })
    const programs = step.bins.length > 0 ? step.bins.join(', ') : skill.name
    throw unavailable(`this gateway installs no programs: install ${programs} by hand (${step.label})`, { retryable: false })
  },
})

const MAX_ENTRY_CHARS = 16 * 1024

export const skillsUpdate = defineMethod({
  name: 'skills.update',
  scope: 'operator.admin',
  summary: 'Switches a skill on or off, and keeps the key and the variables that it needs, in the configuration.',
  params: z.union([
    z.strictObject({
      skillKey: text.max(128),
      enabled: z.boolean().optional(),
      apiKey: z.string().max(MAX_ENTRY_CHARS).optional(),
      env: z.record(z.string().max(128), z.string().max(MAX_ENTRY_CHARS)).optional(),
    }),
    z.strictObject({ agentId: text.optional(), source: z.literal('clawhub'), slug: text.optional(), all: z.boolean().optional(), force: z.boolean().optional() }),
  ]),
  result: z.strictObject({ ok: z.literal(true), skillKey: text, config: z.record(z.string(), z.unknown()) }),
  uses: ['bus', 'configWriter', 'skills'],
  async handler(params, { bus, configWriter, skills, caller }) {
    if ('source' in params) return updateFromRegistry(params)
    const { skillKey, ...change } = params
    if ([skillKey, ...Object.keys(change.env ?? {})].some(isDangerousKey)) throw invalid('invalid skills.update params: at /skillKey: is not a name')
    let entry: Record<string, unknown> = {}
    await configWriter.change({ by: caller.id, how: 'skills.update' }, (source) => {
      const section = isObject(source['skills']) ? source['skills'] : {}
      const entries = isObject(section['entries']) ? section['entries'] : {}
      const known = Object.hasOwn(entries, skillKey) && isObject(entries[skillKey]) ? entries[skillKey] : {}
      entry = changeEntry(known, change)
      return { ...source, skills: { ...section, entries: { ...entries, [skillKey]: entry } } }
    })
    skills.forget()
    bus.publish(skillsChanged, { reason: 'config-change' })
    return { ok: true as const, skillKey, config: (redact({ skill: entry }) as { skill: Record<string, unknown> }).skill }
  },
})

type EntryChange = { readonly enabled?: boolean | undefined; readonly apiKey?: string | undefined; readonly env?: Readonly<Record<string, string>> | undefined }

/** An empty text takes a key or a variable away. */
function changeEntry(known: Readonly<Record<string, unknown>>, { enabled, apiKey, env }: EntryChange): Record<string, unknown> {
  const entry: Record<string, unknown> = { ...known }
  if (enabled !== undefined) entry['enabled'] = enabled
  if (apiKey !== undefined && apiKey.trim() !== '') entry['apiKey'] = apiKey.trim()
  else if (apiKey !== undefined) delete entry['apiKey']
  if (env) {
    const all = { ...(isObject(known['env']) ? known['env'] : {}), ...env }
    entry['env'] = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== ''))
  }
  return entry
}

function updateFromRegistry({ slug, all }: { slug?: string | undefined; all?: boolean | undefined }) {
  if (slug === undefined && !all) throw invalid('clawhub skills.update requires "slug" or "all"')
  if (slug === undefined) return { ok: true as const, skillKey: 'clawhub', config: { source: 'clawhub', results: [] } }
  const error = `Skill "${slug.slice(0, 100)}" is not tracked as a ClawHub install.`
  throw unavailable(error, { retryable: false, details: { results: [{ ok: false, error }] } })
}

// Plugins: there are the parts that are built in. Others cannot be installed yet.

import * as z from 'zod'
import { sha256Hex } from '../kit/bytes.ts'
import { invalid, unavailable } from '../protocol/errors.ts'
import { defineMethod } from '../rpc/method.ts'
import type { BuiltinPart } from '../services/operations/builtin-parts.ts'

const text = z.string().min(1)
const acknowledgement = z.strictObject({ reviewToken: text }).optional()
const names = z.array(text)

const row = z.strictObject({
  id: text,
  name: text,
  description: text,
  version: text,
  kind: z.array(text),
  origin: z.literal('bundled'),
  installed: z.literal(true),
  enabled: z.literal(true),
  state: z.literal('enabled'),
  removable: z.literal(false),
})

const toRow = ({ id, name, description, kind }: BuiltinPart, version: string): z.output<typeof row> => ({
  id,
  name,
  description,
  version,
  kind: [kind],
  origin: 'bundled',
  installed: true,
  enabled: true,
  state: 'enabled',
  removable: false,
})

const short = (id: string): string => id.slice(0, 100)

export const pluginsList = defineMethod({
  name: 'plugins.list',
  scope: 'operator.read',
  summary: 'The parts that are built in.',
  params: z.strictObject({}),
  result: z.strictObject({ plugins: z.array(row), diagnostics: z.array(z.never()), mutationAllowed: z.literal(false) }),
  uses: ['builtinParts'],
  handler: (_, { builtinParts }) => ({
    plugins: builtinParts.list().map((part) => toRow(part, builtinParts.version)),
    diagnostics: [],
    mutationAllowed: false as const,
  }),
})

const grant = z.strictObject({ effective: z.boolean() })

export const pluginsInspect = defineMethod({
  name: 'plugins.inspect',
  scope: 'operator.read',
  summary: 'What a part brings along, and what it may do.',
  params: z.strictObject({ pluginId: text }),
  result: z.strictObject({
    ok: z.literal(true),
    plugin: z.strictObject({ id: text, name: text, version: text, description: text, origin: text, installed: z.literal(true), enabled: z.literal(true) }),
    source: z.strictObject({ kind: z.literal('bundled') }),
    declared: z.strictObject({
      channels: names,
      providers: names,
      tools: names,
      contracts: names,
      hooks: names,
      mcpServers: names,
      cliCommands: names,
      cliBackends: names,
      skills: names,
      dangerousConfigFlags: names,
    }),
    reviewToken: text,
    grants: z.strictObject({ hooks: z.strictObject({ allowPromptInjection: grant, allowConversationAccess: grant }) }),
  }),
  uses: ['builtinParts'],
  async handler({ pluginId }, { builtinParts }) {
    const part = builtinParts.find(pluginId)
    if (!part) throw invalid(`Plugin "${short(pluginId)}" not found.`)
    const { id, name, version, description, origin, installed, enabled } = toRow(part, builtinParts.version)
    const none = { channels: [], tools: [], contracts: [], hooks: [], mcpServers: [], cliCommands: [], cliBackends: [], skills: [], dangerousConfigFlags: [] }
    const no = { effective: false }
    return {
      ok: true as const,
      plugin: { id, name, version, description, origin, installed, enabled },
      source: { kind: 'bundled' as const },
      declared: { ...none, providers: [...part.providers] },
      reviewToken: await sha256Hex(`${id} ${version}`),
      grants: { hooks: { allowPromptInjection: no, allowConversationAccess: no } },
    }
  },
})

export const pluginsCatalogBrowse = defineMethod({
  name: 'plugins.catalog.browse',
  scope: 'operator.read',
  summary: 'What could be installed, and what is: of the one nothing, of the other what is built in.',
  params: z.strictObject({
    query: z.string().max(200).optional(),
    category: z.string().max(100).optional(),
    /** All of it is one page. */
    cursor: z.string().max(200).optional(),
    pageSize: z.int().min(1).optional(),
    intent: z.string().max(100).optional(),
  }),
  result: z.strictObject({
    items: z.array(
      z.strictObject({
        id: text,
        catalog: z.strictObject({ name: text, summary: text, official: z.literal(true), categories: names, latestVersion: text }),
        local: z.strictObject({
          present: z.literal(true),
          installed: z.literal(true),
          enabled: z.literal(true),
          state: z.literal('enabled'),
          pluginId: text,
          action: z.literal('manage'),
        }),
      }),
    ),
  }),
  uses: ['builtinParts'],
  handler({ query = '', cursor, category }, { builtinParts }) {
    const wanted = query.trim().toLowerCase()
    const found = builtinParts.list().filter(({ name, description }) => `${name} ${description}`.toLowerCase().includes(wanted))
    const isOther = cursor !== undefined || (category !== undefined && category !== 'models')
    const items = (isOther ? [] : found).map(({ id, name, description }) => ({
      id: `local_${id}`,
      catalog: { name, summary: description, official: true as const, categories: ['models'], latestVersion: builtinParts.version },
      local: { present: true as const, installed: true as const, enabled: true as const, state: 'enabled' as const, pluginId: id, action: 'manage' as const },
    }))
    return { items }
  },
})

export const pluginsInstall = defineMethod({
  name: 'plugins.install',
  scope: 'operator.admin',
  hidden: true,
  summary: 'Installs a plugin. This version has no place for them.',
  params: z.union([
    z.strictObject({
      source: z.literal('clawhub'),
      packageName: text,
      version: text.optional(),
      acknowledgeInstallPolicyWarning: z.literal(true).optional(),
      acknowledgeCapabilities: acknowledgement,
    }),
    z.strictObject({
      source: z.literal('official'),
      pluginId: text,
      acknowledgeInstallPolicyWarning: z.literal(true).optional(),
      acknowledgeCapabilities: acknowledgement,
    }),
  ]),
  result: z.never(),
  uses: [],
  handler(): never {
    throw unavailable('plugins cannot be installed in this version of edgeclaw: what it has is built in, see plugins.list', {
      retryable: false,
      details: { pluginInstallRejected: true },
    })
  },
})

export const pluginsSetEnabled = defineMethod({
  name: 'plugins.setEnabled',
  scope: 'operator.admin',
  summary: 'Switches a plugin on or off. What is built in is on.',
  params: z.strictObject({ pluginId: text, enabled: z.boolean(), acknowledgeCapabilities: acknowledgement }),
  result: z.strictObject({ ok: z.literal(true), plugin: row, restartRequired: z.literal(false) }),
  uses: ['builtinParts'],
  handler({ pluginId, enabled }, { builtinParts }) {
    const part = builtinParts.find(pluginId)
    if (!part) throw invalid(`plugin not installed: ${short(pluginId)}`)
    if (!enabled) throw invalid(`"${part.id}" is built in, and cannot be switched off`)
    return { ok: true as const, plugin: toRow(part, builtinParts.version), restartRequired: false as const }
  },
})

export const pluginsUninstall = defineMethod({
  name: 'plugins.uninstall',
  scope: 'operator.admin',
  hidden: true,
  summary: 'Removes a plugin. What is built in stays.',
  params: z.strictObject({ pluginId: text }),
  result: z.never(),
  uses: ['builtinParts'],
  handler({ pluginId }, { builtinParts }): never {
    if (builtinParts.find(pluginId)) throw invalid(`"${pluginId}" is built in, and cannot be removed`)
    throw invalid(`Plugin not found: ${short(pluginId)}`)
  },
})

export const pluginsRefresh = defineMethod({
  name: 'plugins.refresh',
  scope: 'operator.admin',
  summary: 'Looks for changes of plugins. What is built in does not change while it runs.',
  params: z.strictObject({}),
  result: z.strictObject({ ok: z.literal(true) }),
  uses: [],
  handler: () => ({ ok: true as const }),
})

// Skills: folders with a file that tells an agent how to do something. They lie in the workspace of an agent, or in the
// folder that all agents share; nodes bring some along, too. Whether one can be used depends on what is installed.

import { keepFresh } from '../../kit/fresh.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Host } from '../../ports/host.ts'
import type { Workspace } from '../../ports/workspace.ts'
import type { ConfigService } from '../operations/config.ts'
import type { AgentFiles } from './agent-files.ts'
import { parseSkillFile, type Needs, type SkillFile } from './skill-file.ts'

export interface RemoteSkill {
  readonly nodeId: string
  readonly name: string
  readonly description: string
  readonly content: string
}

export interface Skill extends SkillFile {
  readonly source: 'openclaw-workspace' | 'openclaw-managed' | 'openclaw-node'
  readonly filePath: string
  readonly baseDir: string
  readonly content: string
  readonly disabled: boolean
  /** It cannot run on this system at all. */
  readonly platformIncompatible: boolean
  readonly missing: Needs
  readonly eligible: boolean
}

export interface Skills {
  /** In the order of their names; of two with one name, that of the workspace. */
  list(agentId: string): Promise<readonly Skill[]>
  /** Those that the agent may use by itself. */
  usable(agentId: string): Promise<readonly Skill[]>
  /** What an agent is told of them; null when it has none. */
  notes(agentId: string): Promise<string | null>
  /** The folder that all agents share; empty where there is none. */
  readonly managedDir: string
  /** The programs that skills need, as far as they were looked at. */
  bins(): string[]
  /** What others bring along. */
  addSource(source: () => readonly RemoteSkill[]): void
  /** What was looked at may be another now. */
  forget(): void
}

type Env = Readonly<Record<string, string | undefined>>
type Found = Pick<Skill, 'source' | 'filePath' | 'baseDir' | 'content'> & SkillFile

const FOLDER = 'skills'
const FILE = 'SKILL.md'
const MAX_SKILLS = 200
const MAX_FILE_BYTES = 256 * 1024
/** A look at the folders holds so long: every turn of an agent asks. */
const FRESH_MS = 5000
const MAX_BINS = 1000
const NO_NEEDS: Needs = { bins: [], anyBins: [], env: [], config: [], os: [] }

export function createSkills(deps: { config: ConfigService; files: Pick<AgentFiles, 'open'>; host: Host; env: Env; clock: Clock }): Skills {
  const { config, files, host, env, clock } = deps
  const sources: (() => readonly RemoteSkill[])[] = []
  const managed = host.workspaces?.open(FOLDER, false, FOLDER) ?? null
  const knownBins = new Set<string>()

  function noteBins({ bins, anyBins }: Needs) {
    for (const bin of [...bins, ...anyBins]) if (knownBins.size < MAX_BINS) knownBins.add(bin)
  }

  async function readFolder(workspace: Workspace, folder: string, source: Found['source']): Promise<Found[]> {
    const entries = (await workspace.list(folder)) ?? []
    const found: Found[] = []
    for (const { name, kind } of entries.slice(0, MAX_SKILLS)) {
      if (kind !== 'directory') continue
      const path = folder === '' ? name : `${folder}/${name}`
      const file = await workspace.read(`${path}/${FILE}`, MAX_FILE_BYTES).catch(() => null)
      if (!file || file === 'too-large') continue
      const content = new TextDecoder().decode(file.bytes)
      const skill = parseSkillFile(content, name)
      if (!skill) continue
      noteBins(skill.needs)
      found.push({ ...skill, source, content, baseDir: `${workspace.root}/${path}`, filePath: `${workspace.root}/${path}/${FILE}` })
    }
    return found
  }

  async function look(agentId: string): Promise<readonly Found[]> {
    const own = await readFolder(files.open(agentId), FOLDER, 'openclaw-workspace')
    const shared = managed ? await readFolder(managed, '', 'openclaw-managed') : []
    return [...own, ...shared.filter(({ name }) => !own.some((each) => each.name === name))]
  }

  const seen = keepFresh({ now: clock.now, ms: FRESH_MS, max: MAX_SKILLS, look })

  const entryOf = (skillKey: string) => {
    const entries = config.current.skills?.entries ?? {}
    return Object.hasOwn(entries, skillKey) ? entries[skillKey]! : {}
  }

  function missingOf({ needs, skillKey, primaryEnv }: SkillFile): Needs {
    const { apiKey, env: own = {} } = entryOf(skillKey)
    const has = (name: string) => host.hasProgram?.(name) ?? false
    const isSet = (name: string) => Boolean(own[name] ?? env[name]) || (name === primaryEnv && Boolean(apiKey))
    const system = host.system?.().platform
    return {
      bins: needs.bins.filter((name) => !has(name)),
      anyBins: needs.anyBins.some(has) ? [] : needs.anyBins,
      env: needs.env.filter((name) => !isSet(name)),
      config: needs.config.filter((path) => !isConfigured(config.current, path)),
      os: needs.os.length === 0 || (system !== undefined && needs.os.includes(system)) ? [] : needs.os,
    }
  }

  function toSkill(found: Found): Skill {
    const disabled = entryOf(found.skillKey).enabled === false
    const missing = found.source === 'openclaw-node' ? NO_NEEDS : missingOf(found)
    const platformIncompatible = missing.os.length > 0
    const hasAll = [missing.bins, missing.anyBins, missing.env, missing.config].every((each) => each.length === 0)
    return { ...found, disabled, missing, platformIncompatible, eligible: !disabled && !platformIncompatible && (found.always || hasAll) }
  }

  const fromNodes = (): Found[] =>
    sources
      .flatMap((source) => source())
      .slice(0, MAX_SKILLS)
      .map(({ nodeId, name, description, content }) => {
        const facts = { name, description, skillKey: name, always: false, userInvocable: true, modelInvocable: true, needs: NO_NEEDS, install: [] }
        return { ...facts, source: 'openclaw-node' as const, content, baseDir: `node:${nodeId}`, filePath: `node:${nodeId}/${name}/${FILE}` }
      })

  async function list(agentId: string): Promise<readonly Skill[]> {
    const here = await seen.get(agentId)
    const remote = fromNodes().filter(({ name }, index, all) => !here.some((each) => each.name === name) && all.findIndex((other) => other.name === name) === index)
    return [...here, ...remote].map(toSkill).toSorted((a, b) => (a.name < b.name ? -1 : 1))
  }

  const usable = async (agentId: string) => (await list(agentId)).filter(({ eligible, modelInvocable }) => eligible && modelInvocable)

  return {
    list,
    usable,
    async notes(agentId) {
      const lines = (await usable(agentId)).map(({ name, description }) => `- ${name}: ${description}`)
      return lines.length === 0 ? null : `# Your skills\n\nRead one with the tool skill_read before you do what it is for.\n\n${lines.join('\n')}`
    },
    managedDir: managed?.root ?? '',
    bins: () => [...knownBins],
    addSource: (source) => void sources.push(source),
    forget: () => seen.forget(),
  }
}

function isConfigured(config: unknown, path: string): boolean {
  let value = config
  for (const key of path.split('.')) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return false
    value = (value as Record<string, unknown>)[key]
  }
  return Boolean(value)
}

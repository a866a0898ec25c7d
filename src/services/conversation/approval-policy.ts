// The policy file of this gateway, `exec-approvals` of version 1, kept in the database: which commands agents may run
// here, and when a person is asked first. Values that mean nothing are left out.

import * as z from 'zod'
import { sha256Hex } from '../../kit/bytes.ts'
import { stableStringify } from '../../kit/json.ts'
import { uuid } from '../../kit/ids.ts'
import { fitsWildcard } from '../../kit/wildcard.ts'
import { isDangerousKey } from '../../kit/keys.ts'
import { invalid } from '../../protocol/errors.ts'
import { approvalsFile, ASKS, SECURITIES, type ApprovalsFile, type ApprovalsSnapshot, type ResolvedPolicy } from '../../protocol/approval-shapes.ts'
import type { Sql } from '../../ports/sql.ts'
import { createCollection } from '../../store/collection.ts'
import type { Commit } from '../../store/commit.ts'
import type { ExecWish } from './approval-wish.ts'

export type Judgement = 'allow' | 'ask' | 'deny'

/** What an agent wants to run. */
export interface JudgedCommand {
  readonly agentId: string | null
  readonly argv: readonly string[]
  readonly resolvedPath?: string | null
  /** What holds where the file says nothing. Absent: everything is allowed. */
  readonly unless?: Partial<Pick<ResolvedPolicy, 'security' | 'ask'>>
}

export interface ApprovalPolicy {
  get(): Promise<ApprovalsSnapshot>
  /** Replaces the file. `baseHash` is that of the file which the caller has seen. */
  set(file: ApprovalsFile, baseHash: string | undefined): Promise<ApprovalsSnapshot>
  /** What the policy of an agent says of a command. */
  judge(command: JudgedCommand): Judgement
  /** The same of a wish that says what holds where the file says nothing. */
  judgeWish(wish: ExecWish): Judgement
  /** The same where a person would have to be asked, and nobody can be. */
  judgeUnasked(command: JudgedCommand): 'allow' | 'deny'
}

const DEFAULTS: ResolvedPolicy = { security: 'full', ask: 'off', askFallback: 'deny', autoAllowSkills: false }
const MAX_AGENTS = 1000
const MAX_ENTRIES = 5000
const ID = 'gateway'

type Agent = NonNullable<ApprovalsFile['agents']>[string]

export function createApprovalPolicy(deps: { sql: Sql; commit: Commit; place: string }): ApprovalPolicy {
  const { sql, commit } = deps
  const kept = createCollection(sql, 'exec-approvals', z.strictObject({ hash: z.string(), file: approvalsFile }))
  const path = `${deps.place}#exec_approvals`

  const current = (): ApprovalsFile => kept.get(ID)?.value.file ?? EMPTY

  async function read(): Promise<ApprovalsSnapshot> {
    const known = kept.get(ID)?.value
    const hash = known?.hash ?? (await hashOf(EMPTY))
    return toSnapshot(path, known !== undefined, known?.file ?? EMPTY, hash)
  }

  function policyOf({ agentId, unless }: JudgedCommand): ResolvedPolicy & { allowlist: NonNullable<Agent['allowlist']> } {
    const { defaults, agents = {} } = current()
    const all = agents['*']
    const own = agentId !== null && Object.hasOwn(agents, agentId) ? agents[agentId] : undefined
    const allowlist = [...(all?.allowlist ?? []), ...(own?.allowlist ?? [])]
    return { ...DEFAULTS, ...unless, ...meaningful(defaults), ...meaningful(all), ...meaningful(own), allowlist }
  }

  function judge(command: JudgedCommand): Judgement {
    const { security, ask, allowlist } = policyOf(command)
    if (security === 'deny') return 'deny'
    if (ask === 'always') return 'ask'
    if (security === 'full' || allowlist.some((entry) => matches(entry, command))) return 'allow'
    return ask === 'on-miss' ? 'ask' : 'deny'
  }

  return {
    get: read,
    async set(file, baseHash) {
      const before = await read()
      const cleaned = clean(file)
      const hash = await hashOf(cleaned)
      commit.tx(() => {
        const known = kept.get(ID)?.value.hash ?? before.hash
        if (baseHash === undefined && before.exists) throw invalid('exec approvals base hash required; re-run exec.approvals.get and retry')
        if (baseHash !== undefined && baseHash !== known) throw invalid('exec approvals changed since last load; re-run exec.approvals.get and retry')
        kept.put(ID, { hash, file: cleaned })
      })
      return toSnapshot(path, true, cleaned, hash)
    },
    judge,
    judgeWish: (wish) => judge(toCommand(wish)),
    judgeUnasked(command) {
      const { askFallback, allowlist } = policyOf(command)
      if (askFallback === 'full') return 'allow'
      return askFallback === 'allowlist' && allowlist.some((entry) => matches(entry, command)) ? 'allow' : 'deny'
    },
  }
}

/** What would be run, as the policy looks at it. */
export function toCommand({ agentId = null, command = '', commandArgv, systemRunPlan, resolvedPath = null, security, ask }: ExecWish): JudgedCommand {
  const known = { security: oneOf(SECURITIES, security ?? undefined), ask: oneOf(ASKS, ask ?? undefined) }
  const unless = { ...(known.security && { security: known.security }), ...(known.ask && { ask: known.ask }) }
  return { agentId, argv: systemRunPlan?.argv ?? commandArgv ?? [command], resolvedPath, unless }
}

const EMPTY: ApprovalsFile = { version: 1, defaults: {}, agents: {} }

const hashOf = (file: ApprovalsFile): Promise<string> => sha256Hex(stableStringify(file))

const toSnapshot = (path: string, exists: boolean, file: ApprovalsFile, hash: string): ApprovalsSnapshot => ({
  path,
  exists,
  file,
  hash,
  resolvedDefaults: { ...DEFAULTS, ...meaningful(file.defaults) },
})

const oneOf = <const T extends string>(values: readonly T[], value: string | undefined): T | undefined => values.find((each) => each === value)

/** The members that say something. */
function meaningful(policy: ApprovalsFile['defaults']): Partial<ResolvedPolicy> {
  const security = oneOf(SECURITIES, policy?.security)
  const ask = oneOf(ASKS, policy?.ask)
  const askFallback = oneOf(SECURITIES, policy?.askFallback)
  const autoAllowSkills = policy?.autoAllowSkills
  return {
    ...(security !== undefined && { security }),
    ...(ask !== undefined && { ask }),
    ...(askFallback !== undefined && { askFallback }),
    ...(autoAllowSkills !== undefined && { autoAllowSkills }),
  }
}

/** As it is kept: without what means nothing, and without the token of a socket that is not here. */
function clean({ socket, defaults, agents = {} }: ApprovalsFile): ApprovalsFile {
  const names = Object.keys(agents)
  const dangerous = names.find(isDangerousKey)
  if (dangerous !== undefined) throw invalid(`"${dangerous}" cannot be the name of an agent`)
  const entries = Object.values(agents).reduce((sum, { allowlist, mcpTools }) => sum + (allowlist?.length ?? 0) + (mcpTools?.length ?? 0), 0)
  if (names.length > MAX_AGENTS || entries > MAX_ENTRIES) {
    throw invalid(`the file is too large: at most ${MAX_AGENTS} agents and ${MAX_ENTRIES} entries`)
  }
  return {
    version: 1,
    ...(socket?.path !== undefined && { socket: { path: socket.path } }),
    defaults: meaningful(defaults),
    agents: Object.fromEntries(names.map((name) => [name, cleanAgent(agents[name]!)])),
  }
}

function cleanAgent({ allowlist, mcpTools, ...policy }: Agent): Agent {
  return {
    ...meaningful(policy),
    ...(allowlist && { allowlist: allowlist.map(cleanEntry) }),
    ...(mcpTools && { mcpTools }),
  }
}

/** Each has an id; the text that a client shows for it is its own. */
function cleanEntry(entry: NonNullable<Agent['allowlist']>[number]) {
  const { commandText: _, id = uuid(), ...rest } = entry
  return { ...rest, id }
}

/** `*` stands for any characters. A pattern without a slash is a name that is looked up, never a path. */
function matches(entry: NonNullable<Agent['allowlist']>[number], { argv, resolvedPath }: JudgedCommand): boolean {
  const { pattern, argPattern } = entry
  if (argPattern !== undefined && !fitsWildcard(argPattern, argv.slice(1).join(' '))) return false
  if (pattern === '*') return true
  const named = argv[0] ?? ''
  if (!pattern.includes('/')) return !named.includes('/') && fitsWildcard(pattern, named)
  const program = resolvedPath || named
  return !/(?:^|\/)\.{1,2}(?:\/|$)/.test(program) && fitsWildcard(pattern, program)
}

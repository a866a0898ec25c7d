// The configuration file: OpenClaw's own keys, those of them that edgeclaw acts on. Every object is open, because a
// file of an existing user holds more than this; what nobody knows is kept and named once in a warning.

import { hooksSection } from '../automation/hook-settings.ts'
import * as z from 'zod'
import { parseDuration } from '../../kit/duration.ts'
import { isZone } from '../../kit/zone.ts'

const text = z.string().min(1)
const seconds = z.number().min(0)

/** `"provider/model"`, or that with fallbacks. */
const modelChoice = z.union([text, z.looseObject({ primary: text.optional(), fallbacks: z.array(text).optional() })])

const providerModel = z.looseObject({
  id: text,
  name: text.optional(),
  contextWindow: z.int().min(1).optional(),
  maxTokens: z.int().min(1).optional(),
  input: z.array(z.string()).optional(),
  reasoning: z.boolean().optional(),
  /** USD for a million tokens of each kind; instead of what is published. */
  cost: z
    .looseObject({
      input: z.number().min(0).optional(),
      output: z.number().min(0).optional(),
      cacheRead: z.number().min(0).optional(),
      cacheWrite: z.number().min(0).optional(),
    })
    .optional(),
})

const provider = z.looseObject({
  baseUrl: z.url({ protocol: /^https?$/ }).optional(),
  apiKey: z.string().optional(),
  api: text.optional(),
  headers: z.record(z.string(), z.string()).optional(),
  timeoutSeconds: seconds.optional(),
  models: z.array(providerModel).optional(),
  // What only some wires ask for; what is not set here, the environment may have.
  /** Bedrock: where, and who asks: these, or a bearer token as apiKey. */
  region: z.string().regex(/^[a-z0-9-]{1,40}$/).optional(),
  accessKeyId: text.optional(),
  secretAccessKey: text.optional(),
  sessionToken: text.optional(),
  /** Azure: the resource, and how its deployments are called. */
  resourceName: z.string().regex(/^[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?$/).optional(),
  apiVersion: text.optional(),
  useDeploymentBasedUrls: z.boolean().optional(),
  /** OpenAI. */
  organization: text.optional(),
  project: text.optional(),
})

const identity = z.looseObject({ name: text.optional(), emoji: text.optional(), avatar: text.optional() })

/** A span of time, such as "30m"; "0m" is never. */
const duration = z.string().refine((value) => parseDuration(value) !== null, 'must be a span of time, such as "30m", "1h" or "0m"')
const timeOfDay = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$|^24:00$/)
const zone = z.string().refine((value) => ['user', 'local'].includes(value) || isZone(value), 'must be an IANA time zone, such as "Europe/Stockholm"')

/** The gateway asks an agent by itself whether anything needs attention. */
const heartbeat = z.looseObject({
  every: duration.optional(),
  activeHours: z.looseObject({ start: timeOfDay.optional(), end: timeOfDay.optional(), timezone: zone.optional() }).optional(),
  prompt: z.string().optional(),
  target: text.optional(),
  model: text.optional(),
  session: text.optional(),
  timeoutSeconds: z.int().min(1).optional(),
  /** Whose heartbeat the defaults mean, where no agent has one of its own. */
  agentId: text.optional(),
  /** Characters beside HEARTBEAT_OK up to which an answer says nothing. */
  ackMaxChars: z.int().min(0).optional(),
  visibility: z.looseObject({ showOk: z.boolean().optional(), showAlerts: z.boolean().optional() }).optional(),
})
export type HeartbeatConfig = z.output<typeof heartbeat>

/** Names of tools: `*` stands for any characters, `group:<name>` for a group. */
const toolNames = z.array(text)
const PROFILES = ['minimal', 'coding', 'messaging', 'full'] as const
const toolLists = z.looseObject({
  profile: z.enum(PROFILES).optional(),
  allow: toolNames.optional(),
  /** Beside the profile. */
  alsoAllow: toolNames.optional(),
  deny: toolNames.optional(),
})
export type ToolLists = z.output<typeof toolLists>

/** What the tools of an agent are, of all agents or of one. */
const toolPolicy = toolLists.extend({
  /** By `provider` or `provider/model`. */
  byProvider: z.record(z.string(), toolLists).optional(),
  /** By `id:<who asked>`; `*` is everybody else. */
  toolsBySender: z.record(z.string(), toolLists).optional(),
})

const subagents = z.looseObject({
  /** Sub-agents of all sessions that work at once. */
  maxConcurrent: z.int().min(1).max(100).optional(),
  maxSpawnDepth: z.int().min(1).max(5).optional(),
  maxChildrenPerAgent: z.int().min(1).max(20).optional(),
  runTimeoutSeconds: z.int().min(0).optional(),
  model: modelChoice.optional(),
  /** Agents that it may spawn beside itself; `*`: any. */
  allowAgents: z.array(text).optional(),
})

/** A server of tools: reached by HTTP, or a program of this machine. */
const mcpServer = z.looseObject({
  enabled: z.boolean().optional(),
  url: z.url({ protocol: /^https?$/ }).optional(),
  transport: text.optional(),
  headers: z.record(z.string(), z.string()).optional(),
  command: text.optional(),
  args: z.array(z.string()).optional(),
  env: z.record(z.string(), z.string()).optional(),
  cwd: text.optional(),
  connectionTimeoutMs: z.number().min(1).optional(),
  requestTimeoutMs: z.number().min(1).optional(),
  toolFilter: z.looseObject({ include: toolNames.optional(), exclude: toolNames.optional() }).optional(),
})
export type McpServerConfig = z.output<typeof mcpServer>

/** Where vectors come from: OpenClaw's place for it. */
const memorySearch = z.looseObject({ provider: text.optional(), model: text.optional() })

const agent = z.looseObject({
  name: text.optional(),
  default: z.boolean().optional(),
  workspace: text.optional(),
  model: modelChoice.optional(),
  identity: identity.optional(),
  systemPrompt: z.string().optional(),
  heartbeat: heartbeat.optional(),
  tools: toolPolicy.optional(),
  subagents: subagents.optional(),
})

/** One voice: of a vendor that speaks the OpenAI wire, or of this machine. */
const speechProvider = z.looseObject({
  baseUrl: z.url({ protocol: /^https?$/ }).optional(),
  apiKey: z.string().optional(),
  model: text.optional(),
  voice: text.optional(),
  format: text.optional(),
  speed: z.number().min(0.25).max(4).optional(),
  instructions: z.string().optional(),
})
export type SpeechProviderConfig = z.output<typeof speechProvider>

const persona = z.looseObject({
  label: text.optional(),
  description: z.string().optional(),
  provider: text.optional(),
  providers: z.record(z.string(), z.looseObject({})).optional(),
})

/** Of a skill: whether it may be used, and what it needs. */
const skillEntry = z.looseObject({ enabled: z.boolean().optional(), apiKey: z.string().optional(), env: z.record(z.string(), z.string()).optional() })

const agentId = z.string().regex(/^[a-z0-9][a-z0-9_-]{0,63}$/)

/** Where an id stands that an agent before it has. */
const twinsOf = (list: readonly string[], entries: readonly string[]): (string | number)[][] => [
  ...list.flatMap((id, index) => (list.indexOf(id) < index ? [['list', index, 'id']] : [])),
  ...entries.flatMap((id) => (list.includes(id) ? [['entries', id]] : [])),
]

export const configSchema = z.looseObject({
  gateway: z
    .looseObject({
      mode: z.enum(['local', 'remote']).optional(),
      port: z.int().min(1).max(65_535).optional(),
      bind: z.enum(['auto', 'loopback', 'lan', 'tailnet', 'custom']).optional(),
      customBindHost: text.optional(),
      auth: z
        .looseObject({
          mode: z.enum(['none', 'token', 'password', 'trusted-proxy']).optional(),
          token: text.optional(),
          password: text.optional(),
        })
        .optional(),
      controlUi: z
        .looseObject({
          enabled: z.boolean().optional(),
          /** Where the Control UI is shown: `/control-ui`, or empty for the root. */
          basePath: z.string().regex(/^$|^\/[A-Za-z0-9/_-]*$/).optional(),
          allowedOrigins: z.array(text).optional(),
        })
        .optional(),
      http: z
        .looseObject({
          /** Hosts of one's own network that may be reached when somebody names them. */
          allowPrivateHosts: z.array(text).optional(),
          endpoints: z
            .looseObject({
              chatCompletions: z.looseObject({ enabled: z.boolean().optional() }).optional(),
              responses: z.looseObject({ enabled: z.boolean().optional() }).optional(),
              metrics: z.looseObject({ enabled: z.boolean().optional() }).optional(),
            })
            .optional(),
        })
        .optional(),
      nodes: z
        .looseObject({
          pairing: z
            .looseObject({ autoApproveLocal: z.boolean().optional(), autoApproveCidrs: z.array(text).optional() })
            .optional(),
          /** Beside what the platform of a node may do. */
          commands: z.looseObject({ allow: z.array(text).optional(), deny: z.array(text).optional() }).optional(),
        })
        .optional(),
      /** Calls of tools from outside a run, against what is denied there unless it is allowed here. */
      tools: z.looseObject({ allow: toolNames.optional(), deny: toolNames.optional() }).optional(),
      /** How others reach this gateway: what setup codes name. */
      publicOrigin: text.optional(),
      /** `off`: changes of the file wait for a restart. `hot`: only what needs one waits. Else the gateway restarts by itself. */
      reload: z.looseObject({ mode: z.enum(['off', 'hybrid', 'hot', 'restart']).optional() }).optional(),
      /** edgeclaw's own: bytes of the largest message after connect. */
      maxPayloadBytes: z
        .int()
        .min(64 * 1024)
        .max(100 * 1024 * 1024)
        .optional(),
    })
    .optional(),
  agents: z
    .looseObject({
      defaults: z
        .looseObject({
          model: modelChoice.optional(),
          workspace: text.optional(),
          timeoutSeconds: seconds.optional(),
          maxConcurrent: z.int().min(1).max(1000).optional(),
          heartbeat: heartbeat.optional(),
          memorySearch: memorySearch.optional(),
          subagents: subagents.optional(),
          /** What makes pictures. */
          imageGenerationModel: modelChoice.optional(),
        })
        .optional(),
      list: z.array(agent.extend({ id: agentId })).optional(),
      entries: z.record(agentId, agent).optional(),
    })
    .superRefine(({ list = [], entries = {} }, context) => {
      const twins = twinsOf(list.map(({ id }) => id), Object.keys(entries))
      for (const path of twins) context.addIssue({ code: 'custom', path, message: 'is the id of another agent, too — give each an id of its own' })
    })
    .optional(),
  models: z
    .looseObject({
      mode: z.enum(['merge', 'replace']).optional(),
      providers: z.record(z.string(), provider).optional(),
      /** What answers under /v1/embeddings and /v1/audio/transcriptions where no model is named: "provider/model". */
      embeddings: text.optional(),
      transcription: text.optional(),
    })
    .optional(),
  session: z
    .looseObject({
      scope: z.enum(['per-sender', 'global']).optional(),
      mainKey: text.optional(),
      /** What sessions.cleanup does. */
      maintenance: z
        .looseObject({ mode: z.enum(['enforce', 'warn']).optional(), pruneAfter: duration.optional(), maxEntries: z.int().min(1).optional() })
        .optional(),
    })
    .optional(),
  cron: z
    .looseObject({
      enabled: z.boolean().optional(),
      maxConcurrentRuns: z.int().min(1).max(1000).optional(),
      /** What jobs do that say nothing about slots that passed while the gateway could not run: nothing. */
      skipMissedJobs: z.boolean().optional(),
      /** How long the session of a run is kept; false: for ever. */
      sessionRetention: z.union([duration, z.literal(false)]).optional(),
    })
    .optional(),
  /** How answers are spoken. */
  tts: z
    .looseObject({
      enabled: z.boolean().optional(),
      auto: text.optional(),
      provider: text.optional(),
      persona: text.optional(),
      personas: z.record(z.string(), persona).optional(),
      providers: z.record(z.string(), speechProvider).optional(),
      maxTextLength: z.int().min(1).max(100_000).optional(),
      timeoutMs: z.int().min(1000).max(600_000).optional(),
    })
    .optional(),
  /** Conversations by voice. */
  talk: z
    .looseObject({
      provider: text.optional(),
      providers: z.record(z.string(), z.looseObject({ apiKey: z.string().optional() })).optional(),
      realtime: z.looseObject({}).optional(),
      speechLocale: text.optional(),
      interruptOnSpeech: z.boolean().optional(),
      silenceTimeoutMs: z.int().min(1).optional(),
      consultThinkingLevel: text.optional(),
      consultFastMode: z.boolean().optional(),
    })
    .optional(),
  tools: toolPolicy
    .extend({
      /** How much of a restriction sub-agents have beside all others. */
      subagents: z.looseObject({ tools: toolLists.optional() }).optional(),
      /** Which sessions an agent may look at and speak to. */
      sessions: z.looseObject({ visibility: z.enum(['self', 'tree', 'agent', 'all']).optional() }).optional(),
      exec: z
        .looseObject({
          security: z.enum(['deny', 'allowlist', 'full']).optional(),
          ask: z.enum(['off', 'on-miss', 'always']).optional(),
          /** Seconds that a command may take unless it says how long. */
          timeoutSec: z.number().min(1).max(3600).optional(),
        })
        .optional(),
    })
    .optional(),
  mcp: z
    .looseObject({
      servers: z.record(z.string(), mcpServer).optional(),
      /** A conversation that nobody has used for so long is ended; it begins anew with the next call. */
      sessionIdleTtlMs: z.number().min(0).optional(),
    })
    .optional(),
  skills: z.looseObject({ entries: z.record(z.string(), skillEntry).optional() }).optional(),
  hooks: hooksSection,
  logging: z
    .looseObject({
      level: z.enum(['silent', 'fatal', 'error', 'warn', 'info', 'debug', 'trace']).optional(),
      /** `json`: a line of JSON for each record. */
      consoleStyle: z.enum(['pretty', 'compact', 'json']).optional(),
    })
    .optional(),
})

export type Config = z.output<typeof configSchema>
export type ProviderConfig = z.output<typeof provider>
export type AgentConfig = z.output<typeof agent>

/** Top-level sections of OpenClaw's file that other parts of it own; keeping them needs no warning. */
export const FOREIGN_SECTIONS: readonly string[] = [
  '$schema', 'meta', 'env', 'wizard', 'diagnostics', 'update', 'browser', 'ui', 'auth', 'nodeHost', 'bindings',
  'broadcast', 'audio', 'media', 'messages', 'commands', 'approvals', 'web', 'channels', 'discovery',
  'canvasHost', 'memory', 'plugins', 'secrets', 'acp', 'cli', 'security',
] // prettier-ignore

/** How to mend a value, by the key's path; said behind what is wrong with it. */
export const MENDS: Readonly<Record<string, string>> = {
  'gateway.port': 'use a number from 1 to 65535, such as 18789',
  'gateway.bind': 'use "loopback" for this machine only, "lan" for the network, or "custom" with gateway.customBindHost',
  'gateway.auth.mode': 'use "token" with gateway.auth.token, "password" with gateway.auth.password, or "none" on loopback',
  'gateway.maxPayloadBytes': 'use 65536 to 104857600; 26214400 is the default',
  'gateway.reload.mode': 'use "hybrid", or "off" to apply changes at a restart only',
  'gateway.mode': 'use "local"; a file with "remote" describes a client, not a gateway',
  'agents.defaults.model': 'use "provider/model", such as "openai/gpt-5.5"',
  'models.providers.*.baseUrl': 'use the address up to /v1, such as "http://127.0.0.1:11434/v1"',
  'agents.defaults.heartbeat.every': 'use a span of time, such as "30m", or "0m" to switch it off',
  'cron.maxConcurrentRuns': 'use a number from 1 to 1000; 8 is the default',
  'cron.sessionRetention': 'use a span of time, such as "24h", or false to keep the sessions of runs',
  'logging.level': 'use "error", "warn", "info" or "debug"',
}

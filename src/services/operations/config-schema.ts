// The configuration file: OpenClaw's own keys, those of them that edgeclaw acts on. Every object is open, because a
// file of an existing user holds more than this; what nobody knows is kept and named once in a warning.

import * as z from 'zod'

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
})

const provider = z.looseObject({
  baseUrl: z.url({ protocol: /^https?$/ }).optional(),
  apiKey: z.string().optional(),
  api: text.optional(),
  headers: z.record(z.string(), z.string()).optional(),
  timeoutSeconds: seconds.optional(),
  models: z.array(providerModel).optional(),
})

const identity = z.looseObject({ name: text.optional(), emoji: text.optional(), avatar: text.optional() })

const agent = z.looseObject({
  name: text.optional(),
  default: z.boolean().optional(),
  workspace: text.optional(),
  model: modelChoice.optional(),
  identity: identity.optional(),
  systemPrompt: z.string().optional(),
})

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
      controlUi: z.looseObject({ enabled: z.boolean().optional(), allowedOrigins: z.array(text).optional() }).optional(),
      http: z
        .looseObject({
          endpoints: z
            .looseObject({ chatCompletions: z.looseObject({ enabled: z.boolean().optional() }).optional() })
            .optional(),
        })
        .optional(),
      nodes: z
        .looseObject({ pairing: z.looseObject({ autoApproveLocal: z.boolean().optional() }).optional() })
        .optional(),
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
    })
    .optional(),
  session: z.looseObject({ scope: z.enum(['per-sender', 'global']).optional(), mainKey: text.optional() }).optional(),
  logging: z
    .looseObject({ level: z.enum(['silent', 'fatal', 'error', 'warn', 'info', 'debug', 'trace']).optional() })
    .optional(),
})

export type Config = z.output<typeof configSchema>
export type ProviderConfig = z.output<typeof provider>
export type AgentConfig = z.output<typeof agent>

/** Top-level sections of OpenClaw's file that other parts of it own; keeping them needs no warning. */
export const FOREIGN_SECTIONS: readonly string[] = [
  '$schema', 'meta', 'env', 'wizard', 'diagnostics', 'update', 'browser', 'ui', 'auth', 'nodeHost', 'bindings',
  'broadcast', 'audio', 'media', 'messages', 'commands', 'approvals', 'web', 'channels', 'cron', 'hooks', 'discovery',
  'canvasHost', 'talk', 'memory', 'skills', 'plugins', 'secrets', 'tools', 'acp', 'cli', 'tts', 'security',
] // prettier-ignore

/** How to mend a value, by the key's path; said behind what is wrong with it. */
export const MENDS: Readonly<Record<string, string>> = {
  'gateway.port': 'use a number from 1 to 65535, such as 18789',
  'gateway.bind': 'use "loopback" for this machine only, "lan" for the network, or "custom" with gateway.customBindHost',
  'gateway.auth.mode': 'use "token" with gateway.auth.token, "password" with gateway.auth.password, or "none" on loopback',
  'gateway.maxPayloadBytes': 'use 65536 to 104857600; 26214400 is the default',
  'gateway.mode': 'use "local"; a file with "remote" describes a client, not a gateway',
  'agents.defaults.model': 'use "provider/model", such as "openai/gpt-5.5"',
  'models.providers.*.baseUrl': 'use the address up to /v1, such as "http://127.0.0.1:11434/v1"',
  'logging.level': 'use "error", "warn", "info" or "debug"',
}

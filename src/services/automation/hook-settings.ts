// The `hooks` section of the configuration: who may call, and what a call means.

import * as z from 'zod'
import { secretsEqual } from '../../kit/bytes.ts'

const text = z.string().min(1)
const template = z.string().min(1).max(20_000)

/** How a call proves where it comes from, by its raw body: instead of a hook token. */
const hmac = z.strictObject({
  /** The header with the signature, such as `x-hub-signature-256`. */
  header: text,
  secret: text,
  algorithm: z.enum(['sha256', 'sha1', 'sha512']).optional(),
  encoding: z.enum(['hex', 'base64']).optional(),
  /** Stands before the signature, such as `sha256=`. */
  prefix: z.string().optional(),
  /** The header with the time of the call, in seconds: it is signed as `<time>.<body>`, and must be near. */
  timestampHeader: text.optional(),
  toleranceSeconds: z.int().min(1).max(86_400).optional(),
})

/** What a call must be for a mapping: each value is a text that must stand there, or `*`. */
const match = z.strictObject({
  path: text.optional(),
  /** The member `source` of the body. */
  source: text.optional(),
  /** By name, in lower case. */
  headers: z.record(z.string(), z.string()).optional(),
  /** By path into the body, such as `repository.full_name`. */
  body: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).optional(),
})

/** A part of the call in other words: `{{values.<name>}}` stands for it. */
const translation = z.strictObject({
  /** As in a template, without braces: `body.action`. */
  from: text.max(200),
  map: z.record(z.string(), z.string().max(2000)).refine((map) => Object.keys(map).length <= 200, { error: 'has more than 200 entries' }).optional(),
  /** Where there is nothing, or no word for it. */
  default: z.string().max(2000).optional(),
})

export const hookMapping = z.looseObject({
  id: text.max(100).optional(),
  match: match.optional(),
  action: z.enum(['wake', 'agent']).optional(),
  wakeMode: z.enum(['now', 'next-heartbeat']).optional(),
  name: text.optional(),
  agentId: text.optional(),
  sessionKey: template.optional(),
  /** `{{body.issue.title}}` stands for a part of the call; `{{headers.x-github-event}}`, `{{query.id}}`, `{{path}}` too. */
  messageTemplate: template.optional(),
  textTemplate: template.optional(),
  values: z.record(z.string(), translation).refine((values) => Object.keys(values).length <= 50, { error: 'has more than 50 entries' }).optional(),
  /** A list in the body: the mapping is carried out for each of its items, of which the list has then only that one. */
  forEach: text.regex(/^[\w-]{1,100}$/).optional(),
  model: text.optional(),
  thinking: text.optional(),
  timeoutSeconds: z.int().min(1).optional(),
  verify: hmac.optional(),
  /** The header with the id of the delivery: one that comes again is not carried out again. */
  deliveryHeader: text.optional(),
  /** Where that id lies in the body instead. */
  deliveryPath: text.max(200).optional(),
})

export const hooksSection = z
  .looseObject({
    enabled: z.boolean().optional(),
    token: z.string().optional(),
    path: text.regex(/^\/?[A-Za-z0-9_-]+(?:\/[A-Za-z0-9_-]+)*\/?$/).optional(),
    defaultSessionKey: text.optional(),
    allowRequestSessionKey: z.boolean().optional(),
    allowedSessionKeyPrefixes: z.array(text).optional(),
    allowedAgentIds: z.array(text).optional(),
    /** Turns that hooks have going at the same time: the others wait, and no chat waits for them. */
    maxConcurrent: z.int().min(1).max(100).optional(),
    presets: z.array(z.enum(['github', 'gmail'])).optional(),
    github: z.looseObject({ secret: text }).optional(),
    gmail: z
      .looseObject({
        /** The audience of the tokens of the push subscription: the address of this hook, usually. */
        audience: text.optional(),
        serviceAccount: text.optional(),
        jwksUrl: z.url().optional(),
      })
      .optional(),
    mappings: z.array(hookMapping).max(200).optional(),
  })
  .optional()

export type HooksConfig = NonNullable<z.output<typeof hooksSection>>
export type HookMapping = z.output<typeof hookMapping>
export type HmacSettings = z.output<typeof hmac>

export const DEFAULT_HOOK_PATH = '/hooks'

/** Begins with `/`, and does not end so. */
export const hookPathOf = ({ path = DEFAULT_HOOK_PATH }: HooksConfig): string => `/${path.replace(/^\/|\/$/g, '')}`

/** What is wrong with the section beside its shapes; null: nothing. */
export function problemOf(hooks: HooksConfig | undefined, gatewaySecrets: readonly (string | undefined)[]): string | null {
  if (!hooks?.enabled) return null
  const isOpen = (hooks.token ?? '').trim() === ''
  const { presets = [], mappings = [], gmail } = hooks
  const hasOthers = presets.includes('github') || (presets.includes('gmail') && gmail?.audience !== undefined) || mappings.some(({ verify }) => verify !== undefined)
  if (isOpen && !hasOthers) return 'hooks.enabled is true without hooks.token — set a token of its own, or mappings with verify'
  const own = [['hooks.token', hooks.token], ['hooks.github.secret', hooks.github?.secret], ...mappings.map(({ verify }, at) => [`hooks.mappings[${at}].verify.secret`, verify?.secret])] as const
  const shared = own.find(([, secret = '']) => secret.trim() !== '' && gatewaySecrets.some((each = '') => secretsEqual(secret.trim(), each.trim())))
  if (shared) return `${shared[0]} is the secret of the gateway — whoever may call a hook could do everything: choose another one`
  if (mappings.some((mapping) => 'transform' in mapping)) return 'hooks.mappings[].transform is code, which is not run here — use messageTemplate'
  if (presets.includes('github') && !hooks.github?.secret) return 'hooks.presets has "github" without hooks.github.secret — set the secret of the webhook'
  if (presets.includes('gmail') && (gmail?.audience === undefined) !== (gmail?.serviceAccount === undefined)) {
    return 'hooks.gmail has only one of audience and serviceAccount — set both as in the push subscription, or none for a program that forwards the mail'
  }
  return null
}

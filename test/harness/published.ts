// The published JSON Schema of the protocol, and what of it each answer and event must satisfy.

import { readFileSync } from 'node:fs'
import { Ajv, type ValidateFunction } from 'ajv'
import type { Frame } from './client.ts'

const RESULTS: Readonly<Record<string, string>> = {
  connect: 'HelloOk',
  'models.list': 'ModelsListResult',
  'agents.list': 'AgentsListResult',
  'agent.identity.get': 'AgentIdentityResult',
  'logs.tail': 'LogsTailResult',
  'system.info': 'SystemInfoResult',
  'sessions.resolve': 'SessionsResolveResult',
  'sessions.create': 'SessionsCreateResult',
  'sessions.delete': 'SessionsDeleteResult',
}

/** Members of an answer that are rows of a published shape. */
const ROWS: Readonly<Record<string, readonly [path: string, definition: string]>> = {
  'sessions.list': ['sessions', 'SessionRow'],
  'system-presence': ['', 'PresenceEntry'],
}

const EVENTS: Readonly<Record<string, string>> = {
  chat: 'ChatEvent',
  agent: 'AgentEvent',
  tick: 'TickEvent',
  shutdown: 'ShutdownEvent',
  'device.pair.requested': 'DevicePairRequestedEvent',
  'device.pair.resolved': 'DevicePairResolvedEvent',
}

/** The real gateway sends these in `agent` events, and clients read them; the published shape does not have them. */
const BEYOND_PUBLISHED: Readonly<Record<string, readonly string[]>> = { agent: ['sessionKey', 'agentId', 'sessionId'] }

export interface Published {
  /** What is wrong with a frame, as text; null when nothing is. `method` is that of the request which it answers. */
  check(frame: Frame, method?: string): string | null
}

const FILE = new URL('../../node_modules/@openclaw/gateway-protocol/protocol.schema.json', import.meta.url)

export function loadPublished(): Published {
  const schema = JSON.parse(readFileSync(FILE, 'utf8')) as object
  const ajv = new Ajv({ strict: false, allErrors: true })
  ajv.addSchema({ ...schema, $id: 'published' })
  const compiled = new Map<string, ValidateFunction>()

  function validate(definition: string, value: unknown): string | null {
    const known = compiled.get(definition) ?? ajv.compile({ $ref: `published#/definitions/${definition}` })
    compiled.set(definition, known)
    return known(value) ? null : `${definition}: ${ajv.errorsText(known.errors)} in ${JSON.stringify(value).slice(0, 600)}`
  }

  function checkResult(method: string, payload: unknown): string | null {
    const definition = RESULTS[method]
    if (definition) return validate(definition, payload)
    const rows = ROWS[method]
    if (!rows) return null
    const list = (rows[0] === '' ? payload : (payload as Record<string, unknown>)[rows[0]]) as unknown[]
    for (const row of list) {
      const wrong = validate(rows[1], row)
      if (wrong !== null) return wrong
    }
    return null
  }

  function checkEvent(name: string, payload: Record<string, unknown>): string | null {
    const definition = EVENTS[name]
    if (!definition) return null
    const beyond = BEYOND_PUBLISHED[name] ?? []
    return validate(definition, Object.fromEntries(Object.entries(payload).filter(([key]) => !beyond.includes(key))))
  }

  return {
    check(frame, method) {
      if (frame.type === 'event') {
        return validate('EventFrame', frame) ?? checkEvent(frame.event!, frame.payload as Record<string, unknown>)
      }
      const wrong = validate('ResponseFrame', frame)
      if (wrong !== null || !frame.ok || method === undefined) return wrong
      return checkResult(method, frame.payload)
    },
  }
}

// The method engine: find, authorise, check the params, call, check the result.

import { Serialized } from '../kit/json.ts'
import { GatewayError, invalid, unavailable } from '../protocol/errors.ts'
import { describeIssues } from '../protocol/issues.ts'
import { authorize, type Denial, type Principal, type Scope } from '../protocol/scopes.ts'
import type { Host } from '../ports/host.ts'
import type { Services } from '../services/services.ts'
import type { AnyMethod, Call, ListedMethod } from './method.ts'

export interface Registry {
  /** The result as JSON text. Throws GatewayError for what the caller did wrong. */
  dispatch(name: string, params: unknown, call: Call): Promise<string>
  /** The names of what this runtime serves, in the order of registration. */
  readonly advertised: readonly string[]
}

interface Loaded {
  readonly method: AnyMethod
  /** Only what the method named in `uses`. */
  readonly use: Partial<Services>
}

interface Entry {
  readonly listed: ListedMethod
  readonly missing: readonly string[]
  /** null until somebody calls it. */
  loaded: Loaded | null
}

/** Told of each call of a method that exists, once it has ended: `ok`, or the code of the error. */
export type CallListener = (called: Pick<ListedMethod, 'scope' | 'role'> & Pick<Call, 'caller' | 'connection'> & { readonly method: string; readonly outcome: string }) => void

export function createRegistry(methods: Iterable<ListedMethod>, services: Services, host: Host, onCall: CallListener = () => {}): Registry {
  const entries = new Map<string, Entry>()
  for (const listed of methods) {
    if (entries.has(listed.name)) throw new Error(`the method "${listed.name}" is defined twice`)
    entries.set(listed.name, { listed, missing: listed.needs.filter((ability) => !host[ability]), loaded: null })
  }

  async function load(entry: Entry): Promise<Loaded> {
    const method = await entry.listed.load().catch((cause: unknown) => {
      // Its file was there when the process started.
      throw unavailable(`${entry.listed.name} could not be loaded: edgeclaw was replaced on disk meanwhile, restart the gateway`, { retryable: true, cause })
    })
    const use = Object.fromEntries(method.uses.map((name) => [name, services[name]]))
    return (entry.loaded = { method, use })
  }

  function find(name: string, caller: Principal): Entry {
    const entry = entries.get(name)
    if (!entry && caller.role !== 'node') throw invalid(`unknown method: ${name.slice(0, 200)}`)
    if (!entry) throw invalid(`unauthorized role: ${caller.role}`)
    const { scope, role } = entry.listed
    deny(authorize(caller, { role, scope }), caller)
    return entry
  }

  async function serve(name: string, params: unknown, call: Call): Promise<string> {
    if (call.caller.key) services.keyLimiter.assertLive(call.caller) // its socket may be older than its end
    const entry = find(name, call.caller)
    const { missing } = entry
    if (missing.length > 0) {
      const abilities = missing.join(', ')
      throw unavailable(`${name} cannot be served here: this runtime has no ${abilities}`, {
        retryable: false,
        details: { code: 'ABILITY_MISSING', missing: [...missing] },
      })
    }
    const { method, use } = entry.loaded ?? (await load(entry))
    const parsed = method.params.safeParse(params ?? {})
    if (!parsed.success) throw invalidParams(method, params ?? {})
    const elevated = method.elevate?.(parsed.data) ?? null
    if (elevated) deny(authorize(call.caller, { role: method.role ?? 'operator', scope: elevated }), call.caller)
    const result = await method.handler(parsed.data, { ...use, ...call } as Services & Call)
    return result instanceof Serialized ? result.json : (JSON.stringify(method.result.parse(result)) ?? 'null') // there may be none
  }

  function tell(method: string, { caller, connection }: Call, outcome: string) {
    const listed = entries.get(method)?.listed
    if (listed) onCall({ method, scope: listed.scope, role: listed.role, caller, connection, outcome })
  }

  return {
    async dispatch(name, params, call) {
      try {
        const json = await serve(name, params, call)
        tell(name, call, 'ok')
        return json
      } catch (error) {
        tell(name, call, error instanceof GatewayError ? error.code : 'INTERNAL')
        throw error
      }
    },
    advertised: [...entries.values()]
      .filter(({ listed, missing }) => !listed.hidden && missing.length === 0)
      .map(({ listed }) => listed.name),
  }
}

function deny(denial: Denial | null, caller: Principal): void {
  if (!denial) return
  if (denial.reason === 'role') throw invalid(`unauthorized role: ${caller.role}`)
  throw missingScope(denial.missing)
}

export const missingScope = (scope: Scope): GatewayError =>
  new GatewayError('FORBIDDEN', `missing scope: ${scope}`, {
    details: { code: 'MISSING_SCOPE', missingScope: scope, requiredScopes: [scope] },
  })

function invalidParams(method: AnyMethod, params: unknown): GatewayError {
  const { error } = method.params.safeParse(params, { reportInput: true })
  return invalid(`invalid ${method.name} params: ${describeIssues(error?.issues ?? [])}`)
}

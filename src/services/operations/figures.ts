// What the gateway counts of itself, as plain numbers, and how that is told to Prometheus. Every series is there from the
// start, with nothing in it: what is missing is a fault then, and not a quiet day. No label has values that others choose.

import { ERRORS } from '../../protocol/errors.ts'
import type { Usage } from '../../protocol/shapes.ts'
import type { RunOrigin, RunState } from '../conversation/run-table.ts'
import { createHistogram, NO_LABELS, writeFamily, type Family, type Sample } from './prometheus.ts'

/** Frames over all sockets. */
export interface Traffic {
  received: number
  sent: number
}

export interface Figures {
  readonly traffic: Traffic
  /** `outcome`: `ok`, or the code of an error. */
  called(method: string, outcome: string): void
  answered(route: string, status: number): void
  runEnded(origin: RunOrigin, state: RunState, usage: Usage): void
  modelAnswered(ms: number, outcome: 'ok' | 'error'): void
  flushed(ms: number): void
  /** All that can be called, and all paths: so that they are there before anybody comes. */
  know(names: { readonly methods?: Iterable<string>; readonly routes?: Iterable<string> }): void
  /** Read when somebody asks: a number, or one for each value of `label`. */
  tell(family: Family & { readonly label?: string }, read: () => number | Readonly<Record<string, number>>): void
  text(): string
}

const ORIGINS: readonly RunOrigin[] = ['chat', 'agent', 'http', 'cron', 'heartbeat', 'hook']
const ENDS: readonly RunState[] = ['ok', 'error', 'aborted', 'interrupted']
const STATUSES: readonly string[] = ['2xx', '3xx', '4xx', '5xx']
/** Whatever is asked for that there is not. */
export const OTHER_ROUTE = 'other'

const MODEL_MS = [50, 100, 250, 500, 1000, 2500, 5000, 10_000, 30_000, 60_000, 120_000, 300_000]
const FLUSH_MS = [1, 2, 5, 10, 25, 50, 100, 250, 500, 1000, 5000]

const TOKENS = [
  ['input', 'input'],
  ['output', 'output'],
  ['cache_read', 'cacheRead'],
  ['cache_write', 'cacheWrite'],
  ['reasoning', 'reasoning'],
] as const satisfies readonly (readonly [string, keyof Usage])[]

const counter = (name: string, help: string): Family => ({ name: `edgeclaw_${name}_total`, type: 'counter', help })

interface Calls {
  ok: number
  error: number
}

const zeros = <K extends string>(names: readonly K[]): Record<K, number> => Object.fromEntries(names.map((name) => [name, 0])) as Record<K, number>

export function createFigures(): Figures {
  const traffic: Traffic = { received: 0, sent: 0 }
  const methods = new Map<string, Calls>()
  const routes = new Map<string, number[]>([[OTHER_ROUTE, [0, 0, 0, 0]]])
  const errors: Record<string, number> = zeros(Object.keys(ERRORS))
  const runs = Object.fromEntries(ORIGINS.map((origin) => [origin, zeros(ENDS)])) as Record<RunOrigin, Record<string, number>>
  const tokens = zeros(TOKENS.map(([, member]) => member))
  const asked: Calls = { ok: 0, error: 0 }
  const modelMs = createHistogram(MODEL_MS)
  const flushMs = createHistogram(FLUSH_MS)
  const told: { readonly family: Family & { readonly label?: string }; readonly read: () => number | Readonly<Record<string, number>> }[] = []

  const byOutcome = ({ ok, error }: Calls, labels: Record<string, string> = {}): Sample[] => [
    [{ ...labels, outcome: 'ok' }, ok],
    [{ ...labels, outcome: 'error' }, error],
  ]
  const by = (label: string, values: Readonly<Record<string, number>>): Sample[] => Object.entries(values).map(([name, value]) => [{ [label]: name }, value])

  function* ended(): Iterable<Sample> {
    for (const origin of ORIGINS) for (const state of ENDS) yield [{ origin, state }, runs[origin][state]!]
  }
  function* answers(): Iterable<Sample> {
    for (const [route, counts] of routes) for (const [at, status] of STATUSES.entries()) yield [{ route, status }, counts[at]!]
  }

  return {
    traffic,
    called(method, outcome) {
      const counts = methods.get(method)
      if (!counts) return
      if (outcome === 'ok') return void counts.ok++
      counts.error++
      if (outcome in errors) errors[outcome]!++
    },
    answered(route, status) {
      const counts = routes.get(route) ?? routes.get(OTHER_ROUTE)!
      const at = Math.floor(status / 100) - 2
      if (at >= 0 && at < counts.length) counts[at]!++
    },
    runEnded(origin, state, usage) {
      if (state in runs[origin]) runs[origin][state]!++
      for (const [, member] of TOKENS) tokens[member] += usage[member]
    },
    modelAnswered(ms, outcome) {
      asked[outcome]++
      modelMs.observe(ms)
    },
    flushed: (ms) => flushMs.observe(ms),
    know({ methods: named = [], routes: paths = [] }) {
      for (const name of named) if (!methods.has(name)) methods.set(name, { ok: 0, error: 0 })
      for (const path of paths) if (!routes.has(path)) routes.set(path, [0, 0, 0, 0])
    },
    tell: (family, read) => void told.push({ family, read }),
    text: () =>
      [
        ...told.map(({ family, read }) => {
          const value = read()
          return writeFamily(family, typeof value === 'number' ? [[NO_LABELS, value]] : by(family.label ?? 'kind', value))
        }),
        writeFamily(counter('frames', 'Frames over all sockets.'), by('direction', { received: traffic.received, sent: traffic.sent })),
        writeFamily(counter('rpc_requests', 'Calls of methods that have ended.'), [...methods].flatMap(([method, counts]) => byOutcome(counts, { method }))),
        writeFamily(counter('rpc_errors', 'Calls of methods that were refused or have failed, by the code of the error.'), by('code', errors)),
        writeFamily(counter('http_responses', 'Answers over HTTP.'), answers()),
        writeFamily(counter('runs', 'Runs that have ended.'), ended()),
        writeFamily(counter('tokens', 'Tokens that runs have used.'), TOKENS.map(([kind, member]): Sample => [{ kind }, tokens[member]])),
        writeFamily(counter('model_requests', 'Questions to models, by how they ended.'), byOutcome(asked)),
        modelMs.write('edgeclaw_model_request_duration_seconds', 'From a question to a model to the end of its answer.'),
        flushMs.write('edgeclaw_commit_flush_duration_seconds', 'From the end of a group of writes to when it is on disk.'),
      ].join(''),
  }
}

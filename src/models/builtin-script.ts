// The script mode of the built-in model: `script:` and a JSON array of steps. It makes a run say, call, wait and fail
// exactly what a test, or a person who tries a client, wants to see.

import * as z from 'zod'
import { parseJson } from '../kit/json.ts'
import type { Usage } from '../protocol/shapes.ts'
import { sleep, type Clock } from '../ports/clock.ts'
import { ModelError, type ModelEvent } from '../ports/model.ts'

const PREFIX = 'script:'

const step = z.union([
  /** Says something; `times` over, with a pause before each. */
  z.strictObject({ text: z.string(), times: z.int().min(1).max(100_000).default(1), delayMs: z.number().min(0).optional() }),
  z.strictObject({ reasoning: z.string() }),
  /** Declines to answer, with these words. */
  z.strictObject({ refusal: z.string() }),
  z.strictObject({ delayMs: z.number().min(0) }),
  /** Calls a tool. Steps behind it are played once the results are there; calls in a row are one step of the run. */
  z.strictObject({ tool: z.strictObject({ name: z.string(), arguments: z.unknown().optional() }) }),
  z.strictObject({
    error: z.strictObject({
      message: z.string(),
      kind: z.enum(['auth', 'rate_limit', 'context_length', 'refusal', 'timeout', 'invalid', 'server', 'network']).default('server'),
      status: z.int().optional(),
    }),
  }),
  /** Says nothing more until it is aborted. */
  z.strictObject({ hang: z.literal(true) }),
  z.strictObject({ stop: z.enum(['stop', 'length', 'content_filter']) }),
])
type Step = z.output<typeof step>

export const isScript = (message: string): boolean => message.trimStart().startsWith(PREFIX)

/** `results` tells how many tools have answered already: the script goes on behind their calls. */
export async function* playScript(
  message: string,
  results: number,
  usage: Usage,
  clock: Clock,
  signal: AbortSignal,
): AsyncGenerator<readonly ModelEvent[]> {
  let said = 0
  let called = 0
  let reason: 'stop' | 'length' | 'content_filter' = 'stop'
  for (const each of behind(parseScript(message), results)) {
    if (called > 0 && !('tool' in each)) break
    if ('text' in each) {
      for (let i = 0; i < each.times; i++) {
        if (each.delayMs !== undefined) await sleep(clock, each.delayMs, signal)
        signal.throwIfAborted()
        said += each.text.length
        yield [{ type: 'text', text: each.text }]
      }
    } else if ('reasoning' in each) yield [{ type: 'reasoning', text: each.reasoning }]
    else if ('refusal' in each) yield [{ type: 'text', text: each.refusal, refusal: true }]
    else if ('delayMs' in each) await sleep(clock, each.delayMs, signal)
    else if ('error' in each) throw new ModelError(each.error.kind, each.error.message, each.error.status ?? null)
    else if ('hang' in each) await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)))
    else if ('stop' in each) reason = each.stop
    else {
      called++
      const { name, arguments: args = {} } = each.tool
      yield [{ type: 'tool-call', call: { id: `call_${results + called}`, name, arguments: JSON.stringify(args) } }]
    }
  }
  const output = Math.ceil(said / 4)
  yield [
    { type: 'usage', usage: { ...usage, output, totalTokens: usage.input + output } },
    { type: 'stop', reason: called > 0 ? 'tool_calls' : reason },
  ]
}

function parseScript(message: string): readonly Step[] {
  const parsed = parseJson(message.trimStart().slice(PREFIX.length))
  const steps = parsed.ok ? z.array(step).safeParse(parsed.value) : null
  if (steps?.success) return steps.data
  throw new ModelError('invalid', 'script: needs a JSON array of steps, such as script:[{"text":"hello"}]')
}

function behind(steps: readonly Step[], results: number): readonly Step[] {
  let seen = 0
  const at = steps.findIndex((each) => 'tool' in each && ++seen > results - 1)
  return results === 0 ? steps : steps.slice(at + 1)
}

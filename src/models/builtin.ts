// builtin/operator: what answers on a machine without any model. Deterministic and not a language model, and it says
// so; it drives the gateway's real tools, through the same loop, policy and transcripts as any model. A message that
// begins with `script:` plays a script instead: that is the model of the tests (see builtin-script.ts).

import { noUsage, type Usage } from '../protocol/shapes.ts'
import type { Clock } from '../ports/clock.ts'
import type { Model, ModelEvent, ModelMessage, ModelRequest, ModelToolCall } from '../ports/model.ts'
import { answerFrom } from './builtin-answers.ts'
import { isScript, playScript } from './builtin-script.ts'

export function createBuiltinModel(clock: Clock): Model {
  return {
    id: 'builtin/operator',
    provider: 'builtin',
    model: 'operator',
    api: 'builtin',
    stream: (request, { signal }) => answer(request, clock, signal),
  }
}

async function* answer(request: ModelRequest, clock: Clock, signal: AbortSignal): AsyncGenerator<readonly ModelEvent[]> {
  const asked = lastQuestion(request.messages)
  const results = resultsSince(request.messages)
  const usage = estimate(request)
  if (isScript(asked)) return yield* playScript(asked, results.length, usage, clock, signal)
  const step = results.length > 0 ? { text: results.map(answerFrom).join('\n\n') } : decide(asked, request)
  if ('call' in step) {
    return yield [
      { type: 'tool-call', call: step.call },
      { type: 'usage', usage },
      { type: 'stop', reason: 'tool_calls' },
    ]
  }
  for (const word of step.text.split(/(?<=\s)/)) {
    signal.throwIfAborted()
    yield [{ type: 'text', text: word }]
    await new Promise<void>((resolve) => clock.turn(resolve)) // so that it streams, as a model does
  }
  const output = tokens(step.text)
  yield [
    { type: 'usage', usage: { ...usage, output, totalTokens: usage.input + output } },
    { type: 'stop', reason: 'stop' },
  ]
}

function lastQuestion(messages: readonly ModelMessage[]): string {
  const content = messages.findLast((message) => message.role === 'user')?.content ?? ''
  if (typeof content === 'string') return content
  return content.map((part) => (part.type === 'text' ? part.text : '')).join('')
}

/** Results of tools that were called for the last question. */
function resultsSince(messages: readonly ModelMessage[]): readonly Extract<ModelMessage, { role: 'tool' }>[] {
  const since = messages.findLastIndex((message) => message.role === 'user')
  return messages.slice(since + 1).filter((message) => message.role === 'tool')
}

type Step = { readonly text: string } | { readonly call: ModelToolCall }

/** What is asked for in plain words, and the tool that knows. */
const INTENTS: readonly (readonly [asked: RegExp, tool: string])[] = [
  [/\b(health|healthy)\b/i, 'gateway_health'],
  [/\b(this session|session status|tokens)\b/i, 'session_status'],
  [/\bsessions?\b/i, 'sessions_list'],
  [/\bmodels?\b/i, 'models_list'],
  [/\b(status|uptime|version|gateway)\b/i, 'gateway_status'],
]

function decide(asked: string, { tools }: ModelRequest): Step {
  const text = asked.trim()
  if (/\bHEARTBEAT_OK\b/.test(text)) return { text: 'HEARTBEAT_OK' } // by itself it never has anything to say
  const direct = /^\/tool\s+(.*)$/s.exec(text)
  if (direct) return fromJson(direct[1]!)
  const named = /^\/([\w.-]+)\s*(\{.*\})?$/s.exec(text)
  if (named && tools.some((tool) => tool.name === named[1])) return { call: callOf(named[1]!, named[2] ?? '{}') }
  if (/^\/help\b/i.test(text) || /^\/\w/.test(text)) return { text: help(tools.map((tool) => tool.name)) }
  const intent = INTENTS.find(([pattern, tool]) => pattern.test(text) && tools.some(({ name }) => name === tool))
  if (intent) return { call: callOf(intent[1], '{}') }
  return { text: introduction(text) }
}

const callOf = (name: string, args: string): ModelToolCall => ({ id: `call_${name}`, name, arguments: args })

function fromJson(json: string): Step {
  try {
    const { name, arguments: args = {} } = JSON.parse(json) as { name?: unknown; arguments?: unknown }
    if (typeof name === 'string' && name !== '') return { call: callOf(name, JSON.stringify(args)) }
  } catch {
    // said below
  }
  return { text: 'Write it as /tool {"name": "sessions_list", "arguments": {"limit": 5}}.' }
}

const introduction = (asked: string): string =>
  `I am the built-in operator of this gateway, not a language model, so I cannot answer "${shorten(asked)}". ` +
  'I can look at the gateway for you: ask for its status, health, sessions or models, or see /help. ' +
  'To talk to a real model, set OPENAI_API_KEY (or OPENROUTER_API_KEY, GROQ_API_KEY, MISTRAL_API_KEY, …) and start again, ' +
  'run Ollama or LM Studio on this machine, or add models.providers to the configuration.'

const help = (tools: readonly string[]): string =>
  'I am the built-in operator: no language model, but I can use the tools of this gateway. ' +
  `Ask for its status, health, sessions or models, or call a tool: ${tools.map((name) => `/${name}`).join(', ')}. ` +
  'Arguments are JSON: /sessions_list {"limit": 5}, or in full: /tool {"name": "sessions_list", "arguments": {"limit": 5}}.'

const shorten = (text: string): string => (text.length > 60 ? `${text.slice(0, 59)}…` : text)

/** Roughly as language models count. */
const tokens = (text: string): number => Math.ceil(text.length / 4)

function estimate({ messages }: ModelRequest): Usage {
  const chars = messages.reduce((sum, message) => sum + JSON.stringify(message).length, 0)
  const input = Math.ceil(chars / 4)
  return { ...noUsage(), input, totalTokens: input }
}

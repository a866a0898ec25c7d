// What comes back of the AI SDK's language models, as a stream of parts.

import { noUsage, type Usage } from '../protocol/shapes.ts'
import { ModelError, type ModelEvent, type ModelSpec, type StopReason } from '../ports/model.ts'
import { writeContext } from './sdk-context.ts'
import { toSdkFailure } from './sdk-failure.ts'
import type { ProviderOptions, StreamPart } from './sdk-wire.ts'

type Finish = Extract<StreamPart, { type: 'finish' }>
type FinishReason = Finish['finishReason']

export interface SdkAnswer {
  add(part: StreamPart): ModelEvent | null
  /** What can be said only when the whole answer is there. Throws when it broke off. */
  end(): readonly ModelEvent[]
}

export function createSdkAnswer(api: string, spec: ModelSpec): SdkAnswer {
  /** Thoughts since the last call, by their id. */
  const thoughts = new Map<string, { text: string; marks: ProviderOptions | undefined }>()
  /** Names of calls that are being written. */
  const writing = new Map<string, string>()
  let finish: FinishReason | null = null
  let usage: Usage = noUsage()
  let responseId: string | undefined
  let called = false

  function think(id: string, text: string, marks: ProviderOptions | undefined) {
    const thought = thoughts.get(id) ?? { text: '', marks: undefined }
    thought.text += text
    thought.marks = merge(thought.marks, marks)
    thoughts.set(id, thought)
  }

  function contextOf(marks: ProviderOptions | undefined): string | undefined {
    const signed = [...thoughts.values()].filter((thought) => thought.marks)
    thoughts.clear()
    return writeContext(api, {
      reasoning: signed.map(({ text, marks: providerOptions }) => ({ type: 'reasoning', text, ...(providerOptions && { providerOptions }) })),
      ...(marks && { call: marks }),
    })
  }

  return {
    add(part) {
      switch (part.type) {
        case 'text-delta':
          return part.delta === '' ? null : { type: 'text', text: part.delta }
        case 'reasoning-start':
        case 'reasoning-end':
          think(part.id, '', part.providerMetadata)
          return null
        case 'reasoning-delta':
          think(part.id, part.delta, part.providerMetadata)
          return part.delta === '' ? null : { type: 'reasoning', text: part.delta }
        case 'tool-input-start':
          if (part.providerExecuted) return null
          writing.set(part.id, part.toolName)
          return { type: 'call-piece', id: part.id, name: part.toolName, text: '' }
        case 'tool-input-delta': {
          const name = writing.get(part.id)
          return name === undefined || part.delta === '' ? null : { type: 'call-piece', id: part.id, name, text: part.delta }
        }
        case 'tool-call': {
          if (part.providerExecuted) return null
          called = true
          const context = contextOf(part.providerMetadata)
          return { type: 'tool-call', call: { id: part.toolCallId, name: part.toolName, arguments: part.input || '{}', ...(context !== undefined && { context }) } }
        }
        case 'response-metadata':
          responseId = part.id ?? responseId
          return null
        case 'finish':
          finish = part.finishReason
          usage = toUsage(part.usage)
          return null
        case 'error':
          throw toSdkFailure(spec, part.error, `${spec.provider} broke off in the middle of the answer`)
        default:
          return null
      }
    },
    end() {
      const reason = finish as FinishReason | null
      if (reason === null || reason.unified === 'interrupted' || (reason.unified === 'other' && reason.raw === undefined)) {
        throw new ModelError('network', `${spec.provider} broke off in the middle of the answer`)
      }
      if (reason.unified === 'error') throw new ModelError('server', `${spec.provider} failed: ${reason.raw ?? 'no reason given'}`)
      return [
        { type: 'usage', usage },
        { type: 'stop', reason: toStopReason(reason, called), ...(responseId !== undefined && { responseId }) },
      ]
    },
  }
}

function merge(one: ProviderOptions | undefined, other: ProviderOptions | undefined): ProviderOptions | undefined {
  if (!one || !other) return other ?? one
  const merged = { ...one }
  for (const [name, marks] of Object.entries(other)) merged[name] = { ...merged[name], ...marks }
  return merged
}

function toStopReason({ unified }: FinishReason, called: boolean): StopReason {
  if (unified === 'length') return 'length'
  if (unified === 'content-filter') return 'content_filter'
  return unified === 'tool-calls' || called ? 'tool_calls' : 'stop'
}

export function toUsage({ inputTokens, outputTokens }: Finish['usage']): Usage {
  const cacheRead = inputTokens.cacheRead ?? 0
  const cacheWrite = inputTokens.cacheWrite ?? 0
  const input = inputTokens.noCache ?? Math.max(0, (inputTokens.total ?? 0) - cacheRead - cacheWrite)
  const reasoning = outputTokens.reasoning ?? 0
  const output = outputTokens.total ?? (outputTokens.text ?? 0) + reasoning
  return { input, output, cacheRead, cacheWrite, reasoning, totalTokens: input + cacheRead + cacheWrite + output }
}

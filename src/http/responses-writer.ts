// The semantic events of one response, in their order, out of what a run tells. Each has the next number. What the
// response will be at its end can be asked for before that is told: it is stored with the run.

import type { OutputItem, ResponseObject } from '../protocol/responses-object.ts'
import type { ResponseEvent, UnnumberedEvent } from '../protocol/responses-events.ts'
import type { Progress } from '../services/conversation/run-course.ts'
import type { RunResult } from '../services/conversation/run-table.ts'
import { statusOf, toCallItem, toEnded, toPart, toResponseError, toSaidItem, type Said, type Thoughts } from './responses-object.ts'

export interface ResponseWriter {
  /** The first events were told. */
  readonly begun: boolean
  begin(): void
  /** What was said, before it may be told. */
  note(progress: Progress): void
  hear(progress: Progress): void
  /** The whole response as it ends, whether told or not. */
  final(result: RunResult): ResponseObject
  end(result: RunResult): void
}

export interface WriterOptions {
  readonly created: ResponseObject
  readonly thoughts: Thoughts
  /** Names of the tools that take free text. */
  readonly customTools: ReadonlySet<string>
  /** No model is asked: there is nothing to say, not even nothing. */
  readonly silent?: boolean
  readonly emit: (event: ResponseEvent) => void
}

export function createResponseWriter({ created, thoughts, customTools, silent = false, emit }: WriterOptions): ResponseWriter {
  const base = created.id.slice(created.id.indexOf('_') + 1)
  /** What was told, and what was noted: that is ahead, and the response is made of it. */
  const said: Words = []
  const noted: Words = []
  let sequence = 0
  let begun = false
  /** Characters of the run's text that were told, and noted. */
  let heard = 0
  let known = 0

  const tell = (event: UnnumberedEvent) => emit({ ...event, sequence_number: sequence++ } as ResponseEvent)
  const idOf = (prefix: string, index: number) => `${prefix}_${base}${index.toString(16).padStart(2, '0')}`
  const saidId = (kind: Said['kind'], index: number) => idOf(kind === 'reasoning' ? 'rs' : 'msg', index)

  function begin() {
    if (begun) return
    begun = true
    tell({ type: 'response.created', response: created })
    tell({ type: 'response.in_progress', response: created })
  }

  // --- words ---

  /** Where the item that is open stands in the output. */
  const at = () => {
    const output_index = said.length - 1
    return { item_id: saidId(said.at(-1)!.kind, output_index), output_index }
  }

  function say(kind: Said['kind'], text: string) {
    if (text === '') return
    begin()
    if (said.at(-1)?.kind !== kind) {
      close('completed')
      said.push({ kind, text: '' })
      open(kind)
    }
    said.at(-1)!.text += text
    tellDelta(kind, text)
  }

  function open(kind: Said['kind']) {
    const { item_id, output_index } = at()
    const whole = toSaidItem({ kind, text: '' }, item_id, 'in_progress', thoughts)
    const item = whole.type === 'reasoning' ? { ...whole, summary: [], ...(whole.content && { content: [] }) } : { ...whole, content: [] }
    tell({ type: 'response.output_item.added', output_index, item: item as OutputItem })
    if (kind !== 'reasoning') tell({ type: 'response.content_part.added', item_id, output_index, content_index: 0, part: toPart(kind, '') })
    else if (thoughts === 'summary') {
      tell({ type: 'response.reasoning_summary_part.added', item_id, output_index, summary_index: 0, part: { type: 'summary_text', text: '' } })
    } else tell({ type: 'response.content_part.added', item_id, output_index, content_index: 0, part: { type: 'reasoning_text', text: '' } })
  }

  function tellDelta(kind: Said['kind'], delta: string) {
    const place = { ...at(), content_index: 0 }
    if (kind === 'text') tell({ type: 'response.output_text.delta', ...place, delta, logprobs: [] })
    else if (kind === 'refusal') tell({ type: 'response.refusal.delta', ...place, delta })
    else if (thoughts === 'summary') tell({ type: 'response.reasoning_summary_text.delta', ...at(), summary_index: 0, delta })
    else tell({ type: 'response.reasoning.delta', ...place, delta })
  }

  function close(status: 'completed' | 'incomplete') {
    const last = said.at(-1)
    if (!last) return
    const { item_id, output_index } = at()
    const place = { item_id, output_index, content_index: 0 }
    const { kind, text } = last
    if (kind === 'text') tell({ type: 'response.output_text.done', ...place, text, logprobs: [] })
    else if (kind === 'refusal') tell({ type: 'response.refusal.done', ...place, refusal: text })
    if (kind !== 'reasoning') tell({ type: 'response.content_part.done', ...place, part: toPart(kind, text) })
    else if (thoughts === 'summary') {
      tell({ type: 'response.reasoning_summary_text.done', item_id, output_index, summary_index: 0, text })
      tell({ type: 'response.reasoning_summary_part.done', item_id, output_index, summary_index: 0, part: { type: 'summary_text', text } })
    } else {
      tell({ type: 'response.reasoning.done', ...place, text })
      tell({ type: 'response.content_part.done', ...place, part: { type: 'reasoning_text', text } })
    }
    tell({ type: 'response.output_item.done', output_index, item: toSaidItem(last, item_id, status, thoughts) })
  }

  // --- the end ---

  /** `words`, of which `chars` are of the run's text, with the rest of that. */
  function complete(words: readonly Said[], chars: number, result: RunResult): readonly Said[] {
    const kind = result.refused ? 'refusal' : 'text'
    const rest = result.text.slice(chars)
    const last = words.at(-1)
    const saysNothing = !silent && words.every((each) => each.kind === 'reasoning') && result.toolCalls.length === 0 && result.state === 'ok'
    if (rest === '' && !saysNothing) return words
    return last?.kind === kind ? [...words.slice(0, -1), { kind, text: last.text + rest }] : [...words, { kind, text: rest }]
  }

  /** The last one is incomplete when the response is; one that failed broke off. */
  function outputOf(result: RunResult): OutputItem[] {
    const words = complete(noted, known, result)
    const status = (index: number) => (index === words.length + result.toolCalls.length - 1 && statusOf(result) !== 'completed' ? 'incomplete' : 'completed')
    return [
      ...words.map((each, index) => toSaidItem(each, saidId(each.kind, index), status(index), thoughts)),
      ...result.toolCalls.map((call, n) => {
        const index = words.length + n
        const custom = customTools.has(call.name)
        return toCallItem(call, idOf(custom ? 'ctc' : 'fc', index), status(index), custom)
      }),
    ]
  }

  function tellCall(item: ReturnType<typeof toCallItem>, output_index: number) {
    const place = { item_id: item.id, output_index }
    if (item.type === 'function_call') {
      const { arguments: args, name } = item
      tell({ type: 'response.output_item.added', output_index, item: { ...item, arguments: '', status: 'in_progress' } })
      if (args !== '') tell({ type: 'response.function_call_arguments.delta', ...place, delta: args })
      tell({ type: 'response.function_call_arguments.done', ...place, name, arguments: args })
    } else {
      tell({ type: 'response.output_item.added', output_index, item: { ...item, input: '', status: 'in_progress' } })
      if (item.input !== '') tell({ type: 'response.custom_tool_call_input.delta', ...place, delta: item.input })
      tell({ type: 'response.custom_tool_call_input.done', ...place, input: item.input })
    }
    tell({ type: 'response.output_item.done', output_index, item })
  }

  function tellRest(result: RunResult) {
    const words = complete(said, heard, result)
    const last = words.at(-1)
    if (words.length > said.length && last!.text === '') {
      close('completed')
      said.push({ ...last! })
      open(last!.kind)
    } else if (last) say(last.kind, result.text.slice(heard))
  }

  const final = (result: RunResult) => toEnded(created, outputOf(result), result)

  return {
    get begun() {
      return begun
    },
    begin,
    note(progress) {
      const kind = kindOf(progress, thoughts)
      if (kind === null || progress.text === '') return
      const last = noted.at(-1)
      if (last?.kind === kind) last.text += progress.text
      else noted.push({ kind, text: progress.text })
      if (kind !== 'reasoning') known += progress.text.length
    },
    hear(progress) {
      const kind = kindOf(progress, thoughts)
      if (kind === null) return
      if (kind !== 'reasoning') heard += progress.text.length
      say(kind, progress.text)
    },
    final,
    end(result) {
      begin()
      const response = final(result)
      tellRest(result)
      heard = result.text.length
      const lastSaid = response.output[said.length - 1]
      if (said.length > 0) close(lastSaid?.status === 'incomplete' ? 'incomplete' : 'completed')
      for (const [index, item] of response.output.entries()) {
        if (item.type === 'function_call' || item.type === 'custom_tool_call') tellCall(item, index)
      }
      if (response.status === 'failed') {
        const { code, message } = toResponseError(result)
        const failure = { code, message, param: null }
        tell({ type: 'error', ...failure, error: { type: 'server_error', ...failure } })
        tell({ type: 'response.failed', response })
      } else tell({ type: response.status === 'incomplete' ? 'response.incomplete' : 'response.completed', response })
    },
  }
}

type Words = { kind: Said['kind']; text: string }[]

/** null: it is not shown. Calls are told at the end, one behind the other, when they are whole. */
function kindOf(progress: Progress, thoughts: Thoughts): Said['kind'] | null {
  if (progress.type === 'call') return null
  if (progress.type === 'reasoning') return thoughts === null ? null : 'reasoning'
  return progress.refusal ? 'refusal' : 'text'
}

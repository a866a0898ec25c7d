// Each question to a model, counted, timed and traced: by whom it was asked, how long the answer took, how it ended.

import { traceHeaders, type Trace } from '../../kit/trace.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Model } from '../../ports/model.ts'
import type { Figures } from '../operations/figures.ts'
import type { OpenSpan, Tracing } from '../operations/tracing.ts'

export interface ModelCall {
  /** What the question carries beside itself; absent: nothing. */
  readonly headers: Readonly<Record<string, string>> | undefined
  answered(): void
  failed(error: unknown): void
}

export interface ModelCalls {
  begin(model: Model, trace: Trace | null): ModelCall
}

export function createModelCalls({ clock, figures, tracing }: { clock: Clock; figures: Figures; tracing: Tracing }): ModelCalls {
  return { begin: (model, trace) => new Call(clock, figures, open(tracing, model, trace), trace) }
}

const open = (tracing: Tracing, { provider, model }: Model, trace: Trace | null): OpenSpan | null =>
  tracing.open(`chat ${model}`, trace, { 'gen_ai.operation.name': 'chat', 'gen_ai.provider.name': provider, 'gen_ai.request.model': model }, true)

/** A class, because there is one for each step of each run. */
class Call implements ModelCall {
  readonly headers: ModelCall['headers']
  readonly #clock: Clock
  readonly #figures: Figures
  readonly #span: OpenSpan | null
  readonly #since: number

  constructor(clock: Clock, figures: Figures, span: OpenSpan | null, trace: Trace | null) {
    const known = span?.trace ?? trace
    this.headers = known ? traceHeaders(known) : undefined
    this.#clock = clock
    this.#figures = figures
    this.#span = span
    this.#since = clock.now()
  }

  answered(): void {
    this.#end('ok')
  }

  failed(error: unknown): void {
    this.#end('error', error instanceof Error ? error.name : 'error')
  }

  #end(outcome: 'ok' | 'error', failure?: string) {
    this.#figures.modelAnswered(this.#clock.now() - this.#since, outcome)
    this.#span?.end(failure)
  }
}

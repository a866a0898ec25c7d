// Spans for a host that has registered a tracer of OpenTelemetry. Where nobody has, its library is not even loaded, and a
// trace is passed on as it came. There is no exporter here: where spans go is the host's affair.

import type { Span, SpanKind } from '@opentelemetry/api'
import type { Trace } from '../../kit/trace.ts'

type Attributes = Readonly<Record<string, string | number>>

export interface OpenSpan {
  /** Where what follows from it stands. */
  readonly trace: Trace
  set(attributes: Attributes): void
  /** `failure`: why it did not end well. */
  end(failure?: string): void
}

export interface Tracing {
  /** Looks for a tracer. Call it once, at the start. */
  begin(): Promise<void>
  /** null: nobody wants to know. `outward`: it asks somebody else. */
  open(name: string, parent: Trace | null, attributes: Attributes, outward?: boolean): OpenSpan | null
}

/** Where the library keeps what was registered, in whichever copy of it. */
const REGISTERED = 'opentelemetry.js.api.1'

export function createTracing(version: string): Tracing {
  let api: typeof import('@opentelemetry/api') | null = null
  return {
    async begin() {
      const registered = (globalThis as Record<symbol, { readonly trace?: unknown } | undefined>)[Symbol.for(REGISTERED)]
      if (registered?.trace) api = await import('@opentelemetry/api')
    },
    open(name, parent, attributes, outward = false) {
      if (!api) return null
      const { trace, context, SpanKind: kinds, ROOT_CONTEXT, createTraceState } = api
      const remote = parent && {
        traceId: parent.traceId,
        spanId: parent.spanId,
        traceFlags: parseInt(parent.flags, 16),
        isRemote: true,
        ...(parent.state !== undefined && { traceState: createTraceState(parent.state) }),
      }
      const around = remote ? trace.setSpanContext(ROOT_CONTEXT, remote) : context.active()
      const kind: SpanKind = outward ? kinds.CLIENT : kinds.INTERNAL
      return toOpen(trace.getTracer('edgeclaw', version).startSpan(name, { kind, attributes: { ...attributes } }, around), api)
    },
  }
}

function toOpen(span: Span, { SpanStatusCode }: typeof import('@opentelemetry/api')): OpenSpan {
  const { traceId, spanId, traceFlags, traceState } = span.spanContext()
  const state = traceState?.serialize()
  return {
    trace: { traceId, spanId, flags: traceFlags.toString(16).padStart(2, '0'), ...(state && { state }) },
    set: (attributes) => void span.setAttributes({ ...attributes }),
    end(failure) {
      if (failure !== undefined) span.setStatus({ code: SpanStatusCode.ERROR, message: failure })
      span.end()
    },
  }
}

// Spans for a host that has registered a tracer.

import { context, ROOT_CONTEXT, SpanKind, SpanStatusCode, trace, TraceFlags, type Attributes, type Context, type Span, type SpanOptions, type SpanStatus, type Tracer, type TracerProvider } from '@opentelemetry/api'
import { afterEach, describe, expect, it } from 'vitest'
import { readTrace, traceHeaders } from '../../../src/kit/trace.ts'
import { createTracing } from '../../../src/services/operations/tracing.ts'
import { openDoor } from '../../http/door.ts'

interface Recorded {
  readonly name: string
  readonly parentId: string | undefined
  readonly traceId: string
  readonly spanId: string
  readonly kind: SpanKind | undefined
  readonly attributes: Attributes
  status: SpanStatus | null
  ended: boolean
}

/** What an SDK registers, as far as it is asked here. */
function register() {
  const recorded: Recorded[] = []
  const named: string[] = []
  const tracer = {
    startSpan(name: string, { kind, attributes = {} }: SpanOptions = {}, around: Context = context.active()): Span {
      const parent = trace.getSpanContext(around)
      const span: Recorded = { name, parentId: parent?.spanId, traceId: parent?.traceId ?? 'f'.repeat(32), spanId: String(recorded.length + 1).padStart(16, '0'), kind, attributes: { ...attributes }, status: null, ended: false }
      recorded.push(span)
      return {
        spanContext: () => ({ traceId: span.traceId, spanId: span.spanId, traceFlags: TraceFlags.SAMPLED, ...(parent?.traceState && { traceState: parent.traceState }) }),
        setAttributes: (more: Attributes) => Object.assign(span.attributes, more),
        setStatus: (status: SpanStatus) => void (span.status = status),
        end: () => void (span.ended = true),
      } as unknown as Span
    },
  } as unknown as Tracer
  trace.setGlobalTracerProvider({ getTracer: (name: string) => (named.push(name), tracer) } as unknown as TracerProvider)
  return { recorded, named }
}

const PARENT = readTrace('00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01', 'a=1')!

describe('tracing', () => {
  afterEach(() => trace.disable())

  it('does nothing where nobody has registered a tracer', async () => {
    trace.disable()
    const tracing = createTracing('1')
    await tracing.begin()
    expect(tracing.open('run', PARENT, {})).toBeNull()
  })

  it('opens spans below that of the caller, and says where what follows stands', async () => {
    const { recorded, named } = register()
    const tracing = createTracing('1')
    expect(tracing.open('early', null, {})).toBeNull()
    await tracing.begin()
    const run = tracing.open('run', PARENT, { a: 1 })!
    const call = tracing.open('chat m', run.trace, {}, true)!
    call.set({ b: 'x' })
    call.end('timeout')
    run.end()
    expect(named[0]).toBe('edgeclaw')
    expect(recorded).toMatchObject([
      { name: 'run', parentId: PARENT.spanId, traceId: PARENT.traceId, kind: SpanKind.INTERNAL, attributes: { a: 1 }, status: null, ended: true },
      { name: 'chat m', parentId: '0000000000000001', traceId: PARENT.traceId, kind: SpanKind.CLIENT, attributes: { b: 'x' }, status: { code: SpanStatusCode.ERROR, message: 'timeout' }, ended: true },
    ])
    expect(run.trace).toEqual({ traceId: PARENT.traceId, spanId: '0000000000000001', flags: '01', state: 'a=1' })
  })

  it('begins a trace where none came', async () => {
    const { recorded } = register()
    const tracing = createTracing('1')
    await tracing.begin()
    tracing.open('run', null, {})!.end()
    expect([recorded[0]!.parentId, trace.getSpanContext(ROOT_CONTEXT)]).toEqual([undefined, undefined])
  })

  it('has a run of a gateway below its caller, and each question to a model below the run', async () => {
    const { recorded } = register()
    const { ask } = await openDoor()
    const say = (...steps: unknown[]) => ask('/v1/chat/completions', { body: { model: 'openclaw', messages: [{ role: 'user', content: `script:${JSON.stringify(steps)}` }] }, headers: traceHeaders(PARENT) })
    expect((await say({ text: 'x' })).status).toBe(200)
    expect((await say({ error: { message: 'no', kind: 'invalid' } })).status).toBe(400)
    const [run, chat, failedRun, failedChat] = recorded
    expect([run, chat]).toMatchObject([
      { name: 'invoke_agent', parentId: PARENT.spanId, traceId: PARENT.traceId, attributes: { 'gen_ai.agent.id': 'main' }, status: null, ended: true },
      { name: expect.stringMatching(/^chat /), parentId: run!.spanId, kind: SpanKind.CLIENT, status: null, ended: true },
    ])
    expect([failedRun, failedChat]).toMatchObject([
      { name: 'invoke_agent', status: { code: SpanStatusCode.ERROR }, ended: true },
      { parentId: failedRun!.spanId, status: { code: SpanStatusCode.ERROR }, ended: true },
    ])
  })
})

// Each question to a model, counted, timed and traced.

import { describe, expect, it } from 'vitest'
import { readTrace } from '../../../src/kit/trace.ts'
import type { Model } from '../../../src/ports/model.ts'
import { createModelCalls } from '../../../src/services/conversation/model-calls.ts'
import { createFigures } from '../../../src/services/operations/figures.ts'
import { createTracing, type Tracing } from '../../../src/services/operations/tracing.ts'
import { fakeClock } from '../../harness/clock.ts'

const model = { id: 'p/m', provider: 'p', model: 'm', api: 'x' } as Model
const trace = readTrace('00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01', 'a=1')!

describe('a question to a model', () => {
  it('carries the trace of whoever asked, as it came', () => {
    const calls = createModelCalls({ clock: fakeClock(), figures: createFigures(), tracing: createTracing('1') })
    expect(calls.begin(model, null).headers).toBeUndefined()
    expect(calls.begin(model, trace).headers).toEqual({ traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01', tracestate: 'a=1' })
  })

  it('is counted with the time that it took, however it ended', async () => {
    const clock = fakeClock()
    const figures = createFigures()
    const calls = createModelCalls({ clock, figures, tracing: createTracing('1') })
    const good = calls.begin(model, null)
    await clock.advance(250)
    good.answered()
    const bad = calls.begin(model, null)
    await clock.advance(1750)
    bad.failed(new Error('no'))
    expect(figures.text()).toMatch(/model_requests_total\{outcome="ok"\} 1\n.*\{outcome="error"\} 1\n/)
    expect(figures.text()).toContain('edgeclaw_model_request_duration_seconds_sum 2\n')
  })

  it('is a span of its own where somebody records them', () => {
    const told: unknown[] = []
    const tracing: Tracing = {
      begin: async () => {},
      open(name, parent, attributes, outward) {
        told.push([name, parent, attributes, outward])
        return { trace: { ...trace, spanId: '00000000000000aa' }, set: () => {}, end: (failure) => void told.push(failure) }
      },
    }
    const calls = createModelCalls({ clock: fakeClock(), figures: createFigures(), tracing })
    const call = calls.begin(model, trace)
    expect(call.headers?.['traceparent']).toBe('00-0af7651916cd43dd8448eb211c80319c-00000000000000aa-01')
    call.failed(new TypeError('no'))
    expect(told).toEqual([['chat m', trace, { 'gen_ai.operation.name': 'chat', 'gen_ai.provider.name': 'p', 'gen_ai.request.model': 'm' }, true], 'TypeError'])
  })
})

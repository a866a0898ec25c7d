// What the gateway counts of itself.

import { describe, expect, it } from 'vitest'
import { ERRORS } from '../../../src/protocol/errors.ts'
import { createFigures } from '../../../src/services/operations/figures.ts'
import { readPrometheus } from '../../harness/prometheus.ts'

const usage = { input: 10, output: 5, cacheRead: 2, cacheWrite: 1, reasoning: 3, totalTokens: 18 }

describe('figures', () => {
  it('are all there before anything has happened', () => {
    const figures = createFigures()
    figures.know({ methods: ['health', 'chat.send'], routes: ['/health', '/v1/models/*'] })
    const families = readPrometheus(figures.text())
    expect([...families.values()].flatMap(({ samples }) => [...samples.values()]).filter((value) => value !== 0)).toEqual([])
    expect([...families].map(([name, { samples }]) => [name, samples.size])).toEqual([
      ['edgeclaw_frames_total', 2],
      ['edgeclaw_rpc_requests_total', 4],
      ['edgeclaw_rpc_errors_total', Object.keys(ERRORS).length],
      ['edgeclaw_http_responses_total', 12],
      ['edgeclaw_runs_total', 24],
      ['edgeclaw_tokens_total', 5],
      ['edgeclaw_model_requests_total', 2],
      ['edgeclaw_model_request_duration_seconds', 15],
      ['edgeclaw_commit_flush_duration_seconds', 14],
    ])
  })

  it('count what happens, under names that nobody else chooses', () => {
    const figures = createFigures()
    figures.know({ methods: ['health'], routes: ['/health'] })
    figures.called('health', 'ok')
    figures.called('health', 'FORBIDDEN')
    figures.called('x"} 1', 'ok')
    figures.called('health', '__proto__')
    figures.answered('/health', 200)
    figures.answered('/whatever/a/stranger/says', 404)
    figures.answered('/health', 101)
    figures.runEnded('cron', 'ok', usage)
    figures.runEnded('chat', 'running', usage)
    figures.modelAnswered(300, 'ok')
    figures.modelAnswered(700_000, 'error')
    figures.flushed(3)
    figures.traffic.received += 2
    const families = readPrometheus(figures.text())
    const filled = [...families].flatMap(([name, { samples }]) => [...samples].filter(([key, value]) => value !== 0 && !key.startsWith('_bucket')).map(([key, value]) => `${name.replace('edgeclaw_', '')}${key} ${value}`))
    expect(filled).toEqual([
      'frames_total{direction="received"} 2',
      'rpc_requests_total{method="health",outcome="ok"} 1',
      'rpc_requests_total{method="health",outcome="error"} 2',
      'rpc_errors_total{code="FORBIDDEN"} 1',
      'http_responses_total{route="other",status="4xx"} 1',
      'http_responses_total{route="/health",status="2xx"} 1',
      'runs_total{origin="cron",state="ok"} 1',
      'tokens_total{kind="input"} 20',
      'tokens_total{kind="output"} 10',
      'tokens_total{kind="cache_read"} 4',
      'tokens_total{kind="cache_write"} 2',
      'tokens_total{kind="reasoning"} 6',
      'model_requests_total{outcome="ok"} 1',
      'model_requests_total{outcome="error"} 1',
      'model_request_duration_seconds_sum 700.3',
      'model_request_duration_seconds_count 2',
      'commit_flush_duration_seconds_sum 0.003',
      'commit_flush_duration_seconds_count 1',
    ])
  })

  it('tell what services are asked for when somebody looks', () => {
    const figures = createFigures()
    figures.know({ methods: ['health'] })
    let waiting = 0
    figures.tell({ name: 'edgeclaw_waiting', type: 'gauge', help: 'x' }, () => waiting)
    figures.tell({ name: 'edgeclaw_by', type: 'gauge', help: 'x', label: 'role' }, () => ({ node: waiting, operator: 0 }))
    waiting = 3
    const families = readPrometheus(figures.text())
    expect([[...families.get('edgeclaw_waiting')!.samples], [...families.get('edgeclaw_by')!.samples]]).toEqual([[['', 3]], [['{role="node"}', 3], ['{role="operator"}', 0]]])
  })
})

// GET /metrics.

import { describe, expect, it } from 'vitest'
import { METHODS } from '../../src/methods/all.gen.ts'
import { join } from '../harness/peer.ts'
import { readPrometheus } from '../harness/prometheus.ts'
import { errorOf, openDoor } from './door.ts'

const config = { gateway: { http: { endpoints: { metrics: { enabled: true } } } } }

describe('metrics', () => {
  it('are switched off until the configuration says otherwise', async () => {
    const { ask } = await openDoor()
    expect(await errorOf(await ask('/metrics'))).toMatchObject({ status: 404, message: expect.stringContaining('gateway.http.endpoints.metrics.enabled') })
  })

  it('are for those who may read', async () => {
    const { ask } = await openDoor({ config })
    expect(await errorOf(await ask('/metrics', { headers: { authorization: null } }))).toMatchObject({ status: 401 })
    const response = await ask('/metrics')
    expect([response.status, response.headers.get('content-type'), response.headers.get('cache-control')]).toEqual([200, 'text/plain; version=0.0.4; charset=utf-8', 'no-store'])
    expect(await errorOf(await ask('/metrics', { method: 'POST', body: {} }))).toMatchObject({ status: 405 })
  })

  it('have every series from the start', async () => {
    const { ask } = await openDoor({ config })
    const families = readPrometheus(await (await ask('/metrics')).text())
    const { samples } = families.get('edgeclaw_rpc_requests_total')!
    expect(samples.size).toBe(METHODS.length * 2)
    for (const name of ['edgeclaw_connections', 'edgeclaw_runs_in_progress', 'edgeclaw_approvals_pending', 'edgeclaw_cron_jobs', 'edgeclaw_cron_slots_open', 'edgeclaw_commit_failures_total', 'edgeclaw_uptime_seconds', 'edgeclaw_info']) {
      expect(families.get(name)?.samples.size, name).toBeGreaterThan(0)
    }
    expect(families.get('edgeclaw_http_responses_total')!.samples.get('{route="/v1/chat/completions",status="2xx"}')).toBe(0)
  })

  it('count what is served', async () => {
    const { ask, gateway } = await openDoor({ config })
    const { client } = await join(gateway)
    await client.call('health')
    await client.request('config.get', { nonsense: 1 })
    await ask('/v1/chat/completions', { body: { model: 'openclaw', messages: [{ role: 'user', content: 'script:[{"text":"x"}]' }] } })
    await ask('/nothing')
    const families = readPrometheus(await (await ask('/metrics')).text())
    const value = (family: string, key = '') => families.get(`edgeclaw_${family}`)!.samples.get(key)
    expect(value('connections', '{role="operator"}')).toBe(1)
    expect(value('rpc_requests_total', '{method="health",outcome="ok"}')).toBe(1)
    expect(value('http_responses_total', '{route="/v1/chat/completions",status="2xx"}')).toBe(1)
    expect(value('http_responses_total', '{route="other",status="4xx"}')).toBe(1)
    expect(value('runs_total', '{origin="http",state="ok"}')).toBe(1)
    expect(value('model_requests_total', '{outcome="ok"}')).toBe(1)
    expect(value('tokens_total', '{kind="output"}')).toBeGreaterThan(0)
    expect(value('frames_total', '{direction="received"}')).toBe(3)
    expect(value('frames_total', '{direction="sent"}')).toBeGreaterThan(3)
  })
})

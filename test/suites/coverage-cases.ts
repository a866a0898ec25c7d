// The last of all: what the cases before it have called.

import { expect, it } from 'vitest'
import type { Reach, Target } from './target.ts'

/** Answered well only by what the gateway of the tests does not have: see the cases of each, and their unit tests. */
const ELSEWHERE: readonly string[] = [
  'artifacts.get', // an agent that makes files
  'artifacts.download',
  'push.web.test', // a push service, which never is on the own machine
  'gateway.restart.request', // a gateway that is nobody else's: see the cases of reloading
  'update.run', // a checkout of its own
]

/** On the own machine nobody has to be let in. */
const FROM_ELSEWHERE: readonly string[] = ['device.pair.approve', 'device.pair.reject']

/** The real ones look at nothing but what they need, and clients send more. */
const OPEN: readonly string[] = [
  'exec.approval.waitDecision',
  'exec.approval.list',
  'plugin.approval.waitDecision',
  'plugin.approval.list',
  'openclaw.approval.list',
  'wake',
  'last-heartbeat',
  'set-heartbeats',
  'gateway.restart.preflight',
  'gateway.restart.request',
  'health',
  'diagnostics.lanes',
  'status',
  'system-presence',
]

export function coverageCases(at: Reach, get: () => Target): void {
  it('was asked for everything that it advertises, and has answered it', async () => {
    const { hello } = await at.join()
    const answered = at.answered()
    const excused = [...ELSEWHERE, ...(get().local ? FROM_ELSEWHERE : [])]
    const advertised = hello.features.methods as string[]
    expect(advertised.filter((method) => !answered.has(method) && !excused.includes(method))).toEqual([])
  })

  it('takes no params but those that it knows, whatever the method', async () => {
    const { client, hello } = await at.join()
    const wrong: string[] = []
    for (const method of (hello.features.methods as string[]).filter((each) => !OPEN.includes(each))) {
      const { ok, error } = await client.request(method, { nonsense: true })
      const said = ok ? 'ok' : error!.message
      if (!/unexpected property 'nonsense'|unauthorized role|must match/.test(said)) wrong.push(`${method}: ${said}`)
    }
    expect(wrong).toEqual([])
  })
}

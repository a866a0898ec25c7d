// The jobs of an object, over the wire: how they are made, and how all of them are brought to an end.

import { setTimeout as pause } from 'node:timers/promises'
import type { CronAdd } from '../../src/protocol/cron-params.ts'
import { RpcError, type Client, type Data } from '../harness/client.ts'
import type { KnownJob } from '../services/automation/slot-account.ts'
import type { FastTime } from './cron-worker/fast-time.ts'

/** How often it is looked whether anything is under way, and for how long. */
const LOOK_MS = 50
const END_MS = 30_000

/** `draw` makes one when its turn has come. */
export async function addJobs(client: Client, count: number, draw: (n: number) => CronAdd, { shrink }: FastTime): Promise<KnownJob[]> {
  const jobs: KnownJob[] = []
  while (jobs.length < count) {
    const { ok, payload, error } = await client.request('cron.add', draw(jobs.length))
    if (ok) jobs.push({ id: payload.id, createdAt: payload.createdAtMs, schedule: payload.schedule })
    else if (error!.retryAfterMs === undefined) throw new RpcError(error!)
    else await pause(shrink(error!.retryAfterMs)) // a gateway bounds how many one client adds in a minute
  }
  return jobs
}

/** Switches jobs off and lets what is under way end. Resolves with the moment from which on nothing begins. */
export async function endJobs(client: Client, { now }: FastTime): Promise<number> {
  const { hash } = await client.call('config.get', {})
  await client.call('config.patch', { raw: JSON.stringify({ cron: { enabled: false } }), baseHash: hash })
  const endedAt = now()
  for (const limit = Date.now() + END_MS; Date.now() < limit && (await isBusy(client)); ) await pause(LOOK_MS)
  return endedAt
}

async function isBusy(client: Client): Promise<boolean> {
  for (let offset: number | null = 0; offset !== null; ) {
    const page: Data = await client.call('cron.list', { includeDisabled: true, offset })
    if ((page.jobs as Data[]).some(({ state }) => state.runningAtMs !== undefined)) return true
    offset = page.nextOffset as number | null
  }
  return false
}

// The configuration in cases: read, changed, and put back as it was.

import { expect } from 'vitest'
import type { Client, Data, Frame } from '../harness/client.ts'

export const read = (client: Client): Promise<Data> => client.call('config.get', {})

export const hashOf = async (client: Client): Promise<string> => (await read(client)).hash as string

/** `config.patch` on what stands there now. */
export async function patch(client: Client, change: unknown, more: Record<string, unknown> = {}): Promise<Data> {
  return client.call('config.patch', { raw: JSON.stringify(change), baseHash: await hashOf(client), ...more })
}

export async function refusedPatch(client: Client, change: unknown, more: Record<string, unknown> = {}): Promise<NonNullable<Frame['error']>> {
  const raw = typeof change === 'string' ? change : JSON.stringify(change)
  const { ok, error } = await client.request('config.patch', { raw, baseHash: await hashOf(client), ...more })
  expect(ok, raw).toBe(false)
  return error!
}

/** Whatever `work` does to the configuration, it is afterwards as it was before. */
export async function untouched<T>(client: Client, work: () => Promise<T>): Promise<T> {
  const { raw } = await read(client)
  try {
    return await work()
  } finally {
    await client.call('config.set', { raw, baseHash: await hashOf(client) })
    expect((await read(client)).raw).toBe(raw)
  }
}

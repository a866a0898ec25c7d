// A real workerd with the Worker in it.

import { createTestHarness } from 'wrangler'

const ROOT = new URL('../..', import.meta.url).pathname

export interface WorkerUnderTest {
  readonly url: string
  /** Throws the object out of memory; its sockets hibernate. */
  evict(name?: string): Promise<void>
  /** Runs SQL in the database of the object. */
  sql(query: string, name?: string): Promise<Record<string, unknown>[]>
  logs(): string
  close(): Promise<void>
}

export async function startWorker(options: { config?: unknown; token?: string; vars?: Record<string, string> } = {}): Promise<WorkerUnderTest> {
  const { config = {}, token, vars = {} } = options
  const harness = createTestHarness({
    root: ROOT,
    workers: [
      {
        configPath: 'wrangler.toml',
        vars: { OPENCLAW_CONFIG: JSON.stringify(config), ...vars },
        ...(token !== undefined && { secrets: { OPENCLAW_GATEWAY_TOKEN: token } }),
      },
    ],
  })
  const { url } = await harness.listen()
  const worker = harness.getWorker()
  return {
    url: url.href.replace(/\/$/, ''),
    evict: (name = 'main') => worker.evictDurableObject('GATEWAY', { name, webSockets: 'hibernate' }),
    async sql(query, name = 'main') {
      const storage = await worker.getDurableObjectStorage('GATEWAY', { name })
      return (await storage.exec(query)) as Record<string, unknown>[]
    },
    logs: () =>
      harness
        .getLogs()
        .map((line) => line.message)
        .join('\n'),
    close: () => harness.close(),
  }
}

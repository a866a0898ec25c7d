// What stands in the figures beside what is counted: read from the services when somebody asks.

import type { Ground } from './services/ground.ts'
import type { Figures } from './services/operations/figures.ts'
import type { Services } from './services/services.ts'
import { VERSION } from './version.ts'

const gauge = (name: string, help: string, label?: string) => ({ name: `edgeclaw_${name}`, type: 'gauge' as const, help, ...(label !== undefined && { label }) })
const counter = (name: string, help: string) => ({ name, type: 'counter' as const, help })

export function tellFigures(figures: Figures, services: Services, { host, commit, platform }: Ground): void {
  const { runs, connections, approvals, cron, system } = services
  figures.tell(gauge('info', 'The version that runs.', 'version'), () => ({ [VERSION]: 1 }))
  figures.tell(gauge('runtime', 'What it runs on.', 'name'), () => ({ [platform.name]: 1 }))
  figures.tell(gauge('uptime_seconds', 'Since the gateway was made.'), () => system.uptimeMs() / 1000)
  figures.tell(gauge('connections', 'Sockets that have completed the handshake.', 'role'), () => {
    const roles = { operator: 0, node: 0 }
    for (const { session } of connections.established()) if (session) roles[session.role]++
    return roles
  })
  figures.tell(gauge('connections_open', 'All sockets, those included that have not said who they are.'), () => connections.size)
  figures.tell(gauge('runs_in_progress', 'Runs that wait for their turn, and those that have it.', 'state'), () => {
    const { queued, running } = runs.load()
    return { queued, running }
  })
  figures.tell(gauge('runs_limit', 'Runs that may be in progress at once.'), () => runs.load().width)
  figures.tell(gauge('approvals_pending', 'Questions that wait for a person.'), () => approvals.pending({}).length)
  figures.tell(gauge('cron_jobs', 'Jobs that there are.'), () => cron.count)
  figures.tell(gauge('cron_slots_open', 'Slots of jobs that were begun and have not ended.'), () => cron.openSlots)
  figures.tell(counter('edgeclaw_commit_failures_total', 'Groups of writes that could not be written.'), () => commit.failures)
  figures.tell(counter('edgeclaw_commit_rollbacks_total', 'Transactions that were taken back.'), () => commit.rollbacks)
  const { process } = host
  if (!process) return
  figures.tell({ name: 'process_resident_memory_bytes', type: 'gauge', help: 'Memory of the process.' }, () => process().residentBytes)
  figures.tell({ name: 'process_heap_bytes', type: 'gauge', help: 'Memory that is used of the heap.' }, () => process().heapBytes)
  figures.tell(counter('process_cpu_seconds_total', 'Processor time, of the user and the system.'), () => process().cpuSeconds)
  figures.tell({ name: 'process_start_time_seconds', type: 'gauge', help: 'When the process began, since the epoch.' }, () => process().startedAtMs / 1000)
}

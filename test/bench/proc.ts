// What Linux says of processes and of the machine, in /proc.

import { readFileSync } from 'node:fs'

const TICKS_PER_SECOND = 100

/** CPU seconds that a process has used, all of its threads together; and those of its children that have ended. */
function usage(pid: number): { readonly own: number; readonly children: number } {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const [user, system, childUser, childSystem] = fields.slice(11, 15).map((field) => Number(field) / TICKS_PER_SECOND)
  return { own: user! + system!, children: childUser! + childSystem! }
}

export const cpuSeconds = (pid: number): number => usage(pid).own

export function rssMb(pid: number): number {
  const found = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))
  return Number(found![1]) / 1024
}

/** CPU seconds that the whole machine has used; time that was taken from it counts as used. */
function machineSeconds(): number {
  const [user, nice, system, , , irq, softIrq, steal] = readFileSync('/proc/stat', 'latin1').split('\n')[0]!.split(/ +/).slice(1).map(Number)
  return (user! + nice! + system! + irq! + softIrq! + steal!) / TICKS_PER_SECOND
}

export interface Load {
  /** Cores that this process, the load generator, used at most. Near 1 it may be the limit of what was measured. */
  readonly generator: number
  /** Cores that were used by what does not belong to the bench. */
  readonly others: number
}

const WINDOW_MS = 250

/** Watches from now until the returned function is called. What this process starts meanwhile must have ended by then. */
export function watchLoad(upstreamPid: number): () => Load {
  const read = () => ({ at: performance.now(), machine: machineSeconds(), self: usage(process.pid), upstream: cpuSeconds(upstreamPid) })
  const before = read()
  let last = before
  let generator = 0
  const watch = setInterval(() => {
    const now = read()
    generator = Math.max(generator, (now.self.own - last.self.own) / ((now.at - last.at) / 1000))
    last = now
  }, WINDOW_MS)
  return () => {
    clearInterval(watch)
    const after = read()
    const bench = after.self.own - before.self.own + after.self.children - before.self.children + after.upstream - before.upstream
    return { generator, others: Math.max(0, after.machine - before.machine - bench) / ((after.at - before.at) / 1000) }
  }
}

// The canvas of an agent: pages in the folder `canvas` of its workspace, shown by nodes and pages that were given an
// address for a while. The address is the capability: it opens this one folder, and nothing else.

import { messageOf, type Logger } from '../../kit/log.ts'
import { canvasChanged } from '../../protocol/page-events.ts'
import type { Clock } from '../../ports/clock.ts'
import type { WorkspaceFile } from '../../ports/workspace.ts'
import type { Bus } from '../bus.ts'
import type { AgentFiles } from '../conversation/agent-files.ts'
import type { Agents } from '../conversation/agents.ts'
import { toWorkspacePath } from '../conversation/workspace-path.ts'
import type { CanvasCapabilities } from './canvas-capability.ts'

export const CANVAS_PATH = '/canvas-host'

export interface CanvasAddress {
  /** `/canvas-host/<capability>/`. */
  readonly path: string
  readonly expiresAtMs: number
}

export interface Canvas {
  open(agentId: string): Promise<CanvasAddress>
  /** What lies there; null: nothing, or the capability is none, or over. */
  read(capability: string, path: string): Promise<WorkspaceFile | null>
  /** Looks at nothing any more. */
  end(): void
}

const FOLDER = 'canvas'
const TTL_MS = 10 * 60 * 1000
const MAX_WATCHED = 100
const MAX_BYTES = 8 * 1024 * 1024
/** Several changes of one save are one. */
const SETTLE_MS = 150

interface Watched {
  /** While addresses of it are good. */
  until: number
  stop: () => void
}

export function createCanvas(deps: {
  agents: Pick<Agents, 'find'>
  files: Pick<AgentFiles, 'open' | 'onWritten'>
  capabilities: CanvasCapabilities
  bus: Bus
  clock: Clock
  log: Logger
}): Canvas {
  const { agents, files, capabilities, bus, clock, log } = deps
  const watched = new Map<string, Watched>()
  const pending = new Map<string, () => void>()

  files.onWritten((agentId, path) => {
    if (path.startsWith(`${FOLDER}/`)) changed(agentId)
  })

  /** Whoever shows it is told, and loads it again. */
  function changed(agentId: string) {
    pending.get(agentId)?.()
    const tell = () => {
      pending.delete(agentId)
      bus.publish(canvasChanged, { agentId })
    }
    pending.set(agentId, clock.after(SETTLE_MS, tell))
  }

  function forgetOld() {
    for (const [agentId, { until, stop }] of watched) {
      if (until > clock.now()) continue
      watched.delete(agentId)
      stop()
    }
  }

  /** What programs of this machine change there is seen, too, where somebody may look at it. */
  async function watch(agentId: string, until: number) {
    forgetOld()
    const known = watched.get(agentId)
    if (known) known.until = Math.max(known.until, until)
    const workspace = files.open(agentId)
    if (known || !workspace.watch || watched.size >= MAX_WATCHED) return
    const entry = { until, stop: () => {} }
    watched.set(agentId, entry)
    try {
      const stop = await workspace.watch(FOLDER, () => changed(agentId))
      if (watched.get(agentId) === entry) entry.stop = stop
      else stop()
    } catch (error) {
      log.warn(`the canvas of ${agentId} cannot be watched: whoever shows it has to load it again`, { error: messageOf(error) })
    }
  }

  return {
    async open(agentId) {
      const expiresAtMs = clock.now() + TTL_MS
      const capability = await capabilities.make(agentId, expiresAtMs)
      await watch(agentId, expiresAtMs)
      return { path: `${CANVAS_PATH}/${capability}/`, expiresAtMs }
    },
    async read(capability, path) {
      const agentId = await capabilities.read(capability)
      const wanted = agentId !== null && agents.find(agentId) ? toPath(path) : null
      const file = wanted === null ? null : await files.open(agentId!).read(`${FOLDER}/${wanted}`, MAX_BYTES)
      return file === 'too-large' ? null : file
    },
    end() {
      for (const { stop } of watched.values()) stop()
      for (const cancel of pending.values()) cancel()
      watched.clear()
      pending.clear()
    },
  }
}

function toPath(path: string): string | null {
  try {
    const inside = toWorkspacePath(path.endsWith('/') || path === '' ? `${path}index.html` : path)
    return inside.split('/').some((part) => part.startsWith('.')) ? null : inside
  } catch {
    return null
  }
}

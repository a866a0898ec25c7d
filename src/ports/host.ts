// Abilities that only a process has. Each is optional: what is missing is refused by name, never faked.

import type { Commands } from './command.ts'
import type { Fetch } from './fetch.ts'
import type { LocalSpeech } from './speech.ts'
import type { Updater } from './updater.ts'
import type { Workspaces } from './workspace.ts'

/** Figures of the machine; the source of the names is `SystemInfoResult` of the published schema. */
export interface SystemInfo {
  readonly machineName: string
  readonly hostname: string
  readonly platform: string
  readonly release: string
  readonly arch: string
  readonly osLabel: string
  readonly lanAddress?: string
  readonly nodeVersion: string
  readonly pid: number
  readonly cpuCount: number
  readonly cpuModel?: string
  readonly loadAverage?: readonly [number, number, number]
  readonly memoryTotalBytes: number
  readonly memoryFreeBytes: number
}

/** Figures of the process. */
export interface ProcessInfo {
  readonly residentBytes: number
  readonly heapBytes: number
  /** Of the user and the system, since it began. */
  readonly cpuSeconds: number
  readonly startedAtMs: number
}

export interface Host {
  /** What the machine is and how it fares. */
  readonly system?: () => SystemInfo
  readonly process?: () => ProcessInfo
  /** Small secrets in files that only their owner can read. */
  readonly secrets?: { get(name: string): string | null; set(name: string, value: string): void }
  /** Says something to the person at the terminal, and to no log. */
  readonly tell?: (text: string) => void
  /** Says when a file may have changed, however that was done. Returns how to stop. */
  readonly watch?: (path: string, onChange: () => void) => () => void
  /** Shows a file to the person at this machine. Absent without a desktop. */
  readonly openFile?: (path: string) => Promise<void>
  /** Ends this gateway gracefully, and begins a new one in its place. */
  readonly restart?: (reason: string) => void
  /** The program itself, where it can be replaced by a newer one. */
  readonly update?: Updater
  /** A directory of this machine as the workspace of an agent; absolute, or below the home directory with `~/`. */
  readonly workspaces?: Workspaces
  /** A program of this machine that speaks. */
  readonly speech?: LocalSpeech
  /** Keeps a file for a while where other programs of this machine find it. `ending` like `.mp3`; resolves with the path. */
  readonly shelve?: (ending: string, bytes: Uint8Array) => Promise<string>
  /**
   * A request over a connection of its own, and only to an address that passes `mayReach`: the name is resolved once, and
   * what is connected to is what was asked about. It does not follow to where an answer leads.
   */
  readonly reach?: Reach
  /** Programs that agents run, and servers that are programs. */
  readonly commands?: Commands
  /** Whether a program of this name can be started here. */
  readonly hasProgram?: (name: string) => boolean
  /** Whether servers on this machine's loopback can be asked (a local Ollama, say). */
  readonly loopback?: boolean
}
export type Reach = (url: string, init: Parameters<Fetch>[1], mayReach: (address: string) => boolean) => ReturnType<Fetch>
export type HostAbility = keyof Host

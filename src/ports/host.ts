// Abilities that only a process has. Each is optional: what is missing is refused by name, never faked.

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

export interface Host {
  /** What the machine is and how it fares. */
  readonly system?: () => SystemInfo
  /** Small secrets in files that only their owner can read. */
  readonly secrets?: { get(name: string): string | null; set(name: string, value: string): void }
  /** Says something to the person at the terminal, and to no log. */
  readonly tell?: (text: string) => void
  /** Whether servers on this machine's loopback can be asked (a local Ollama, say). */
  readonly loopback?: boolean
}
export type HostAbility = keyof Host

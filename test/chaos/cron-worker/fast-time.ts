// Time that goes by faster than it does, so that a day is a matter of minutes. Whoever knows the three numbers computes
// the same time, whatever died meanwhile.

export interface FastTimeSettings {
  /** Where the fast time begins, in epoch milliseconds. */
  readonly begin: number
  /** The real moment of that. */
  readonly since: number
  readonly speed: number
}

export interface FastTime {
  readonly settings: FastTimeSettings
  now(): number
  /** The first real moment, in whole milliseconds, at which the fast time is not before `at`. */
  toReal(at: number): number
  /** How long a fast `ms` really takes. */
  shrink(ms: number): number
  until(at: number): Promise<void>
}

export function createFastTime(settings: FastTimeSettings): FastTime {
  const { begin, since, speed } = settings
  const toReal = (at: number) => Math.ceil(since + (at - begin) / speed)
  return {
    settings,
    now: () => begin + Math.floor((Date.now() - since) * speed),
    toReal,
    shrink: (ms) => ms / speed,
    until: (at) => new Promise((resolve) => void setTimeout(resolve, Math.max(0, toReal(at) - Date.now()))),
  }
}

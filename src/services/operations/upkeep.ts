// What services do from time to time to forget what is old. They name it here; `maintenance.ts` sees to it that it is
// done: at the start and each hour, on a gateway that hibernates at the start only.

export interface Upkeep {
  /** `work` runs inside a transaction, and MUST be bounded: it is called again and again. */
  add(work: (now: number) => void): void
  run(now: number): void
}

export function createUpkeep(): Upkeep {
  const all: ((now: number) => void)[] = []
  return {
    add: (work) => void all.push(work),
    run(now) {
      for (const work of all) work(now)
    },
  }
}

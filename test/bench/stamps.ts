// Monotonic time that all processes of a machine share, written into the text of deltas.

export const nowUs = (): number => Number(process.hrtime.bigint() / 1000n)

/** One delta: a word, and when it was written. */
export const stampedWord = (): string => `w@${nowUs()} `

/** When the deltas in `text` were written, in order. */
export function stampsIn(text: string): number[] {
  const stamps: number[] = []
  for (let at = text.indexOf('@'); at !== -1; at = text.indexOf('@', at + 1)) stamps.push(Number.parseInt(text.slice(at + 1, at + 20), 10))
  return stamps
}

/** What the upstream is asked to do, as a message of the user. */
export const order = (deltas: number, everyMs: number): string => `bench:n=${deltas},ms=${everyMs}`

/** The last order in a request; one short answer without any. */
export function orderIn(body: string): { readonly deltas: number; readonly everyMs: number } {
  const found = /^bench:n=(\d+),ms=(\d+)/.exec(body.slice(Math.max(0, body.lastIndexOf('bench:n='))))
  return { deltas: Number(found?.[1] ?? 1), everyMs: Number(found?.[2] ?? 0) }
}

// Spans of time as people write them: `30m`, `1h30m`, `90s`, `7d`.

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** Milliseconds; a number without a unit means minutes. null for what is no span of time. */
export function parseDuration(text: string): number | null {
  const trimmed = text.trim().toLowerCase()
  if (/^\d+(\.\d+)?$/.test(trimmed)) return bounded(Number(trimmed) * 60_000)
  if (!/^(\d+(\.\d+)?(ms|s|m|h|d)\s*)+$/.test(trimmed)) return null
  let sum = 0
  for (const [, amount, unit] of trimmed.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d)/g)) sum += Number(amount) * UNITS[unit!]!
  return bounded(sum)
}

/** Longer than this, and no calendar has it. */
const MAX_MS = 8_640_000_000_000_000

const bounded = (ms: number): number | null => (ms <= MAX_MS ? Math.round(ms) : null)

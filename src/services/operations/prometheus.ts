// The text format of Prometheus (0.0.4): families of samples, one line each.

export interface Family {
  readonly name: string
  readonly type: 'counter' | 'gauge'
  readonly help: string
}

export type Labels = Readonly<Record<string, string>>
export type Sample = readonly [labels: Labels, value: number]

export const NO_LABELS: Labels = {}

export function writeFamily({ name, type, help }: Family, samples: Iterable<Sample>): string {
  let text = head(name, type, help)
  for (const [labels, value] of samples) text += `${name}${writeLabels(labels)} ${writeNumber(value)}\n`
  return text
}

const head = (name: string, type: string, help: string): string => `# HELP ${name} ${help.replace(/\\/g, '\\\\').replace(/\n/g, '\\n')}\n# TYPE ${name} ${type}\n`

function writeLabels(labels: Labels): string {
  const members = Object.entries(labels).map(([name, value]) => `${name}="${escape(value)}"`)
  return members.length === 0 ? '' : `{${members.join(',')}}`
}

const escape = (value: string): string => value.replace(/\\/g, '\\\\').replace(/"/g, '\\"').replace(/\n/g, '\\n')

function writeNumber(value: number): string {
  if (Number.isNaN(value)) return 'NaN'
  return Number.isFinite(value) ? String(value) : value > 0 ? '+Inf' : '-Inf'
}

/** Counts seconds into buckets, each with what lies below its bound. */
export interface Histogram {
  observe(ms: number): void
  write(name: string, help: string): string
}

export function createHistogram(boundsMs: readonly number[]): Histogram {
  const counts = Array.from({ length: boundsMs.length + 1 }, () => 0)
  let sumMs = 0
  return {
    observe(ms) {
      let at = 0
      while (at < boundsMs.length && ms > boundsMs[at]!) at++
      counts[at]!++
      sumMs += ms
    },
    write(name, help) {
      let below = 0
      const lines = counts.map((count, at) => {
        below += count
        const bound = boundsMs[at]
        return `${name}_bucket{le="${bound === undefined ? '+Inf' : writeNumber(bound / 1000)}"} ${below}\n`
      })
      return `${head(name, 'histogram', help)}${lines.join('')}${name}_sum ${writeNumber(sumMs / 1000)}\n${name}_count ${below}\n`
    },
  }
}

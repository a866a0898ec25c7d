// The result, as a table of medians.

import type { Load } from './proc.ts'
import { median, type Measured } from './suite.ts'
import type { Kind } from './targets.ts'

export interface Sample {
  readonly suite: string
  readonly kind: Kind
  readonly measured: Measured
  readonly load: Load
}

/** Three digits that count. */
function show(value: number): string {
  if (!Number.isFinite(value)) return '–'
  if (Math.abs(value) >= 100) return Math.round(value).toLocaleString('en')
  return value.toPrecision(3)
}

export function toTable(samples: readonly Sample[]): string {
  const valuesOf = (suite: string, kind: Kind, row: string) =>
    samples.flatMap((sample) => (sample.suite === suite && sample.kind === kind ? (sample.measured[row] ?? []) : []))
  const lines = [['', 'edgeclaw', 'bare', 'edgeclaw/bare']]
  for (const suite of new Set(samples.map((sample) => sample.suite))) {
    const rows = new Set(samples.flatMap((sample) => (sample.suite === suite ? Object.keys(sample.measured) : [])))
    for (const row of rows) {
      const [ours, bare] = [median(valuesOf(suite, 'edgeclaw', row)), median(valuesOf(suite, 'bare', row))]
      lines.push([`${suite}: ${row}`, show(ours), show(bare), bare === 0 ? '–' : (ours / bare).toFixed(2)])
    }
  }
  const widths = lines[0]!.map((_, column) => Math.max(...lines.map((line) => line[column]!.length)))
  const toLine = (line: readonly string[]) =>
    `| ${line.map((cell, column) => (column === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[column]!))).join(' | ')} |`
  const rule = `|${widths.map((width, column) => (column === 0 ? '-'.repeat(width + 2) : `${'-'.repeat(width + 1)}:`)).join('|')}|`
  return [toLine(lines[0]!), rule, ...lines.slice(1).map(toLine)].join('\n')
}

/** What may have been in the way: the load generator itself, and others on the machine. */
export function toCaveats(samples: readonly Sample[]): string {
  const peaks = Object.entries(Object.groupBy(samples, ({ suite }) => suite)).map(
    ([suite, all]) => `${suite} ${Math.max(...all!.map(({ load }) => load.generator)).toFixed(2)}`,
  )
  const others = samples.map(({ load }) => load.others)
  return [
    `load generator, cores at most: ${peaks.join(', ')}`,
    `others on this machine, cores: ${median(others).toFixed(2)} (median), ${Math.max(...others).toFixed(2)} at most`,
  ].join('\n')
}

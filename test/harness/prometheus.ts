// Reads the text format of Prometheus, and refuses what its own parser would.

export interface Read {
  readonly type: string
  readonly help: string
  /** By the labels in their order: `{a="1"}`, or nothing. */
  readonly samples: ReadonlyMap<string, number>
}

const NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*/
const LABELS = /^\{(?:[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\[\\"n])*"(?:,(?!\})|(?=\})))*\}/
const SUFFIXES: Readonly<Record<string, readonly string[]>> = { histogram: ['_bucket', '_sum', '_count'] }

export function readPrometheus(text: string): ReadonlyMap<string, Read> {
  if (!text.endsWith('\n')) throw new Error('the last line does not end')
  const families = new Map<string, { type: string; help: string; samples: Map<string, number> }>()
  let current: string | null = null
  for (const line of text.slice(0, -1).split('\n')) {
    const [, kind, name, rest] = /^# (HELP|TYPE) (\S+) (.*)$/.exec(line) ?? []
    if (kind === 'HELP') {
      if (families.has(name!)) throw new Error(`${name} is there twice`)
      families.set(name!, { type: '', help: rest!, samples: new Map() })
      current = name!
      continue
    }
    if (kind === 'TYPE') {
      if (name !== current || !['counter', 'gauge', 'histogram'].includes(rest!)) throw new Error(`a wrong line: ${line}`)
      families.get(name!)!.type = rest!
      continue
    }
    readSample(line, current, families)
  }
  for (const [name, family] of families) check(name, family)
  return families
}

function readSample(line: string, current: string | null, families: Map<string, { type: string; samples: Map<string, number> }>) {
  const name = NAME.exec(line)?.[0] ?? ''
  const family = current === null ? undefined : families.get(current)
  const suffix = name.slice((current ?? '').length)
  const fits = family && name.startsWith(current!) && (SUFFIXES[family.type]?.includes(suffix) ?? suffix === '')
  if (!fits) throw new Error(`a sample outside its family: ${line}`)
  const afterName = line.slice(name.length)
  const labels = afterName.startsWith('{') ? LABELS.exec(afterName)?.[0] : ''
  if (labels === undefined) throw new Error(`labels that cannot be read: ${line}`)
  const value = /^ (NaN|[+-]Inf|[+-]?\d+(?:\.\d+)?(?:e[+-]?\d+)?)$/.exec(afterName.slice(labels.length))?.[1]
  if (value === undefined) throw new Error(`a value that cannot be read: ${line}`)
  const key = `${suffix}${labels}`
  if (family.samples.has(key)) throw new Error(`a series is there twice: ${line}`)
  family.samples.set(key, value.endsWith('Inf') ? (value.startsWith('-') ? -Infinity : Infinity) : Number(value))
}

function check(name: string, { type, samples }: Read) {
  if (type === '') throw new Error(`${name} has no type`)
  if (samples.size === 0) throw new Error(`${name} has no samples`)
  if (type === 'counter' && !name.endsWith('_total')) throw new Error(`the counter ${name} does not end in _total`)
  if (type !== 'histogram') return
  const buckets = [...samples].filter(([key]) => key.startsWith('_bucket')).map(([, value]) => value)
  if (buckets.some((value, at) => value < (buckets[at - 1] ?? 0))) throw new Error(`the buckets of ${name} do not grow`)
  if (samples.get('_bucket{le="+Inf"}') !== samples.get('_count')) throw new Error(`the last bucket of ${name} is not all`)
}

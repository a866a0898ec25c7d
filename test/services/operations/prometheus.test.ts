// The text format of Prometheus, and what reads it in the tests.

import { describe, expect, it } from 'vitest'
import { createHistogram, NO_LABELS, writeFamily } from '../../../src/services/operations/prometheus.ts'
import { readPrometheus } from '../../harness/prometheus.ts'

const family = { name: 'a_total', type: 'counter', help: 'What it\nis \\ not.' } as const

describe('a family', () => {
  it('has a line for each sample, whatever stands in its labels', () => {
    const text = writeFamily(family, [
      [NO_LABELS, 1],
      [{ path: 'a"b\\c\nd', other: '' }, 2.5],
      [{ path: 'x' }, Infinity],
      [{ path: 'y' }, NaN],
      [{ path: 'z' }, -Infinity],
    ])
    expect(text.split('\n').slice(0, 4)).toEqual(['# HELP a_total What it\\nis \\\\ not.', '# TYPE a_total counter', 'a_total 1', 'a_total{path="a\\"b\\\\c\\nd",other=""} 2.5'])
    expect([...readPrometheus(text).get('a_total')!.samples.values()]).toEqual([1, 2.5, Infinity, NaN, -Infinity])
  })
})

describe('a histogram', () => {
  it('is all there before anything was seen', () => {
    const { samples } = readPrometheus(createHistogram([1, 10]).write('h_seconds', 'How long.')).get('h_seconds')!
    expect([...samples]).toEqual([
      ['_bucket{le="0.001"}', 0],
      ['_bucket{le="0.01"}', 0],
      ['_bucket{le="+Inf"}', 0],
      ['_sum', 0],
      ['_count', 0],
    ])
  })

  it('counts what lies at or below each bound', () => {
    const histogram = createHistogram([1, 10])
    for (const ms of [0, 1, 2, 10, 11, 500]) histogram.observe(ms)
    const { samples } = readPrometheus(histogram.write('h_seconds', 'How long.')).get('h_seconds')!
    expect([...samples.values()]).toEqual([2, 4, 6, 0.524, 6])
  })
})

describe('the reader of the tests', () => {
  const head = '# HELP a_total x\n# TYPE a_total counter\n'
  it.each([
    [`${head}a_total 1`, 'does not end'],
    [`${head}b_total 1\n`, 'outside'],
    [`${head}a_total{x=1} 1\n`, 'labels'],
    [`${head}a_total{x="1",} 1\n`, 'labels'],
    [`${head}a_total one\n`, 'value'],
    [`${head}a_total 1\na_total 2\n`, 'twice'],
    [`${head}a_total 1\n${head}a_total 1\n`, 'twice'],
    [head, 'no samples'],
    ['# HELP a x\n# TYPE a counter\na 1\n', '_total'],
    ['# HELP h x\n# TYPE h histogram\nh_bucket{le="1"} 2\nh_bucket{le="+Inf"} 1\nh_sum 1\nh_count 1\n', 'do not grow'],
    ['# HELP h x\n# TYPE h histogram\nh_bucket{le="+Inf"} 1\nh_sum 1\nh_count 2\n', 'is not all'],
  ])('%# refuses: %s', (text, what) => {
    expect(() => readPrometheus(text)).toThrow(what)
  })
})

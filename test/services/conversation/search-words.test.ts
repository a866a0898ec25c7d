// Words of texts and queries.

import { describe, expect, it } from 'vitest'
import { snippetOf, termsOf, toIndexed, toMatch } from '../../../src/services/conversation/search-words.ts'

describe('a query', () => {
  it.each([
    ['one two', ['one', 'two']],
    ['"one two" three', ['one two', 'three']],
    ['  one\n two ', ['one', 'two']],
    ['"open', ['open']],
    ['* ( ) - : ^', []],
    ['""', []],
    ['c++', ['c++']],
  ])('%j has the terms %j', (query, terms) => {
    expect(termsOf(query)).toEqual(terms)
  })

  it('is words for the index, never syntax', () => {
    expect(toMatch(['OR', 'a b', 'x:y*'])).toBe('"OR" "a b" "x:y*"')
    expect(toMatch(['a"b'])).toBe('"a b"')
    expect(toMatch([])).toBeNull()
  })

  it('and a text are taken apart where a script writes no spaces', () => {
    expect(toIndexed('ok 苹果')).toBe('ok  苹  果 ')
    expect(toMatch(['苹果'])).toBe('"苹  果"')
  })
})

describe('a snippet', () => {
  it('is a short text as it is', () => {
    expect(snippetOf(' a\n b ', ['b'])).toBe('a b')
  })

  it('shows what was found, whatever case it was asked for in', () => {
    const text = `${'before '.repeat(60)}Needle${' after'.repeat(60)}`
    const snippet = snippetOf(text, ['needle'])
    expect(snippet).toMatch(/^…before .*Needle after.*…$/)
    expect(snippet.length).toBeLessThan(260)
  })

  it('is the begin where nothing is found literally', () => {
    expect(snippetOf('word '.repeat(100), ['éte'])).toMatch(/^word .*…$/)
    expect(snippetOf(`${'e\u0301 '.repeat(200)}x`, ['x'])).toMatch(/^e\u0301/)
  })
})

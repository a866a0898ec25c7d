import { describe, expect, it } from 'vitest'
import { visibleLine, visibleProse } from '../../src/kit/visible.ts'

describe('text as a person may read it', () => {
  it.each([
    ['\u202E', '\\u{202E}'],
    ['\u2066', '\\u{2066}'],
    ['\u200B', '\\u{200B}'],
    ['\u200D', '\\u{200D}'],
    ['\uFEFF', '\\u{FEFF}'],
    ['\u00AD', '\\u{AD}'],
    ['\u0000', '\\u{0}'],
    ['\u001B[2J', '\\u{1B}[2J'],
    ['\u0085', '\\u{85}'],
    ['\r\n\t', '\\u{D}\\u{A}\\u{9}'],
    ['\u2028\u2029', '\\u{2028}\\u{2029}'],
    ['\u00A0\u3000', '\\u{A0}\\u{3000}'],
    ['\u3164\u115F\u2800', '\\u{3164}\\u{115F}\\u{2800}'],
    ['\u{E0041}\u{E0100}', '\\u{E0041}\\u{E0100}'],
    ['\uE000', '\\u{E000}'],
    ['\uD800', '\\u{D800}'],
  ])('writes %j out', (text, shown) => {
    expect(visibleLine(`a${text}b`)).toBe(`a${shown}b`)
  })

  it('leaves alone what can be seen', () => {
    const text = "rm -rf '/tmp/Größe' && echo 日本語 ✅ émoji 👍 | cat"
    expect(visibleLine(text)).toBe(text)
    expect(visibleProse(text)).toBe(text)
  })

  it('keeps lines and pictograms of prose, and nothing else', () => {
    expect(visibleProse('One\n\ttwo')).toBe('One\n\ttwo')
    expect(visibleProse('⚠️ 👨‍👩‍👧 ❤️')).toBe('⚠️ 👨‍👩‍👧 ❤️')
    expect(visibleProse('a\uFE0Fb\u200Dc')).toBe('a\\u{FE0F}b\\u{200D}c')
    expect(visibleProse('x\u202Ey\r\n')).toBe('x\\u{202E}y\\u{D}\n')
    expect(visibleLine('⚠️')).toBe('⚠\\u{FE0F}')
  })
})

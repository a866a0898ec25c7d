import fc from 'fast-check'
import { expect, it } from 'vitest'
import { toPlainText } from '../../src/kit/html-text.ts'

const textOf = (html: string) => toPlainText(html, 'https://a.example/b/').text

it.each([
  ['<p>one</p><p>two</p>', 'one\n\ntwo'],
  ['a<br>b', 'a\nb'],
  ['<ul><li>one<li>two</ul>', '- one\n- two'],
  ['<h2>Head</h2>text', '## Head\ntext'],
  ['<table><tr><td>1</td><td>2</td></tr></table>', '1 | 2 |'],
  ['a<!-- no > comment -->b', 'ab'],
  ['a<script>if (1 < 2) alert("</p>")</script>b', 'ab'],
  ['a<style>p > b {}</style >b', 'ab'],
  ['a<script>never ends', 'a'],
  ['1 < 2 && 3 > 2', '1 < 2 && 3 > 2'],
  ['&lt;b&gt; &#65;&#x42; &nope; &#0;&#99999999;', '<b> AB &nope; &#99999999;'],
  ['<a href="c">x</a> <a href="#top">y</a> <a href="javascript:alert(1)">z</a>', 'x (https://a.example/b/c) y z'],
  ['<p', ''],
])('%s', (html, text) => {
  expect(textOf(html)).toBe(text)
})

it('knows the title', () => {
  expect(toPlainText('<head><title> A &amp;\n B </title></head>x', 'https://a.example/').title).toBe('A & B')
  expect(toPlainText('x', 'https://a.example/').title).toBeNull()
})

it('ends, whatever the source is, and leaves no scripts', () => {
  const piece = fc.constantFrom('<', '>', '</', '<script', '<script>', '</script>', '<!--', '-->', 'a', '&', '&amp;', '"', '<a href=', '<p>', ' ', '<title>')
  fc.assert(fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => void expect(toPlainText(pieces.join(''), 'https://a.example/').text).not.toContain('<script>')))
})

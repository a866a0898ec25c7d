// Text as a person may safely read it: what cannot be seen, or moves what stands beside it, is written out.

/** Control, format, surrogate and private characters, separators other than a space, and what fonts leave out. */
const HIDDEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u2800]|(?! )\p{Zs}/gu

/** What belongs to lines of prose: ends of lines, tabs, and the selector and joiner within a pictogram. */
const PROSE = /[\n\t]|(?<=\p{Extended_Pictographic})\uFE0F|(?<=\p{Extended_Pictographic}\uFE0F?)\u200D(?=\p{Extended_Pictographic})/gu

const writeOut = (text: string): string => text.replace(HIDDEN, (char) => `\\u{${char.codePointAt(0)!.toString(16).toUpperCase()}}`)

/** One line, such as a command: nothing in it is hidden, ends of lines included. */
export const visibleLine = (text: string): string => writeOut(text)

/** Prose, such as a description: lines and pictograms stay what they are. */
export function visibleProse(text: string): string {
  let result = ''
  let from = 0
  for (const kept of text.matchAll(PROSE)) {
    result += writeOut(text.slice(from, kept.index)) + kept[0]
    from = kept.index + kept[0].length
  }
  return result + writeOut(text.slice(from))
}

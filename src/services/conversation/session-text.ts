// The one line that stands for a conversation in a list. Pure.

import { firstUnits } from '../../kit/text.ts'

const TITLE_CHARS = 80
const PREVIEW_CHARS = 200

export const toTitle = (text: string): string => cut(text, TITLE_CHARS)
export const toPreview = (text: string): string => cut(text, PREVIEW_CHARS)

function cut(text: string, chars: number): string {
  const line = text.trim().replace(/\s+/g, ' ')
  return line.length > chars ? `${firstUnits(line, chars - 1)}…` : line
}

// What a tool returns, as a model and as a program are shown it.

import { firstUnits } from '../../kit/text.ts'

export interface ToolImage {
  readonly mimeType: string
  readonly base64: string
}

/** What a tool returns that shows more than one value as JSON. */
export class Shown {
  readonly text: string
  readonly images: readonly ToolImage[]
  /** For a program. */
  readonly details: unknown
  /** It went wrong, and the text says how. */
  readonly isError: boolean

  constructor(text: string, more: { readonly images?: readonly ToolImage[]; readonly details?: unknown; readonly isError?: boolean } = {}) {
    this.text = text
    this.images = (more.images ?? []).slice(0, MAX_IMAGES)
    this.details = more.details
    this.isError = more.isError ?? false
  }
}

/** For a model. */
export interface ToolOutcome {
  readonly text: string
  readonly isError: boolean
  readonly images?: readonly ToolImage[]
}

/** What was wrong with a call. */
export type ToolProblem = 'unknown' | 'forbidden' | 'invalid' | 'refused' | 'failed'

/** For a program. */
export interface ToolResult extends ToolOutcome {
  /** What the tool returned. */
  readonly result?: unknown
  readonly problem?: ToolProblem
}

/** Longer results are cut: they are read by a model, again with every step. */
const MAX_RESULT_CHARS = 64_000
const MAX_IMAGES = 4

export const failed = (text: string, problem: ToolProblem): ToolResult => ({ text, isError: true, problem })

export function toResult(value: unknown): ToolResult {
  if (!(value instanceof Shown)) return { text: toText(value), isError: false, result: value }
  const { text, images, details, isError } = value
  return { text: toText(text), isError, ...(images.length > 0 && { images }), ...(details !== undefined && { result: details }), ...(isError && { problem: 'failed' as const }) }
}

function toText(value: unknown): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? 'null')
  return text.length > MAX_RESULT_CHARS ? `${firstUnits(text, MAX_RESULT_CHARS)}… (cut)` : text
}

// What speaks: one voice of a vendor, or of this machine.

export interface Audio {
  readonly bytes: Uint8Array<ArrayBuffer>
  /** `mp3`, `wav`, … */
  readonly format: string
}

export interface SpeechWish {
  readonly voice?: string | undefined
  readonly model?: string | undefined
  readonly format?: string | undefined
  /** 1 is as usual. */
  readonly speed?: number | undefined
  /** How it is to be said, where a provider takes that. */
  readonly instructions?: string | undefined
}

export interface SpeechProvider {
  readonly id: string
  readonly label: string
  readonly models: readonly string[]
  voices(): Promise<readonly string[]>
  /** What must be done first; null: it can speak. */
  readonly missing: string | null
  /** Rejects with what went wrong, in words for people. */
  speak(text: string, wish: SpeechWish, signal: AbortSignal): Promise<Audio>
}

interface Form {
  readonly mimeType: string
  readonly extension: string
  /** Messengers show it as a voice note. */
  readonly isVoiceNote?: true
}

const FORMS: Readonly<Record<string, Form>> = {
  mp3: { mimeType: 'audio/mpeg', extension: '.mp3' },
  opus: { mimeType: 'audio/ogg', extension: '.opus', isVoiceNote: true },
  aac: { mimeType: 'audio/aac', extension: '.aac' },
  flac: { mimeType: 'audio/flac', extension: '.flac' },
  wav: { mimeType: 'audio/wav', extension: '.wav' },
  pcm: { mimeType: 'audio/pcm', extension: '.pcm' },
}

export const formOf = (format: string): Form => (Object.hasOwn(FORMS, format) ? FORMS[format] : undefined) ?? { mimeType: 'application/octet-stream', extension: `.${format}` }

/** `mp3_44100_128` is `mp3`; null for a format that nobody here knows. */
export function toFormat(asked: string): string | null {
  const name = asked.toLowerCase().split('_')[0]!
  return Object.hasOwn(FORMS, name) ? name : null
}

// Speech that a program of the machine makes out of text.

export interface LocalSpeech {
  /** What the program is called. */
  readonly program: string
  /** The voices that it has. */
  voices(): Promise<readonly string[]>
  /** The audio as a WAV file. Rejects when the program fails, and soon after `signal` aborts. */
  speak(text: string, wish: { readonly voice?: string; readonly wordsPerMinute?: number }, signal: AbortSignal): Promise<Uint8Array<ArrayBuffer>>
}

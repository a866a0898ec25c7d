// Programs of the machine: run to their end, or talked with line by line. Never through a shell unless the arguments name
// one.

export interface CommandSpec {
  /** The program, by name or by path, and its arguments. */
  readonly argv: readonly string[]
  readonly cwd: string
  /** Makes the directory if it is not there. */
  readonly makesCwd?: boolean
  /** Beside the few variables that every program gets; none of the gateway's own are among those. */
  readonly env?: Readonly<Record<string, string>>
  /** Of each stream; what comes beyond is dropped. */
  readonly maxBytes: number
}

export interface CommandResult {
  /** null: a signal ended it. */
  readonly exitCode: number | null
  readonly signal: string | null
  readonly stdout: string
  readonly stderr: string
  /** Some of what it said was dropped. */
  readonly truncated: boolean
}

/** A program that reads lines and writes lines. */
export interface Conversation {
  send(line: string): void
  /** Ends it, and whatever it has started. */
  end(): void
}

export interface ConversationEvents {
  onLine(line: string): void
  /** Once: it has ended, and with which last words. */
  onEnd(why: string): void
}

export interface Commands {
  /** Where a program of this name is; null when there is none. */
  find(name: string): string | null
  /** Where `path` leads from `base`. */
  resolve(base: string, path: string): string
  /** Ends with whatever the program started ended, too; soon after `signal` aborts it rejects. Rejects when it cannot be started. */
  run(spec: CommandSpec, signal: AbortSignal, onOutput?: (text: string) => void): Promise<CommandResult>
  converse(spec: Omit<CommandSpec, 'maxBytes'>, events: ConversationEvents): Conversation
}

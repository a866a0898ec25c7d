// The Logger interface and the one implementation: records go to a sink that the runtime chose.

export type LogLevel = 'debug' | 'info' | 'warn' | 'error'
export type LogFields = Record<string, unknown>

/** One line of the log. `at` in epoch milliseconds, `scope` like `gateway/socket`. */
export interface LogRecord {
  readonly at: number
  readonly level: LogLevel
  readonly scope: string
  readonly message: string
  readonly fields?: LogFields
}

export interface Logger {
  debug(message: string, fields?: LogFields): void
  info(message: string, fields?: LogFields): void
  warn(message: string, fields?: LogFields): void
  error(message: string, fields?: LogFields): void
  child(scope: string): Logger
}

export const LOG_LEVELS: readonly LogLevel[] = ['debug', 'info', 'warn', 'error']

export function createLogger(scope: string, sink: (record: LogRecord) => void, now: () => number): Logger {
  const write = (level: LogLevel) => (message: string, fields?: LogFields) =>
    sink({ at: now(), level, scope, message: clean(message), ...(fields && { fields }) })
  return {
    debug: write('debug'),
    info: write('info'),
    warn: write('warn'),
    error: write('error'),
    child: (name) => createLogger(`${scope}/${name}`, sink, now),
  }
}

/** Lines of one kind in a minute, of which strangers may cause as many as they like. */
const SAMPLE = 300
const MINUTE_MS = 60_000

/** Says what it is told, so often in a minute; the first line of a later one says of how many before nothing was said. */
export function sampled(say: (fields: LogFields) => void, now: () => number): (fields: LogFields) => void {
  let since = -Infinity
  let said = 0
  let unsaid = 0
  return (fields) => {
    if (now() - since >= MINUTE_MS) {
      since = now()
      said = 0
    }
    if (said >= SAMPLE) return void unsaid++
    said++
    say({ ...fields, ...(unsaid > 0 && { unsaid }) })
    unsaid = 0
  }
}

/** One record is one line, and no control character of a stranger reaches a terminal. */
export function clean(text: string): string {
  // eslint-disable-next-line no-control-regex
  const line = text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g, ' ')
  return line.length > 2000 ? `${line.slice(0, 2000)}…` : line
}

export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

// A record of the log as a line for people.

import type { LogRecord } from '../../src/index.ts'

export function toLogLine({ at, level, scope, message, fields }: LogRecord): string {
  const details = fields ? Object.entries(fields).map(([key, value]) => ` ${key}=${show(value)}`) : []
  return `${new Date(at).toISOString()} ${level.padEnd(5)} [${scope}] ${message}${details.join('')}`
}

const show = (value: unknown): string => (typeof value === 'string' ? JSON.stringify(value) : String(JSON.stringify(value)))

// What looks like a secret does not stand in the log, whoever wrote it there: an error of a vendor that repeats the key it
// was sent, an address with a token in it.

import type { LogRecord } from './log.ts'

const GONE = '[redacted]'
const MAX_DEPTH = 6

/** Members that have no other use than to be secret. */
const SECRET_NAME = /^(?:.*[-_.]|.*(?=[A-Z]))?(?:authorization|cookie|password|passwd|secret|token|api[-_]?key|private[-_]?key|credentials?)s?$/i

const SECRETS: readonly (readonly [pattern: RegExp, shown: string])[] = [
  [/\b(Bearer|Basic)\s+[\w.~+/=-]{6,}/gi, `$1 ${GONE}`],
  [/\b(?:sk|pk|rk|ek)[-_](?:[\w]+-)*[\w-]{8,}/g, GONE],
  [/(?<![\w-])eyJ[\w-]{8,}\.[\w-]+\.[\w-]*/g, GONE],
  [/\b(?:gh[pousr]_|github_pat_|glpat-|xox[abeprs]-|AIza|hf_|npm_)[\w-]{10,}/g, GONE],
  [/\bA(?:KIA|SIA)[0-9A-Z]{16}\b/g, GONE],
  [/([?&#](?:access_token|refresh_token|id_token|token|api_?key|key|secret|password|signature|sig|code)=)[^&\s"'#]+/gi, `$1${GONE}`],
  [/(\b[a-z][a-z0-9+.-]{0,30}:\/\/)[^\s/:@"']+:[^\s/@"']+@/gi, `$1${GONE}@`],
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g, GONE],
]

/** What is longer is cut before it is looked through: nobody reads so much of a log. */
const MAX_CHARS = 20_000

export function redactText(text: string): string {
  let shown = text.length > MAX_CHARS ? `${text.slice(0, MAX_CHARS)}…` : text
  for (const [pattern, instead] of SECRETS) shown = shown.replace(pattern, instead)
  return shown
}

/** Shorter ones stand in other words by chance. */
const MIN_CHARS = 6

const isLong = (secret: unknown): secret is string => typeof secret === 'string' && secret.length >= MIN_CHARS

/** The text without secrets that are known, whoever repeats them; `instead` stands where they stood. One may begin as another does: the longest go first. */
export const hide = (text: string, secrets: readonly unknown[], instead = GONE): string =>
  secrets.filter(isLong).toSorted((a, b) => b.length - a.length).reduce((shown, secret) => shown.replaceAll(secret, instead), text)

/** What stands before the host of a URL: `user:password@`. */
const USERINFO = /(\b[a-z][a-z0-9+.-]{0,30}:\/\/)[^\s/?#]*@/gi

export const hideUserinfo = (text: string, instead: string): string => text.replace(USERINFO, `$1${instead}@`)

export function redact(record: LogRecord): LogRecord {
  const { message, fields } = record
  return { ...record, message: redactText(message), ...(fields && { fields: redactMembers(fields, 0) }) }
}

const redactMembers = (members: object, depth: number): Record<string, unknown> =>
  Object.fromEntries(Object.entries(members).map(([name, value]) => [name, SECRET_NAME.test(name) && isSaid(value) ? GONE : redactValue(value, depth + 1)]))

/** What JSON writes as it is, and a terminal takes for more than a character. */
const ODD = /[\u007f-\u009f\u2028\u2029]/g

/** Numbers under such a name are counts: `outputTokens`. */
const isSaid = (value: unknown): boolean => typeof value === 'string' || (typeof value === 'object' && value !== null)

function redactValue(value: unknown, depth: number): unknown {
  if (typeof value === 'string') return redactText(value).replace(ODD, ' ')
  if (typeof value !== 'object' || value === null || 'toJSON' in value) return value
  if (depth >= MAX_DEPTH) return '…'
  return Array.isArray(value) ? value.map((each) => redactValue(each, depth + 1)) : redactMembers(value, depth)
}

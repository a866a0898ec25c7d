// The text of the configuration: where it is, what it says, and how it is written. It is the file that was read; where
// that cannot be written (a variable, a configuration that a program gave), changes are a patch in the database, which
// is laid over it at every start.

import { toBase64Url, toUtf8 } from '../../kit/bytes.ts'
import { stableStringify } from '../../kit/json.ts'
import { messageOf, type Logger } from '../../kit/log.ts'
import type { ConfigSource } from '../../ports/platform.ts'
import { isDeeperThan, isObject, layOver, MAX_CONFIG_DEPTH, toPatch, type ConfigObject } from './config-merge.ts'
import { parseConfig, type ParsedConfig } from './config-parse.ts'
import type { ConfigState } from './config-state.ts'

/** Larger texts are refused: what a person writes is far below, and it is parsed at once. */
export const MAX_CONFIG_CHARS = 4 * 1024 * 1024

type Env = Readonly<Record<string, string | undefined>>

/** A text, and what it says. */
export interface ConfigReading {
  /** null: there is none. */
  readonly text: string | null
  readonly parsed: ParsedConfig
  /** What `baseHash` must equal. Keyed, so that it tells nobody a secret that stands in the text. */
  readonly hash: string
  /** Of the settings alone, however they are written; null when they are not valid. */
  readonly revision: string | null
}

export interface ConfigText {
  readonly path: string
  /** Whether changes go into a file. */
  readonly isFile: boolean
  read(): Promise<ConfigReading>
  /** What would be read after `write`, without writing. */
  preview(source: ConfigObject): Promise<ConfigReading>
  /** Replaces the text. Throws why that is not possible. */
  write(source: ConfigObject): Promise<ConfigReading>
  /** Puts an earlier text back. */
  restore(text: string | null): Promise<ConfigReading>
  /** Keeps a copy of a good text where a person finds it. Never rejects. */
  keepGood(reading: ConfigReading): Promise<void>
}

export interface ConfigTextDeps {
  readonly source: ConfigSource
  readonly env: Env
  readonly state: ConfigState
  readonly log: Logger
  /** A configuration instead of the one that the source has. */
  readonly given?: unknown
}

export const toText = (source: ConfigObject): string => `${JSON.stringify(source, null, 2)}\n`

export function createConfigText(deps: ConfigTextDeps): ConfigText {
  const { source, env, state, log, given } = deps
  const write = given === undefined ? source.write : undefined
  const backup = write ? source.backup : undefined
  const hash = createHash(() => state.hashKey())
  let lastGood: string | null = null

  const readBase = async () => (given === undefined ? source.read() : JSON.stringify(given))

  async function toReading(text: string | null): Promise<ConfigReading> {
    const parsed = parse(text, env)
    return {
      text,
      parsed,
      hash: await hash(text ?? ''),
      revision: parsed.ok ? await hash(stableStringify(parsed.config)) : null,
    }
  }

  /** The text below with a patch over it. */
  async function lay(base: ConfigReading, patch: ConfigObject | null): Promise<ConfigReading> {
    if (patch === null || Object.keys(patch).length === 0 || !isObject(base.parsed.source)) return base
    return toReading(toText(layOver(base.parsed.source, patch) as ConfigObject))
  }

  /** A patch that no longer fits what is below it is left out, and said so. */
  async function read(): Promise<ConfigReading> {
    const base = await toReading(await readBase())
    const laid = write ? base : await lay(base, state.patch())
    if (laid.parsed.ok || !base.parsed.ok) return laid
    log.error(`${source.path}: the changes that were made to it do not fit it any more, and have no effect`, {
      issues: laid.parsed.issues.map(({ path, message }) => `${path} ${message}`).join('; '),
    })
    return base
  }

  async function preview(next: ConfigObject): Promise<ConfigReading> {
    return write ? toReading(toText(next)) : lay(await toReading(await readBase()), await toPatchOver(next))
  }

  async function toPatchOver(next: ConfigObject): Promise<ConfigObject> {
    const base = parse(await readBase(), env).source
    return toPatch(isObject(base) ? base : {}, next)
  }

  async function put(text: string): Promise<ConfigReading> {
    if (write) {
      await write.call(source, text)
      return toReading(text)
    }
    const next = parse(text, env).source
    const patch = await toPatchOver(isObject(next) ? next : {})
    state.setPatch(Object.keys(patch).length === 0 ? null : patch)
    return lay(await toReading(await readBase()), patch)
  }

  return {
    path: source.path,
    isFile: write !== undefined,
    read,
    preview,
    write: (next) => put(toText(next)),
    restore: (text) => put(text ?? '{}\n'),
    async keepGood({ text }) {
      if (!backup || text === null || text === lastGood) return
      lastGood = text
      await backup.keep(text).catch((error: unknown) => {
        log.debug(`no copy of the configuration could be kept at ${backup.path}`, { error: messageOf(error) })
      })
    },
  }
}

/** Whatever is in a text, this comes back: with what it says, or with what is wrong with it. */
function parse(text: string | null, env: Env): ParsedConfig {
  const failed = (message: string): ParsedConfig => ({ ok: false, source: {}, issues: [{ path: '', message }] })
  if (text !== null && text.length > MAX_CONFIG_CHARS) return failed(`is too large — ${MAX_CONFIG_CHARS} characters are the most`)
  try {
    const parsed = parseConfig(text ?? '{}', env)
    return isDeeperThan(parsed.source, MAX_CONFIG_DEPTH) ? failed('is nested too deeply — flatten it') : parsed
  } catch (error) {
    return failed(`cannot be read: ${messageOf(error)} — restore the last copy`)
  }
}

/** HMAC-SHA-256 as `hmac-sha256:v1:…`. */
function createHash(keyText: () => string) {
  let key: { readonly text: string; readonly value: Promise<CryptoKey> } | null = null
  return async (text: string): Promise<string> => {
    const current = keyText()
    if (key?.text !== current) {
      const value = crypto.subtle.importKey('raw', toUtf8(current), { name: 'HMAC', hash: 'SHA-256' }, false, ['sign'])
      key = { text: current, value }
    }
    const mac = await crypto.subtle.sign('HMAC', await key.value, toUtf8(text))
    return `hmac-sha256:v1:${toBase64Url(new Uint8Array(mac))}`
  }
}

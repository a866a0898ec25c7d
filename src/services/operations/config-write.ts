// Changes of the configuration by calls: checked before anything is written, written before anything changes, one at a
// time. What was refused has changed nothing.

import JSON5 from 'json5'
import { messageOf } from '../../kit/log.ts'
import type { Turns } from '../../kit/turns.ts'
import { GatewayError, invalid, unavailable } from '../../protocol/errors.ts'
import { stableStringify, type Json } from '../../kit/json.ts'
import type { AdoptOptions, Adopted, Authorship, ConfigAdopt } from './config-adopt.ts'
import type { ConfigConfirm } from './config-confirm.ts'
import { changedPaths, findDangerousKey, isDeeperThan, isObject, MAX_CONFIG_DEPTH, mergePatch, patchedPaths, removedEntries, type ConfigObject } from './config-merge.ts'
import type { ConfigIssue } from './config-parse.ts'
import { restoreSecrets } from './config-restore.ts'
import { MAX_CONFIG_CHARS, type ConfigReading, type ConfigText } from './config-text.ts'

export interface WriteRequest extends Authorship {
  /** JSON5. */
  readonly raw: string
  /** The hash of what the caller has read. */
  readonly baseHash?: string | undefined
  readonly confirmWithinMs?: number | undefined
  readonly restartDelayMs?: number | undefined
}

export interface PatchRequest extends WriteRequest {
  readonly replacePaths?: readonly string[] | undefined
}

export interface Written extends Adopted {
  readonly hash: string
  /** Nothing differs from what stood there. */
  readonly noop: boolean
  /** Against what stood there. */
  readonly changedPaths: readonly string[]
  /** When it is taken back unless it is confirmed. */
  readonly confirmBefore: number | null
}

export interface ConfigWriter {
  /** Replaces the whole. With `force`, it becomes active also where changes wait for a restart. */
  set(request: WriteRequest, options?: AdoptOptions): Promise<Written>
  patch(request: PatchRequest): Promise<Written>
  /** Makes the next text out of whatever stands there when its turn has come. */
  change(authorship: Authorship, work: (source: ConfigObject) => ConfigObject): Promise<Written>
}

export function createConfigWriter(deps: {
  text: ConfigText
  adopt: ConfigAdopt
  confirm: ConfigConfirm
  turns: Turns
}): ConfigWriter {
  const { text, adopt, confirm, turns } = deps

  /** What stands there now, whoever wrote it. */
  async function readCurrent(): Promise<{ reading: ConfigReading; source: ConfigObject }> {
    const reading = await text.read()
    return { reading, source: isObject(reading.parsed.source) ? reading.parsed.source : {} }
  }

  async function readUsable() {
    const current = await readCurrent()
    if (!current.reading.parsed.ok) throw invalidConfig(current.reading.parsed.issues, '; mend the file before patching')
    return current
  }

  async function write(next: ConfigObject, current: ConfigReading, request: Authorship & Partial<WriteRequest>, options: AdoptOptions): Promise<Written> {
    const before = isObject(current.parsed.source) ? current.parsed.source : {}
    const changed = changedPaths(before, next)
    const isSame = changed.length === 0 && current.text !== null && current.parsed.ok
    const wanted = isSame ? current : await text.preview(next)
    const issues = adopt.issuesOf(wanted)
    if (issues.length > 0) throw invalidConfig(issues)
    const { confirmWithinMs } = request
    const held = !isSame && confirmWithinMs !== undefined ? await confirm.hold(wanted, current, confirmWithinMs, request.by) : null
    if (!isSame && !held) confirm.release()
    const written = isSame ? current : await put(next, held !== null)
    const adopted = adopt.adopt(written, request, { ...options, restartDelayMs: request.restartDelayMs })
    return { ...adopted, hash: written.hash, noop: isSame, changedPaths: changed, confirmBefore: held?.deadline ?? null }
  }

  async function put(next: ConfigObject, held: boolean): Promise<ConfigReading> {
    try {
      return await text.write(next)
    } catch (error) {
      if (held) confirm.release()
      throw unavailable(`the configuration could not be written: ${messageOf(error)}`, { retryable: false, details: { code: 'CONFIG_NOT_WRITTEN' } })
    }
  }

  return {
    set: (request, options = {}) =>
      turns.take(async () => {
        const given = parseRaw(request.raw)
        const { reading, source } = await readCurrent()
        if (reading.text !== null) checkBase(request.baseHash, reading, '')
        if (!isObject(given)) throw invalidConfig([{ path: '', message: 'must be an object — wrap the settings in { }' }])
        refuseDangerous(given)
        return write(restoreSecrets(given, source), reading, request, options)
      }),

    patch: (request) =>
      turns.take(async () => {
        const patch = parseRaw(request.raw)
        if (!isObject(patch)) throw invalid('config.patch raw must be an object')
        refuseDangerous(patch)
        const { reading, source } = await readUsable()
        const replace = request.replacePaths ?? []
        const next = restoreSecrets(mergePatch(source, patch, replace) as ConfigObject, source)
        const isSame = stableStringify(next) === stableStringify(source)
        if (!isSame || request.baseHash !== undefined) checkBase(request.baseHash, reading, patchedPaths(patch).slice(0, 10).join(', '))
        const removed = removedEntries(source, next, replace)
        if (removed.length > 0) throw removesEntries(removed)
        return write(next, reading, request, {})
      }),

    change: (authorship, work) =>
      turns.take(async () => {
        const { reading, source } = await readUsable()
        return write(work(source), reading, authorship, {})
      }),
  }
}

function checkBase(baseHash: string | undefined, { hash, text: found }: ConfigReading, paths: string) {
  if (found === null && baseHash === undefined) return
  if (baseHash === undefined) {
    const message = paths === '' ? 'config base hash required; re-run config.get and retry' : `config base hash required for ${paths}; re-run config.get and retry with baseHash`
    throw invalid(message, { details: { code: 'CONFIG_BASE_HASH_REQUIRED' } })
  }
  if (baseHash !== hash) {
    throw invalid('config changed since last load; re-run config.get and retry', { details: { code: 'CONFIG_CHANGED' } })
  }
}

function parseRaw(raw: string): unknown {
  if (raw.length > MAX_CONFIG_CHARS) throw invalid(`the configuration is too large: ${MAX_CONFIG_CHARS} characters are the most`)
  let value: unknown
  try {
    value = JSON5.parse(raw)
  } catch (error) {
    throw invalid(`SyntaxError: ${messageOf(error)}`)
  }
  if (isDeeperThan(value, MAX_CONFIG_DEPTH)) throw invalid('the configuration is nested too deeply')
  return value
}

function refuseDangerous(value: unknown) {
  const found = findDangerousKey(value)
  if (found !== null) throw invalidConfig([{ path: found, message: 'is not allowed as a key — remove it' }])
}

function invalidConfig(issues: readonly ConfigIssue[], more = ''): GatewayError {
  const said = issues.map(({ path, message }) => `${path === '' ? '<root>' : path}: ${message}`).join('; ')
  const details: Json = { code: 'CONFIG_INVALID', issues: issues.slice(0, 100).map(({ path, message }) => ({ path, message })) }
  return invalid(`invalid config: ${said.slice(0, 2000)}${more}`, { details })
}

const removesEntries = (paths: readonly string[]): GatewayError =>
  invalid(
    `config.patch would remove entries from array path(s): ${paths.join(', ')}. Pass replacePaths with the exact path(s) when this is intentional, or use config.apply for full-config replacement.`,
    { details: { code: 'CONFIG_REMOVES_ENTRIES', paths: [...paths] } },
  )

// What a new configuration changes, and which of that cannot change while the gateway runs. Pure.

import type { RuntimeSettings } from './runtime-settings.ts'
import { changedPaths, valueAt, withValueAt, type ConfigObject } from './config-merge.ts'
import type { Config } from './config-schema.ts'

export interface ConfigPlan {
  readonly paths: readonly string[]
  /** Those of them that need a restart. */
  readonly deep: readonly string[]
  /** The new configuration, with what needs a restart as it is now. */
  readonly now: Config
}

export type ReloadKind = 'restart' | 'hot' | 'none'

/** The keys behind each setting that a listening gateway cannot change. The mode brings its secrets with it. */
const DEEP: Readonly<Record<string, readonly string[]>> = {
  host: ['gateway.bind', 'gateway.customBindHost'],
  port: ['gateway.port'],
  maxPayload: ['gateway.maxPayloadBytes'],
  mode: ['gateway.auth'],
}

/** Keys that are not looked at while a gateway runs, or that nothing here acts on. */
const INERT: readonly string[] = ['meta', '$schema', 'wizard', 'gateway.remote', 'gateway.reload']

/** `before` and `after`: what the two mean together with the environment, which may well be the same. */
export function planChange(active: Config, next: Config, before: RuntimeSettings, after: RuntimeSettings): ConfigPlan {
  const changed = (Object.keys(DEEP) as (keyof typeof DEEP)[]).filter((name) => facet(before, name) !== facet(after, name))
  const held = changed.flatMap((name) => DEEP[name]!)
  const now = held.reduce((config, path) => {
    const keys = path.split('.')
    return withValueAt(config, keys, valueAt(active, keys))
  }, next as ConfigObject)
  const paths = changedPaths(active, next as ConfigObject)
  return { paths, deep: paths.filter((path) => held.some((each) => covers(each, path))), now: now as Config }
}

const facet = (settings: RuntimeSettings, name: string): unknown =>
  name === 'mode' ? settings.auth.mode : settings[name as 'host' | 'port' | 'maxPayload']

const covers = (above: string, path: string): boolean => path === above || path.startsWith(`${above}.`) || above.startsWith(`${path}.`)

/** What a change of a key takes, as the schema tells it to people. A section that holds a deep key counts as deep. */
export function reloadKindOf(path: string): ReloadKind {
  if (INERT.some((each) => path === each || path.startsWith(`${each}.`))) return 'none'
  const deep = [...Object.values(DEEP).flat(), 'gateway.mode']
  const isSecret = path === 'gateway.auth.token' || path === 'gateway.auth.password'
  return !isSecret && (path === '' || deep.some((each) => covers(each, path))) ? 'restart' : 'hot'
}

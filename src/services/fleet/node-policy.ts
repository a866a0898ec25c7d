// Which commands a node may have at all: by its platform, and what the configuration allows beside that or denies. What
// a node says that it can do is a claim; this is what the gateway makes of it.

import type { Scope } from '../../protocol/scopes.ts'

const COMMON = 'camera.list location.get system.notify talk.ptt.cancel talk.ptt.once talk.ptt.start talk.ptt.stop'
const DESKTOP =
  'browser.proxy browser.proxy.upload.v1 computer.act desktop.stream fs.listDir mcp.tools.call.v1 ollama.chat ollama.models ' +
  'screen.snapshot system.execApprovals.get system.execApprovals.set system.run system.run.prepare system.which terminal.upload'
const PERSONAL = 'calendar.events contacts.search device.info device.status motion.activity motion.pedometer photos.latest reminders.list'

const COMMANDS = {
  linux: `${COMMON} ${DESKTOP}`,
  windows: `${COMMON} ${DESKTOP} device.info device.status`,
  macos: `${COMMON} ${DESKTOP} ${PERSONAL} canvas.hide canvas.navigate canvas.present device.apps`,
  ios: `${COMMON} ${PERSONAL} watch.notify watch.status`,
  android: `${COMMON} ${PERSONAL} callLog.search device.apps device.health device.permissions notifications.actions notifications.list`,
  unknown: COMMON,
} as const
type PlatformId = keyof typeof COMMANDS

/** They take something from a person, or write in their name: only where the configuration says so. */
const OPT_IN = 'camera.snap camera.clip screen.record contacts.add calendar.add reminders.add sms.send sms.search health.summary'.split(' ')

/** They run programs, read files or act as the person at the machine: an admin approves and calls them. */
const ADMIN = ['system.run', 'system.run.prepare', 'system.which', 'browser.proxy', 'browser.proxy.upload.v1', 'fs.listDir', 'terminal.upload']
const isExecApprovals = (command: string): boolean => command.startsWith('system.execApprovals.')

export const isAdminCommand = (command: string): boolean => ADMIN.includes(command) || isExecApprovals(command)

/** iOS refuses these while the app is in the background: they wait until it comes back. */
export const waitsForForeground = (command: string): boolean => /^(?:canvas|camera|screen|talk)\./.test(command)

interface Machine {
  readonly platform: string
  readonly deviceFamily?: string | undefined
}

const PREFIXES: readonly (readonly [PlatformId, RegExp, RegExp])[] = [
  ['macos', /^(?:darwin|macos)/, /^mac/],
  ['windows', /^win/, /^windows/],
  ['ios', /^(?:ios|ipados)/, /^(?:iphone|ipad)/],
  ['android', /^android/, /^android/],
  ['linux', /^linux/, /^linux/],
]

/** By what the platform is called; `unknown` where the device says that it is something else. */
export function platformOf({ platform, deviceFamily = '' }: Machine): PlatformId {
  const name = platform.trim().toLowerCase()
  const family = deviceFamily.trim().toLowerCase()
  const found = PREFIXES.find(([, pattern]) => pattern.test(name))
  if (!found) return 'unknown'
  const claimed = PREFIXES.find(([, , pattern]) => pattern.test(family))
  return claimed && claimed !== found ? 'unknown' : found[0]
}

export interface CommandSettings {
  readonly allow?: readonly string[] | undefined
  readonly deny?: readonly string[] | undefined
}

export interface NodePolicy {
  allows(command: string, machine: Machine): boolean
  /** Why a command is not allowed, to be shown to whoever called it. */
  explain(command: string, machine: Machine): string
}

export function createNodePolicy(settings: () => CommandSettings): NodePolicy {
  const listed = (command: string, machine: Machine) => COMMANDS[platformOf(machine)].split(' ').includes(command)
  return {
    allows(command, machine) {
      const { allow = [], deny = [] } = settings()
      return !deny.includes(command) && (listed(command, machine) || allow.includes(command))
    },
    explain(command, machine) {
      const shown = command.slice(0, 128)
      if (settings().deny?.includes(command)) return `node command not allowed: "${shown}" is denied by gateway.nodes.commands.deny`
      if (OPT_IN.includes(command)) return `node command not allowed: "${shown}" requires explicit gateway.nodes.commands.allow opt-in`
      const id = platformOf(machine)
      const platform = id === 'unknown' ? machine.platform.slice(0, 64) : id
      return `node command not allowed: "${shown}" is not in the allowlist for platform "${platform}"`
    },
  }
}

/** What somebody must hold to approve these commands. */
export function scopesToApprove(commands: readonly string[]): readonly Scope[] {
  if (commands.length === 0) return ['operator.pairing']
  return ['operator.pairing', commands.some(isAdminCommand) ? 'operator.admin' : 'operator.write']
}

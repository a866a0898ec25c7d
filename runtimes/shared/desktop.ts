// Showing a file to the person who sits at this machine.

import { execFile } from 'node:child_process'
import type { Env } from './flags.ts'

const LIMIT_MS = 10_000

/** null where nobody can sit. */
export function createOpener(env: Env, platform: NodeJS.Platform = process.platform): ((path: string) => Promise<void>) | null {
  const command = commandFor(env, platform)
  if (!command) return null
  return (path) =>
    new Promise((resolve, reject) => {
      const [program, ...args] = command
      execFile(program, [...args, path], { timeout: LIMIT_MS }, (error) => (error ? reject(error) : resolve()))
    })
}

function commandFor(env: Env, platform: NodeJS.Platform): readonly [string, ...string[]] | null {
  if (platform === 'darwin') return ['open', '-t']
  if (platform === 'win32') return ['explorer.exe']
  return env['DISPLAY'] || env['WAYLAND_DISPLAY'] ? ['xdg-open'] : null
}

// The programs that can be started on this machine.

import { accessSync, constants, statSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import type { Env } from './flags.ts'

const PLAIN_NAME = /^[A-Za-z0-9][A-Za-z0-9._+-]{0,127}$/

/** Where the program is; null when there is none that may be run. Only names, never paths. */
export function findProgram(name: string, env: Env, platform: NodeJS.Platform = process.platform): string | null {
  if (!PLAIN_NAME.test(name)) return null
  const endings = platform === 'win32' ? (env['PATHEXT'] ?? '.EXE;.CMD;.BAT').split(';') : ['']
  for (const directory of (env['PATH'] ?? '').split(delimiter).filter((each) => each !== '')) {
    for (const ending of endings) {
      const path = join(directory, name + ending)
      if (isProgram(path)) return path
    }
  }
  return null
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return statSync(path).isFile()
  } catch {
    return false
  }
}

/** What a program is told of the environment: none of the gateway's secrets. */
export const withoutSecrets = (env: Env): Env => Object.fromEntries(Object.entries(env).filter(([name]) => !/^OPENCLAW_|_API_KEY$|TOKEN|SECRET|PASSWORD/.test(name)))

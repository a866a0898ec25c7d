// The configuration of a process: the first file that is there, or that was named. It is written back where it was read,
// and a copy of the last good one is kept beside it.

import { existsSync, mkdirSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import type { ConfigSource } from '../../src/index.ts'
import { replaceFile } from './atomic-file.ts'
import type { Env } from './flags.ts'

/** Its owner alone: there are secrets in it. */
const MODE = 0o600

export interface ConfigFile extends ConfigSource {
  /** Puts the last good copy back, and the other one aside. false when there is none, or it is the same. */
  putBack(): Promise<boolean>
}

export function createConfigFile(env: Env, stateDir: string): ConfigFile {
  const named = env['OPENCLAW_CONFIG_PATH']
  const candidates = named ? [resolve(named)] : ['openclaw.json', 'config.json'].map((name) => join(stateDir, name))
  const path = candidates.find((candidate) => existsSync(candidate)) ?? candidates[0]!
  const backup = `${path}.bak`

  async function readIfThere(file: string): Promise<string | null> {
    return readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return null
      throw error
    })
  }

  return {
    path,
    async read() {
      const text = await readIfThere(path)
      if (text === null && named) throw new Error(`${path} does not exist — create it, or leave out --config`)
      return text
    },
    async write(text) {
      mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
      await replaceFile(path, text, MODE)
    },
    backup: {
      path: backup,
      exists: () => existsSync(backup),
      async keep(text) {
        if ((await readIfThere(backup)) !== text) await replaceFile(backup, text, MODE)
      },
    },
    async putBack() {
      const [good, now] = [await readIfThere(backup), await readIfThere(path)]
      if (good === null || good === now) return false
      if (now !== null) await replaceFile(`${path}.rejected`, now, MODE)
      await replaceFile(path, good, MODE)
      return true
    },
  }
}

// Replacing the program by a newer one: a checkout of git is moved forward and built, a package of npm is installed anew.

import { execFile } from 'node:child_process'
import { existsSync, readFileSync, realpathSync } from 'node:fs'
import { dirname, join, sep } from 'node:path'
import type { Updater } from '../../src/index.ts'
import type { Env } from './flags.ts'

const NAME = 'edgeclaw'

export type RunCommand = (program: string, args: readonly string[], cwd: string, signal?: AbortSignal) => Promise<string>

/** Programs that are run here are told none of the gateway's secrets. */
export const runCommand =
  (env: Env): RunCommand =>
  (program, args, cwd, signal) =>
    new Promise((resolve, reject) => {
      const own = Object.fromEntries(Object.entries(env).filter(([name]) => !/^OPENCLAW_|_API_KEY$/.test(name)))
      execFile(program, [...args], { cwd, env: own, signal, maxBuffer: 16 * 1024 * 1024 }, (error, stdout, stderr) => {
        if (!error) return resolve(stdout.trim())
        reject(new Error(`${program} ${args[0]} failed: ${(stderr.trim() || error.message).slice(-500)}`))
      })
    })

/** The directory of the package that this program is part of; null when it lies about by itself. */
export function findRoot(script: string | undefined): string | null {
  if (script === undefined || !existsSync(script)) return null
  for (let directory = dirname(realpathSync(script)); ; directory = dirname(directory)) {
    const file = join(directory, 'package.json')
    if (existsSync(file) && (JSON.parse(readFileSync(file, 'utf8')) as { name?: string }).name === NAME) return directory
    if (directory === dirname(directory)) return null
  }
}

export function createUpdater(root: string | null, run: RunCommand): Updater {
  if (root === null) return unknown
  if (existsSync(join(root, '.git'))) return gitUpdater(root, run)
  return root.includes(`${sep}node_modules${sep}`) ? packageUpdater(root, run) : unknown
}

const nothing = () => Promise.reject(new Error('nobody knows where this installation came from'))
const unknown: Updater = { kind: 'unknown', current: async () => ({}), latest: nothing, install: nothing }

function gitUpdater(root: string, run: RunCommand): Updater {
  const git = (args: readonly string[], signal?: AbortSignal) => run('git', args, root, signal)
  const upstream = (signal?: AbortSignal) =>
    git(['rev-parse', '--abbrev-ref', '--symbolic-full-name', '@{u}'], signal).catch(() => {
      throw new Error('this branch has no upstream')
    })
  return {
    kind: 'git',
    current: () =>
      git(['rev-parse', 'HEAD']).then(
        (sha) => ({ sha }),
        () => ({}),
      ),
    async latest(signal) {
      const upstreamRef = await upstream(signal)
      await git(['fetch', '--quiet'], signal)
      const commitsBehind = Number(await git(['rev-list', '--count', 'HEAD..@{u}'], signal))
      if (!(commitsBehind > 0)) return null
      const sha = await git(['rev-parse', '@{u}'], signal)
      const { version = sha.slice(0, 12) } = JSON.parse(await git(['show', '@{u}:package.json'], signal)) as { version?: string }
      return { version, sha, upstreamRef, commitsBehind }
    },
    async install(signal) {
      if ((await git(['status', '--porcelain', '--untracked-files=no'], signal)) !== '') throw new Error('the checkout has changes of its own: commit or discard them first')
      await git(['merge', '--ff-only', '@{u}'], signal)
      await run('npm', ['ci'], root, signal)
      await run('npm', ['run', 'build'], root, signal)
    },
  }
}

function packageUpdater(root: string, run: RunCommand): Updater {
  const version = () => (JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }).version
  const above = root.slice(0, root.lastIndexOf(`${sep}node_modules${sep}`))
  const isGlobal = above.endsWith(`${sep}lib`)
  const where = isGlobal ? ['--global', '--prefix', dirname(above)] : ['--prefix', above]
  return {
    kind: 'package',
    current: async () => ({}),
    async latest(signal) {
      const latest = JSON.parse(await run('npm', ['view', NAME, 'version', '--json'], root, signal)) as string
      return latest === version() ? null : { version: latest }
    },
    install: async (signal) => void (await run('npm', ['install', ...where, `${NAME}@latest`], dirname(above), signal)),
  }
}

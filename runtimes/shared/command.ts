// Programs that agents run, and servers that are programs. Each is the head of a group of processes of its own, which ends
// as a whole; it gets a few variables of the environment by name, so that no secret of the gateway is among them.

import { spawn, type ChildProcess } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { isAbsolute, resolve } from 'node:path'
import { StringDecoder } from 'node:string_decoder'
import type { CommandResult, Commands, CommandSpec } from '../../src/index.ts'
import type { Env } from './flags.ts'
import { findProgram } from './programs.ts'

const PASSED = ['PATH', 'HOME', 'USER', 'LOGNAME', 'SHELL', 'LANG', 'LANGUAGE', 'TERM', 'TMPDIR', 'TEMP', 'TMP', 'TZ', 'SystemRoot', 'ComSpec', 'PATHEXT', 'USERPROFILE', 'APPDATA', 'LOCALAPPDATA', 'ProgramFiles']
/** How long a program may take to end by itself once it is told to. */
const GRACE_MS = 2000
const MAX_LINE_CHARS = 16 * 1024 * 1024
const MAX_LAST_WORDS = 500

const isPassed = (name: string): boolean => PASSED.includes(name) || name.startsWith('LC_')

export function createCommands(env: Env): Commands {
  const own = Object.fromEntries(Object.entries(env).filter(([name, value]) => value !== undefined && isPassed(name)))

  function start({ argv: [program = '', ...args], cwd, makesCwd = false, env: more = {} }: Omit<CommandSpec, 'maxBytes'>, stdin: 'ignore' | 'pipe'): ChildProcess {
    if (makesCwd) mkdirSync(cwd, { recursive: true, mode: 0o700 })
    return spawn(program, args, { cwd, env: { ...own, ...more }, stdio: [stdin, 'pipe', 'pipe'], detached: process.platform !== 'win32', windowsHide: true })
  }

  return {
    find: (name) => (isAbsolute(name) ? name : findProgram(name, env)),
    resolve,
    run: (spec, signal, onOutput) => runToEnd(start(spec, 'ignore'), spec.maxBytes, signal, onOutput),
    converse(spec, { onLine, onEnd }) {
      const child = start(spec, 'pipe')
      let rest = ''
      let complaint = ''
      let ended = false
      const end = (why: string) => {
        if (ended) return
        ended = true
        killGroup(child, 'SIGKILL')
        onEnd(why)
      }
      const decoder = new StringDecoder('utf8')
      child.stdout!.on('data', (piece: Buffer) => {
        const lines = (rest + decoder.write(piece)).split('\n')
        rest = lines.pop()!
        if (rest.length > MAX_LINE_CHARS) return end('it wrote a line that is too long')
        for (const line of lines) if (line.trim() !== '') onLine(line)
      })
      child.stderr!.on('data', (piece: Buffer) => (complaint = (complaint + piece.toString()).slice(-MAX_LAST_WORDS)))
      child.stdin!.on('error', () => {}) // its end says why
      child.on('error', (error) => end(error.message))
      child.on('exit', (code, by) => end(complaint.trim() || `it ended with ${by ?? code}`))
      return {
        send: (line) => void (ended || child.stdin!.write(`${line}\n`)),
        end: () => end('it was ended'),
      }
    },
  }
}

function runToEnd(child: ChildProcess, maxBytes: number, signal: AbortSignal, onOutput?: (text: string) => void): Promise<CommandResult> {
  return new Promise((done, fail) => {
    const texts = { stdout: '', stderr: '' }
    let truncated = false
    let grace: NodeJS.Timeout | undefined
    const take = (name: 'stdout' | 'stderr') => {
      const decoder = new StringDecoder('utf8')
      let size = 0
      child[name]!.on('data', (piece: Buffer) => {
        const room = maxBytes - size
        size += piece.length
        if (piece.length > room) truncated = true
        if (room <= 0) return
        const text = decoder.write(piece.subarray(0, room))
        texts[name] += text
        onOutput?.(text)
      })
    }
    take('stdout')
    take('stderr')
    const onAbort = () => {
      killGroup(child, 'SIGTERM')
      grace = setTimeout(() => killGroup(child, 'SIGKILL'), GRACE_MS)
      fail(signal.reason as Error)
    }
    if (signal.aborted) onAbort()
    signal.addEventListener('abort', onAbort, { once: true })
    child.on('error', (error) => {
      signal.removeEventListener('abort', onAbort)
      fail(error)
    })
    // What it has started would hold the pipes open, and live on without anybody to end it.
    child.on('exit', () => {
      clearTimeout(grace)
      signal.removeEventListener('abort', onAbort)
      killGroup(child, 'SIGKILL')
    })
    child.on('close', (exitCode, by) => done({ exitCode, signal: by, ...texts, truncated }))
  })
}

function killGroup(child: ChildProcess, by: 'SIGTERM' | 'SIGKILL'): void {
  if (child.pid === undefined) return
  try {
    if (process.platform === 'win32') child.kill(by)
    else process.kill(-child.pid, by)
  } catch {
    // it has ended by itself
  }
}

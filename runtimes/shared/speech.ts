// Speech by espeak-ng, where it is installed. It is started without a shell, and reads the text from its input.

import { spawn } from 'node:child_process'
import type { LocalSpeech } from '../../src/index.ts'
import type { Env } from './flags.ts'
import { findProgram, withoutSecrets } from './programs.ts'

const PROGRAM = 'espeak-ng'
/** The audio of one text at most: some six minutes. */
const MAX_AUDIO_BYTES = 16 * 1024 * 1024
const MAX_LIST_BYTES = 1024 * 1024
const LIST_MS = 10_000
const VOICE = /^[A-Za-z0-9][A-Za-z0-9_/+-]{0,63}$/

/** null where it is not installed. */
export function createLocalSpeech(env: Env): LocalSpeech | null {
  const path = findProgram(PROGRAM, env)
  if (path === null) return null
  const own = withoutSecrets(env)
  let voices: Promise<readonly string[]> | null = null
  return {
    program: PROGRAM,
    voices: () => (voices ??= run(path, ['--voices'], '', own, AbortSignal.timeout(LIST_MS), MAX_LIST_BYTES).then(toVoices)),
    async speak(text, { voice, wordsPerMinute }, signal) {
      if (voice !== undefined && !VOICE.test(voice)) throw new Error(`${PROGRAM} has no voice of that name`)
      const args = ['--stdin', '--stdout', '-b', '1', ...(voice === undefined ? [] : ['-v', voice]), ...(wordsPerMinute === undefined ? [] : ['-s', String(Math.round(wordsPerMinute))])]
      return mendWav(await run(path, args, text, own, signal, MAX_AUDIO_BYTES))
    },
  }
}

function run(path: string, args: readonly string[], input: string, env: Env, signal: AbortSignal, maxBytes: number): Promise<Uint8Array<ArrayBuffer>> {
  return new Promise((resolve, reject) => {
    const child = spawn(path, [...args], { env: { ...env }, signal, stdio: ['pipe', 'pipe', 'pipe'], killSignal: 'SIGKILL' })
    const pieces: Buffer[] = []
    let size = 0
    let complaint = ''
    child.stdout.on('data', (piece: Buffer) => {
      size += piece.length
      if (size > maxBytes) child.kill('SIGKILL')
      else pieces.push(piece)
    })
    child.stderr.on('data', (piece: Buffer) => (complaint = (complaint + piece.toString()).slice(0, 500)))
    child.stdin.on('error', () => {}) // it has ended before it read everything: its exit says why
    child.on('error', reject)
    child.on('close', (code) => {
      if (size > maxBytes) return reject(new Error(`${PROGRAM} said more than fits: send a shorter text`))
      if (code === 0) return resolve(new Uint8Array(Buffer.concat(pieces)))
      reject(new Error(`${PROGRAM} failed: ${complaint.trim() || `it ended with ${code}`}`))
    })
    child.stdin.end(input)
  })
}

/** A name stands in the fifth column, and the language in the second. */
const toVoices = (listed: Uint8Array): readonly string[] => {
  const rows = Buffer.from(listed).toString().split('\n').slice(1)
  return [...new Set(rows.flatMap((row) => row.trim().split(/\s+/)[1] ?? []))].filter((voice) => VOICE.test(voice)).toSorted()
}

/** A program that writes into a pipe does not know how long the audio will be, and says too much in the header. */
function mendWav(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const HEADER = 44
  const isWav = bytes.length >= HEADER && Buffer.from(bytes.subarray(0, 4)).toString() === 'RIFF' && Buffer.from(bytes.subarray(36, 40)).toString() === 'data'
  if (!isWav) throw new Error(`${PROGRAM} made no audio of this text`)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  view.setUint32(4, bytes.length - 8, true)
  view.setUint32(40, bytes.length - HEADER, true)
  return bytes
}

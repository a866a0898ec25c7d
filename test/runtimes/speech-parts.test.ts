// The parts of a process that are about other programs: which there are, the one that speaks, and files for them.

import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { findProgram, withoutSecrets } from '../../runtimes/shared/programs.ts'
import { createShelf } from '../../runtimes/shared/shelf.ts'
import { createLocalSpeech } from '../../runtimes/shared/speech.ts'

let dir: string
const at = (...parts: string[]) => join(dir, ...parts)
const NEVER: AbortSignal = new AbortController().signal

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'edgeclaw-speech-'))
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

/** A program in a folder of its own, which the environment names. */
function program(name: string, script: string, mode = 0o755) {
  writeFileSync(at(name), `#!/bin/sh\n${script}\n`)
  chmodSync(at(name), mode)
  return { PATH: `/nowhere:${dir}:/usr/bin:/bin` }
}

describe('programs', () => {
  it('are found where the environment says, if they may be run', () => {
    const env = program('one', 'exit 0')
    program('two', 'exit 0', 0o644)
    mkdirSync(at('three'))
    expect(findProgram('one', env)).toBe(at('one'))
    for (const name of ['two', 'three', 'four', '', '../one', at('one'), 'one;ls', '-x']) expect(findProgram(name, { PATH: dir }), name).toBeNull()
    expect(findProgram('one', {})).toBeNull()
  })

  it('are told no secrets', () => {
    expect(withoutSecrets({ PATH: 'p', HOME: 'h', OPENAI_API_KEY: 'x', OPENCLAW_GATEWAY_TOKEN: 'x', GITHUB_TOKEN: 'x', DB_PASSWORD: 'x', AWS_SECRET: 'x' })).toEqual({ PATH: 'p', HOME: 'h' })
  })
})

describe('the program that speaks', () => {
  const WAV = "printf 'RIFF\\377\\377\\377\\377WAVEfmt aaaaaaaaaaaaaaaaaaaadata\\377\\377\\377\\377'; cat"

  it('is absent where it is not installed', () => {
    expect(createLocalSpeech({ PATH: dir })).toBeNull()
  })

  it('reads the text from its input, and is told its wishes as words of their own', async () => {
    const speech = createLocalSpeech(program('espeak-ng', `echo "$@" > ${at('args')}; env > ${at('env')}; ${WAV}`))!
    const bytes = await speech.speak('$(touch x) "; rm', { voice: 'en-us', wordsPerMinute: 150.4 }, NEVER)
    expect(Buffer.from(bytes).subarray(44).toString()).toBe('$(touch x) "; rm')
    expect(Buffer.from(bytes).readUInt32LE(4)).toBe(bytes.length - 8)
    expect(Buffer.from(bytes).readUInt32LE(40)).toBe(bytes.length - 44)
    expect(readFileSync(at('args'), 'utf8')).toBe('--stdin --stdout -b 1 -v en-us -s 150\n')
  })

  it('has no voices with names that are options', async () => {
    const speech = createLocalSpeech(program('espeak-ng', WAV))!
    for (const voice of ['-q', '--path=/etc', '', 'a b', '../x']) await expect(speech.speak('x', { voice }, NEVER), voice).rejects.toThrow('no voice of that name')
  })

  it.each([
    ['echo broken >&2; exit 1', 'espeak-ng failed: broken'],
    ['exit 3', 'espeak-ng failed: it ended with 3'],
    ['echo no audio', 'made no audio'],
    ['cat > /dev/null', 'made no audio'],
  ])('fails with words: %s', async (script, message) => {
    await expect(createLocalSpeech(program('espeak-ng', script))!.speak('x', {}, NEVER)).rejects.toThrow(message)
  })

  it('is ended when nobody waits any more', async () => {
    const speech = createLocalSpeech(program('espeak-ng', `echo $$ > ${at('pid')}; exec sleep 60`))!
    const aborter = new AbortController()
    const spoken = speech.speak('x', {}, aborter.signal)
    const ended = expect(spoken).rejects.toThrow()
    await expect.poll(() => existsSync(at('pid')) && readFileSync(at('pid'), 'utf8').trim()).toMatch(/^\d+$/)
    aborter.abort()
    await ended
    const pid = Number(readFileSync(at('pid'), 'utf8'))
    await expect.poll(() => isAlive(pid)).toBe(false)
  })

  it('lists its voices, once', async () => {
    const speech = createLocalSpeech(program('espeak-ng', `echo x >> ${at('calls')}; printf 'Pty Language Age\\n 5  de  --/M German\\n 5  en-us  --/M x\\n 5  de --/F\\n'`))!
    expect([await speech.voices(), await speech.voices()]).toEqual([['de', 'en-us'], ['de', 'en-us']])
    expect(readFileSync(at('calls'), 'utf8')).toBe('x\n')
  })
})

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false
  }
}

describe('the shelf', () => {
  it('keeps files for their owner, under names that nobody can guess', async () => {
    const shelve = createShelf(at('shelf'))
    const [one, two] = [await shelve('.wav', new Uint8Array([1])), await shelve('.wav', new Uint8Array([2]))]
    expect(one).not.toBe(two)
    expect([readFileSync(one)[0], readFileSync(two)[0]]).toEqual([1, 2])
    expect(statSync(one).mode & 0o777).toBe(0o600)
    expect(statSync(at('shelf')).mode & 0o777).toBe(0o700)
  })

  it('keeps them for an hour, and a hundred at most', async () => {
    const shelve = createShelf(at('shelf'))
    const old = await shelve('.wav', new Uint8Array([1]))
    utimesSync(old, new Date(0), new Date(0))
    for (let n = 0; n < 105; n++) await shelve('.mp3', new Uint8Array([1]))
    expect(existsSync(old)).toBe(false)
    expect(readdirSync(at('shelf'))).toHaveLength(100)
  })

  it('takes endings only that are ones', async () => {
    for (const ending of ['wav', '', '../x', '.a/b']) await expect(createShelf(at('shelf'))(ending, new Uint8Array())).rejects.toThrow('no ending')
  })
})

// Programs that agents run, and servers that are programs: their arguments, their environment, their end.

import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createCommands } from '../../runtimes/shared/command.ts'

let dir: string
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'edgeclaw-command-'))
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

const commands = createCommands({ PATH: process.env['PATH'], HOME: '/home', LC_ALL: 'C', SECRET_THING: 's', OPENAI_API_KEY: 's', GITHUB_TOKEN: 's', NODE_OPTIONS: '--bad' })
const never = new AbortController().signal
const sh = (script: string, signal = never, maxBytes = 10_000) => commands.run({ argv: ['sh', '-c', script], cwd: dir, maxBytes }, signal)
const isAlive = (pid: number) => existsSync(`/proc/${pid}`) && !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
const pidIn = (name: string) => Number(readFileSync(join(dir, name), 'utf8'))

async function until(holds: () => boolean): Promise<void> {
  await expect.poll(holds, { timeout: 5000 }).toBe(true)
}

describe('a program', () => {
  it('gets few variables, by name', async () => {
    const { stdout } = await commands.run({ argv: ['env'], cwd: dir, env: { OWN: '1' }, maxBytes: 10_000 }, never)
    expect(stdout.split('\n').filter((line) => line !== '' && !line.startsWith('PATH=')).toSorted()).toEqual(['HOME=/home', 'LC_ALL=C', 'OWN=1'])
  })

  it('has no input to wait for, and says how it ended', async () => {
    expect(await sh('cat; echo out; echo err >&2; exit 7')).toEqual({ exitCode: 7, signal: null, stdout: 'out\n', stderr: 'err\n', truncated: false })
    expect(await sh('kill -TERM $$')).toMatchObject({ exitCode: null, signal: 'SIGTERM' })
    await expect(commands.run({ argv: ['no-such-program'], cwd: dir, maxBytes: 10 }, never)).rejects.toThrow('ENOENT')
  })

  it('says no more than fits', async () => {
    const { stdout, truncated } = await sh('yes x | head -c 100000', never, 1000)
    expect([stdout.length, truncated]).toEqual([1000, true])
  })

  it('ends with all that it has started when it is aborted, even what does not want to', async () => {
    const aborter = new AbortController()
    const running = sh(`trap '' TERM; (trap '' TERM; echo $$ > a; sh -c 'echo $$ > b; sleep 60'; sleep 60) & sleep 60; sleep 60`, aborter.signal)
    await until(() => existsSync(join(dir, 'b')) && readFileSync(join(dir, 'b'), 'utf8') !== '')
    const pid = pidIn('b')
    expect(isAlive(pid)).toBe(true)
    aborter.abort(new Error('enough'))
    await expect(running).rejects.toThrow('enough')
    await until(() => !isAlive(pid) && !isAlive(pidIn('a')))
  })

  it('leaves nothing behind when it ends by itself', async () => {
    const { stdout } = await sh('sleep 60 & echo $! > left; echo done')
    expect(stdout).toBe('done\n')
    await until(() => !isAlive(pidIn('left')))
  })

  it('is found by name where the environment says', () => {
    expect(commands.find('sh')).toMatch(/^\/.*\/sh$/)
    expect(commands.find('no-such-program')).toBeNull()
    expect(commands.find('../sh')).toBeNull()
    expect(commands.resolve('/a/b', '../c')).toBe('/a/c')
    expect(commands.resolve('/a/b', '/c')).toBe('/c')
  })
})

describe('a conversation', () => {
  function talk(script: string) {
    const lines: string[] = []
    const ends: string[] = []
    const conversation = commands.converse({ argv: ['sh', '-c', script], cwd: dir }, { onLine: (line) => void lines.push(line), onEnd: (why) => void ends.push(why) })
    return { lines, ends, conversation }
  }

  it('is line by line, whole characters at that', async () => {
    const { lines, conversation } = talk(`while read line; do echo "got $line"; done`)
    conversation.send('one')
    conversation.send('zwei 🦀')
    await until(() => lines.length === 2)
    expect(lines).toEqual(['got one', 'got zwei 🦀'])
    conversation.end()
  })

  it('says once that it is over, and with which words', async () => {
    const failing = talk('echo broken >&2; exit 2')
    await until(() => failing.ends.length > 0)
    expect(failing.ends).toEqual(['broken'])
    failing.conversation.send('into nothing')
    const ended = talk('sleep 60 & echo $! > child; wait')
    await until(() => existsSync(join(dir, 'child')) && readFileSync(join(dir, 'child'), 'utf8') !== '')
    ended.conversation.end()
    ended.conversation.end()
    await until(() => !isAlive(pidIn('child')))
    expect(ended.ends).toEqual(['it was ended'])
    const missing = commands.converse({ argv: ['no-such-program'], cwd: dir }, { onLine: () => {}, onEnd: (why) => void failing.ends.push(why) })
    await until(() => failing.ends.length === 2)
    missing.end()
    expect(failing.ends[1]).toContain('ENOENT')
  })
})

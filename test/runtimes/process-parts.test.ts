// The parts of a process that need a disk or another program: the configuration's file, its watch, updates, the desktop.

import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, renameSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { createEndingClock } from '../../runtimes/shared/clock.ts'
import { createConfigFile } from '../../runtimes/shared/config-file.ts'
import { createOpener } from '../../runtimes/shared/desktop.ts'
import { createUpdater, findRoot } from '../../runtimes/shared/updater.ts'
import { watchPath } from '../../runtimes/shared/watch.ts'
import { createWorkspaces, openWorkspace } from '../../runtimes/shared/workspace.ts'

let dir: string
const at = (...parts: string[]) => join(dir, ...parts)
const signal = new AbortController().signal

beforeEach(() => {
  dir = realpathSync(mkdtempSync(join(tmpdir(), 'edgeclaw-parts-')))
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

describe('the configuration file', () => {
  it('is the first that is there, or the one that is named', async () => {
    expect(createConfigFile({}, dir).path).toBe(at('openclaw.json'))
    writeFileSync(at('config.json'), '{}')
    expect(createConfigFile({}, dir).path).toBe(at('config.json'))
    expect(await createConfigFile({}, dir).read()).toBe('{}')
    const named = createConfigFile({ OPENCLAW_CONFIG_PATH: at('other.json5') }, dir)
    await expect(named.read()).rejects.toThrow('does not exist — create it, or leave out --config')
    await named.write!('{ a: 1 }')
    expect(await named.read()).toBe('{ a: 1 }')
  })

  it('is replaced whole, for its owner alone, and leaves nothing lying about', async () => {
    const file = createConfigFile({}, dir)
    writeFileSync(file.path, 'old', { mode: 0o644 })
    await Promise.all(Array.from({ length: 20 }, (_, n) => file.write!(`text ${n} ${'x'.repeat(10_000)}`)))
    expect(readFileSync(file.path, 'utf8')).toMatch(/^text \d+ x{10000}$/)
    expect(statSync(file.path).mode & 0o777).toBe(0o600)
    expect(readdirSync(dir)).toEqual(['openclaw.json'])
  })

  it('that is a link stays one', async () => {
    mkdirSync(at('dotfiles'))
    writeFileSync(at('dotfiles/claw.json'), '{}')
    symlinkSync(at('dotfiles/claw.json'), at('openclaw.json'))
    await createConfigFile({}, dir).write!('{ a: 1 }')
    expect(readFileSync(at('dotfiles/claw.json'), 'utf8')).toBe('{ a: 1 }')
    expect(realpathSync(at('openclaw.json'))).toBe(at('dotfiles/claw.json'))
  })

  it('has a copy that can be put back', async () => {
    const file = createConfigFile({}, dir)
    expect(await file.putBack()).toBe(false)
    await file.write!('good')
    await file.backup!.keep('good')
    expect(await file.putBack()).toBe(false)
    await file.write!('bad')
    expect(await file.putBack()).toBe(true)
    expect([readFileSync(file.path, 'utf8'), readFileSync(`${file.path}.rejected`, 'utf8')]).toEqual(['good', 'bad'])
    expect(statSync(`${file.path}.bak`).mode & 0o777).toBe(0o600)
  })

  it('says why it cannot be written', async () => {
    writeFileSync(at('file'), '')
    await expect(createConfigFile({ OPENCLAW_CONFIG_PATH: at('file/config.json') }, dir).write!('x')).rejects.toThrow(/ENOTDIR|EEXIST/)
  })
})

describe('a watch', () => {
  const heard = async (work: () => void): Promise<boolean> => {
    let calls = 0
    const stop = watchPath(at('file.json'), () => void calls++)
    await new Promise((resolve) => setTimeout(resolve, 50))
    calls = 0
    work()
    for (let n = 0; n < 40 && calls === 0; n++) await new Promise((resolve) => setTimeout(resolve, 50))
    stop()
    return calls > 0
  }

  it('hears of a file that is written, replaced, made and taken away', async () => {
    expect(await heard(() => writeFileSync(at('file.json'), '1'))).toBe(true)
    expect(await heard(() => writeFileSync(at('file.json'), '2'))).toBe(true)
    writeFileSync(at('new'), '3')
    expect(await heard(() => renameSync(at('new'), at('file.json')))).toBe(true)
    expect(await heard(() => rmSync(at('file.json')))).toBe(true)
  })

  it('hears of what a link leads to', async () => {
    mkdirSync(at('elsewhere'))
    writeFileSync(at('elsewhere/real.json'), '1')
    symlinkSync(at('elsewhere/real.json'), at('file.json'))
    expect(await heard(() => writeFileSync(at('elsewhere/real.json'), '2'))).toBe(true)
  })
})

describe('a workspace', () => {
  it('lies in the state directory, or where it was named', () => {
    const workspaces = createWorkspaces(dir)
    expect(workspaces.open('main', true, undefined).root).toBe(at('workspace'))
    expect(workspaces.open('other', false, undefined).root).toBe(at('workspace-other'))
    expect(workspaces.open('other', false, '/srv/agent').root).toBe('/srv/agent')
    expect(workspaces.open('other', false, 'mine').root).toBe(at('mine'))
    expect(workspaces.open('other', false, '~/x').root).not.toContain('~')
  })

  it('makes directories, and follows no link out of them', async () => {
    const workspace = openWorkspace(at('w'), dir)
    expect([await workspace.list(''), await workspace.read('a', 10)]).toEqual([null, null])
    await workspace.write('a/b/c.md', new TextEncoder().encode('x'))
    expect(readFileSync(at('w/a/b/c.md'), 'utf8')).toBe('x')
    symlinkSync(dir, at('w/out'))
    mkdirSync(at('target'))
    await expect(workspace.write('out/target/x.md', new Uint8Array([1]))).rejects.toThrow('leads out of the workspace')
    symlinkSync(at('target/y.md'), at('w/y.md'))
    await expect(workspace.write('y.md', new Uint8Array([1]))).rejects.toThrow('is no plain file')
    expect(readdirSync(at('target'))).toEqual([])
    writeFileSync(at('secret'), 's')
    symlinkSync(at('secret'), at('w/secret'))
    expect(await workspace.read('secret', 10)).toBeNull()
    expect((await workspace.list(''))!.map(({ name }) => name)).toEqual(['a'])
    expect(await workspace.read('a/b', 10)).toBeNull()
    expect(await workspace.read('a/b/c.md', 0)).toBe('too-large')
  })

  it('says when something below a directory changes', async () => {
    const workspace = openWorkspace(at('w'), dir)
    let heard = Promise.withResolvers<void>()
    const stop = await workspace.watch!('canvas', () => heard.resolve())
    await workspace.write('canvas/js/app.js', new TextEncoder().encode('1'))
    await heard.promise
    heard = Promise.withResolvers()
    writeFileSync(at('w/canvas/index.html'), '2')
    await heard.promise
    stop()
    symlinkSync(at('elsewhere'), at('w/out'))
    mkdirSync(at('elsewhere'))
    await expect(workspace.watch!('out', () => {})).rejects.toThrow('leads out of the workspace')
  })

  it('is moved away within the state directory, and left alone outside of it', async () => {
    const inside = openWorkspace(at('w'), dir)
    expect(await inside.trash()).toEqual({ moved: false })
    await inside.write('a.md', new Uint8Array([65]))
    expect(await inside.trash()).toEqual({ moved: true })
    expect(existsSync(at('w'))).toBe(false)
    expect(readdirSync(at('trash'))).toEqual([expect.stringMatching(/^\d+-w$/)])
    mkdirSync(at('state/edgeclaw/files'), { recursive: true })
    for (const root of [at('w'), at('state'), at('state/edgeclaw'), at('state/edgeclaw/files'), dir]) {
      mkdirSync(root, { recursive: true })
      expect(await openWorkspace(root, at('state')).trash(), root).toEqual({ reason: expect.stringContaining('outside of the state directory') })
      expect(existsSync(root)).toBe(true)
    }
  })
})

describe('an update', () => {
  const scripted = (answers: Record<string, string | Error>) => {
    const ran: string[] = []
    const run = async (program: string, args: readonly string[]) => {
      const line = [program, ...args].join(' ')
      ran.push(line)
      const answer = Object.entries(answers).find(([start]) => line.startsWith(start))?.[1] ?? ''
      if (answer instanceof Error) throw answer
      return answer
    }
    return { ran, run }
  }
  const pack = (path: string) => {
    mkdirSync(path, { recursive: true })
    writeFileSync(join(path, 'package.json'), JSON.stringify({ name: 'edgeclaw', version: '1.0.0' }))
    return path
  }

  it('knows where the program came from', () => {
    const root = pack(at('lib/node_modules/edgeclaw'))
    mkdirSync(join(root, 'dist'))
    writeFileSync(join(root, 'dist/node.js'), '')
    expect(findRoot(join(root, 'dist/node.js'))).toBe(root)
    expect([findRoot(undefined), findRoot(at('nothing.js'))]).toEqual([null, null])
    const { run } = scripted({})
    expect(createUpdater(root, run).kind).toBe('package')
    expect(createUpdater(pack(at('alone')), run).kind).toBe('unknown')
    expect(createUpdater(null, run).kind).toBe('unknown')
    mkdirSync(at('alone/.git'))
    expect(createUpdater(at('alone'), run).kind).toBe('git')
  })

  it('of a checkout moves it forward, and builds it', async () => {
    mkdirSync(join(pack(at('checkout')), '.git'))
    const { ran, run } = scripted({
      'git rev-parse HEAD': 'aaa',
      'git rev-parse --abbrev-ref': 'origin/main',
      'git rev-list': '2',
      'git rev-parse @{u}': 'bbb',
      'git show': '{"version":"1.1.0"}',
    })
    const updater = createUpdater(at('checkout'), run)
    expect(await updater.current()).toEqual({ sha: 'aaa' })
    expect(await updater.latest(signal)).toEqual({ version: '1.1.0', sha: 'bbb', upstreamRef: 'origin/main', commitsBehind: 2 })
    ran.length = 0
    await updater.install(signal)
    expect(ran).toEqual(['git status --porcelain --untracked-files=no', 'git merge --ff-only @{u}', 'npm ci', 'npm run build'])
  })

  it('of a checkout leaves work of its own alone, and says when nothing can be compared', async () => {
    mkdirSync(join(pack(at('checkout')), '.git'))
    const dirty = scripted({ 'git status': ' M src/x.ts' })
    await expect(createUpdater(at('checkout'), dirty.run).install(signal)).rejects.toThrow('has changes of its own')
    expect(dirty.ran).toHaveLength(1)
    const lone = scripted({ 'git rev-parse --abbrev-ref': new Error('fatal') })
    await expect(createUpdater(at('checkout'), lone.run).latest(signal)).rejects.toThrow('this branch has no upstream')
    const current = scripted({ 'git rev-parse --abbrev-ref': 'origin/main', 'git rev-list': '0' })
    expect(await createUpdater(at('checkout'), current.run).latest(signal)).toBeNull()
  })

  it.each([
    ['lib/node_modules/edgeclaw', (dir: string) => `npm install --global --prefix ${dir} edgeclaw@latest`],
    ['app/node_modules/edgeclaw', (dir: string) => `npm install --prefix ${dir}/app edgeclaw@latest`],
  ])('of the package in %s goes where that is', async (path, expected) => {
    const { ran, run } = scripted({ 'npm view': '"1.2.0"' })
    const updater = createUpdater(pack(at(path)), run)
    expect(await updater.latest(signal)).toEqual({ version: '1.2.0' })
    await updater.install(signal)
    expect(ran.at(-1)).toBe(expected(dir))
    expect(await createUpdater(at(path), scripted({ 'npm view': '"1.0.0"' }).run).latest(signal)).toBeNull()
  })
})

it('knows whether anybody sits here', () => {
  expect([createOpener({}, 'linux'), createOpener({ DISPLAY: ':0' }, 'linux'), createOpener({}, 'darwin'), createOpener({ WAYLAND_DISPLAY: 'w' }, 'linux')].map((each) => each !== null)).toEqual([false, true, true, true])
})

it('stops all timers of a gateway that has ended', () => {
  vi.useFakeTimers()
  onTestFinished(() => void vi.useRealTimers())
  const clock = createEndingClock()
  const rang: string[] = []
  clock.after(5, () => rang.push('before'))
  clock.after(20, () => rang.push('after'))
  clock.after(5, () => rang.push('cancelled'))()
  vi.advanceTimersByTime(12)
  clock.end()
  clock.after(0, () => rang.push('late'))
  vi.advanceTimersByTime(30)
  expect(rang).toEqual(['before'])
})

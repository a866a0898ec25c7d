// Which files a path leads to, on a real directory; and which never.

import { connect } from 'node:net'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { listen } from '../../runtimes/node/server.ts'
import { createAssets } from '../../runtimes/shared/static.ts'
import { createGateway, servePage, type Gateway } from '../../src/index.ts'
import { testPlatform } from '../harness/platform.ts'

const SECRET = 'nobody may read this'

const HOSTILE = [
  '/../secret.txt', '/..%2fsecret.txt', '/..%2Fsecret.txt', '/%2e%2e/secret.txt', '/%2e%2e%2fsecret.txt', '/.%2e/secret.txt', '/%2e./secret.txt', '/..;/secret.txt', '/..%00/secret.txt',
  '/control-ui/../../secret.txt', '/control-ui/..%2f..%2fsecret.txt', '/control-ui/%2e%2e/%2e%2e/secret.txt', '/control-ui/..%5c..%5csecret.txt', '/control-ui/..\\..\\secret.txt',
  '/control-ui/....//....//secret.txt', '/control-ui/..%252f..%252fsecret.txt', '/control-ui/%252e%252e/secret.txt', '/control-ui/..%c0%af..%c0%afsecret.txt', '/control-ui/%c0%ae%c0%ae/secret.txt',
  '/control-ui/..%ef%bc%8fsecret.txt', '/control-ui/%uff0e%uff0e/secret.txt', '/control-ui/..%u2215secret.txt', '/control-ui/js/../../../secret.txt', '/control-ui/js/%2e%2e/%2e%2e/%2e%2e/secret.txt',
  '/control-ui/link.js', '/control-ui/up/secret.txt', '/control-ui/up/publicity/secret.js', '/../publicity/secret.js', '/..%2fpublicity/secret.js', '/control-ui/../../publicity/secret.js',
  '/control-ui/.env', '/control-ui/%2eenv', '/.git/config.js', '/%2egit/config.js', '/control-ui/../.git/config.js', '/control-ui/..%2f.git/config.js',
  '/control-ui/js/main.js%00', '/control-ui/js/main.js%00.html', '/control-ui/index.html%00.js', '/%00', '/control-ui/%00/main.js', '/control-ui/js%00/../../secret.txt',
  '//etc/passwd', '/control-ui//etc/passwd', '/control-ui/%2fetc%2fpasswd', '/%2fetc/passwd', '/etc/passwd', '/control-ui/C:%5cWindows%5cwin.ini', '/control-ui/C:/Windows/win.ini', '/%5c%5cserver%5cshare%5cx.js',
  '/control-ui/file:%2f%2f%2fetc%2fpasswd.js', '/proc/self/environ', '/control-ui/..%2f..%2f..%2f..%2f..%2f..%2fproc/self/environ', '/control-ui/%', '/control-ui/%zz.js', '/control-ui/%e0%80%af.js', '/control-ui/%ff.js',
  `/control-ui/${'a'.repeat(5000)}.js`, `/control-ui/${'../'.repeat(300)}secret.txt`, `/control-ui/${'%2e%2e%2f'.repeat(300)}secret.txt`, '/control-ui/js/', '/control-ui/js/main.js/', '/control-ui/js/main.js/..%2f..%2f..%2fsecret.txt',
  '/package.json', '/..%2fpackage.json', '/src/index.ts', '/dist/node.js', '/node_modules/hono/package.json', '/wrangler.toml', '/control-ui/index.html/x.js', '/control-ui/js/main.js::$DATA', '/control-ui/js/main.js.', '/control-ui/js/MAIN.js%20',
] // prettier-ignore

describe('pages', () => {
  const top = mkdtempSync(join(tmpdir(), 'edgeclaw-pages-'))
  const root = join(top, 'public')
  const gateways: Gateway[] = []

  const write = (path: string, text: string) => {
    mkdirSync(join(top, path, '..'), { recursive: true })
    writeFileSync(join(top, path), text)
  }

  async function open(controlUi: object = {}) {
    const platform = testPlatform({ assets: createAssets(root) })
    const gateway = createGateway(platform, { config: { agents: { defaults: { model: 'builtin/operator' } }, gateway: { controlUi } } })
    await gateway.start()
    gateways.push(gateway)
    return (path: string, init: RequestInit = {}) => gateway.fetch(new Request(`http://127.0.0.1:18789${path}`, { redirect: 'manual', ...init }), { remoteAddress: '127.0.0.1' })
  }

  beforeAll(() => {
    write('secret.txt', SECRET)
    write('publicity/secret.js', SECRET)
    write('public/control-ui/index.html', '<p>the pages</p>')
    write('public/control-ui/js/main.js', 'main')
    write('public/control-ui/assets/main-B3yg83US.js', 'hashed')
    write('public/control-ui/assets/some-component.js', 'named')
    write('public/control-ui/a b.js', 'spaced')
    write('public/control-ui/.env', SECRET)
    write('public/.git/config.js', SECRET)
    write('public/reference/methods.md', '# Methods')
    symlinkSync(join(top, 'secret.txt'), join(root, 'control-ui/link.js'))
    symlinkSync(top, join(root, 'control-ui/up'))
  })
  afterAll(async () => {
    for (const gateway of gateways) await gateway.close()
    rmSync(top, { recursive: true })
  })

  it('are the Control UI, to which the root leads', async () => {
    const ask = await open()
    for (const path of ['/', '/control-ui']) {
      const response = await ask(path)
      expect([response.status, response.headers.get('location')]).toEqual([302, '/control-ui/'])
    }
    for (const path of ['/control-ui/', '/control-ui/index.html', '/control-ui/chat', '/control-ui/sessions/agent:main:main', '/control-ui/a/b/c?x=1']) {
      expect(await (await ask(path)).text(), path).toBe('<p>the pages</p>')
    }
    expect(await (await ask('/control-ui/js/main.js')).text()).toBe('main')
    expect((await ask('/control-ui/js/missing.js')).status).toBe(404)
    expect(await (await ask('/control-ui/a%20b.js')).text()).toBe('spaced')
    expect((await ask('/control-ui/a%2520b.js')).status).toBe(404)
    expect(await (await ask('/reference/methods.md')).text()).toBe('# Methods')
  })

  it('stand where the configuration says, or not at all', async () => {
    const other = await open({ basePath: '/ui/' })
    expect((await other('/')).headers.get('location')).toBe('/ui/')
    expect(await (await other('/ui/chat')).text()).toBe('<p>the pages</p>')
    expect((await other('/control-ui/')).status).toBe(404)
    const atRoot = await open({ basePath: '' })
    for (const path of ['/', '/chat']) expect(await (await atRoot(path)).text()).toBe('<p>the pages</p>')
    expect((await atRoot('/v1/nothing')).status).toBe(404)
    const none = await open({ enabled: false })
    for (const path of ['/', '/control-ui/', '/control-ui/js/main.js']) expect((await none(path)).status).toBe(404)
  })

  it('run no script but their own, and are framed by nobody', async () => {
    const { headers } = await (await open())('/control-ui/')
    const policy = headers.get('content-security-policy')!
    expect(policy).toContain("script-src 'self';")
    for (const bad of ['unsafe-inline', 'unsafe-eval', 'http:', 'https:', '*']) expect(policy).not.toContain(bad)
    expect(Object.fromEntries(headers)).toMatchObject({ 'x-content-type-options': 'nosniff', 'x-frame-options': 'DENY', 'referrer-policy': 'no-referrer', 'cross-origin-opener-policy': 'same-origin' })
  })

  it('are asked for once: a name with a hash stays for ever, any other is asked about', async () => {
    const ask = await open()
    expect((await ask('/control-ui/assets/main-B3yg83US.js')).headers.get('cache-control')).toBe('public, max-age=31536000, immutable')
    expect((await ask('/control-ui/assets/some-component.js')).headers.get('cache-control')).toBe('no-cache')
    const first = await ask('/control-ui/js/main.js')
    const etag = first.headers.get('etag')!
    expect([first.headers.get('cache-control'), first.headers.get('content-length')]).toEqual(['no-cache', '4'])
    for (const known of [etag, `W/${etag}`, `"x", ${etag}`, '*']) {
      const again = await ask('/control-ui/js/main.js', { headers: { 'if-none-match': known } })
      expect([again.status, await again.text(), again.headers.get('etag')]).toEqual([304, '', etag])
    }
    expect((await ask('/control-ui/js/main.js', { headers: { 'if-none-match': '"x"' } })).status).toBe(200)
    const head = await ask('/control-ui/js/main.js', { method: 'HEAD' })
    expect([head.status, await head.text(), head.headers.get('content-length')]).toEqual([200, '', '4'])
  })

  it('stand behind a prefix, for those who serve them without a gateway', async () => {
    const ask = (path: string) => servePage(new Request(`http://127.0.0.1${path}`), { assets: createAssets(root), prefix: '/g/ann' })
    expect((await ask('/'))!.headers.get('location')).toBe('/g/ann/control-ui/')
    expect((await ask('/control-ui/chat'))!.headers.get('x-frame-options')).toBe('DENY')
    expect(await ask('/nothing.js')).toBeNull()
  })

  it.each(['POST', 'PUT', 'DELETE', 'PATCH'])('are only read, not %s', async (method) => {
    expect((await (await open())('/control-ui/', { method })).status).toBe(404)
  })

  it.each(HOSTILE)('%s leads to nothing that may not be read', async (path) => {
    const response = await (await open())(path)
    const text = await response.text()
    expect(text).not.toContain(SECRET)
    expect(text).not.toContain('root:')
    expect(['404', '302', '200 <p>the pages</p>']).toContain(response.status === 200 ? `200 ${text}` : String(response.status))
    if (response.status === 302) expect(response.headers.get('location')).toBe('/control-ui/')
  }) // prettier-ignore

  describe('over a socket, as no client of ours would write it', () => {
    let server: Awaited<ReturnType<typeof listen>>
    beforeAll(async () => {
      const gateway = createGateway(testPlatform({ assets: createAssets(root) }), { config: { agents: { defaults: { model: 'builtin/operator' } } } })
      await gateway.start()
      gateways.push(gateway)
      server = await listen(gateway, { host: '127.0.0.1', port: 0, maxPayload: 1024 }, () => {})
    })
    afterAll(() => server.close())

    /** The answer to a request line with exactly this target. */
    const ask = (target: string) =>
      new Promise<string>((resolve, reject) => {
        const socket = connect(server.port, '127.0.0.1', () => socket.write(Buffer.from(`GET ${target} HTTP/1.1\r\nhost: 127.0.0.1:${server.port}\r\nconnection: close\r\n\r\n`, 'latin1')))
        let text = ''
        socket.on('data', (piece: Buffer) => (text += piece.toString('latin1')))
        socket.on('close', () => resolve(text))
        socket.on('error', reject)
      })

    it('is the page, where it is one', async () => {
      expect(await ask('/control-ui/')).toMatch(/^HTTP\/1\.1 200 [^]*<p>the pages<\/p>$/)
    })

    it.each([...HOSTILE, 'http://127.0.0.1/../secret.txt', 'http://evil.example/../secret.txt', 'file:///etc/passwd', '*', '..', '../secret.txt', '\\..\\secret.txt', '/control-ui/\xc0\xae\xc0\xae/secret.txt', '/control-ui/\xff.js', '/control-ui/#/../../secret.txt', '/control-ui/?../../secret.txt'])('%s leads to nothing that may not be read', async (target) => {
      const answer = await ask(target)
      expect(answer).not.toContain(SECRET)
      expect(answer).not.toContain('root:')
      const [, status, body] = /^HTTP\/1\.1 (\d+)[^]*?\r\n\r\n([^]*)$/.exec(answer) ?? []
      if (status === '200') expect(body).toBe('<p>the pages</p>')
      else expect(['302', '400', '404', '414', '431', '405']).toContain(status)
    }) // prettier-ignore
  })
})

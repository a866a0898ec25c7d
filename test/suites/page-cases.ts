// Pages: what anybody may read, and nothing else.

import { expect, it } from 'vitest'
import type { Reach, Target } from './target.ts'

export function pageCases(at: Reach, get: () => Target): void {
  const ask = (path: string, init: RequestInit = {}) => get().fetch(path, { redirect: 'manual', ...init })

  it('are found at the root, and at whatever path their router knows', async () => {
    for (const path of ['/', '/control-ui']) {
      const root = await ask(path)
      expect([root.status, root.headers.get('location')]).toEqual([302, '/control-ui/'])
    }
    for (const path of ['/control-ui/', '/control-ui/chat', '/control-ui/sessions/agent:main:main?x=1']) {
      const page = await ask(path)
      expect([page.status, page.headers.get('content-type')], path).toEqual([200, 'text/html; charset=utf-8'])
      expect(await page.text()).toContain('<title>edgeclaw</title>')
    }
    expect((await ask('/control-ui/missing.js')).status).toBe(404)
    expect((await ask('/control-ui/styles.css')).headers.get('content-type')).toContain('text/css')
  })

  it('run nothing but their own, and are framed by nobody', async () => {
    const { headers } = await ask('/control-ui/')
    const policy = headers.get('content-security-policy')!
    expect(policy).toContain("script-src 'self';")
    expect(policy).toContain("frame-ancestors 'none'")
    expect(policy).not.toMatch(/unsafe|https?:|\*/)
    expect([headers.get('x-content-type-options'), headers.get('x-frame-options'), headers.get('referrer-policy')]).toEqual(['nosniff', 'DENY', 'no-referrer'])
  })

  it('are sent once', async () => {
    const first = await ask('/control-ui/')
    const etag = first.headers.get('etag')!
    expect(first.headers.get('cache-control')).toBe('no-cache')
    const again = await ask('/control-ui/', { headers: { 'if-none-match': etag } })
    expect([again.status, await again.text()]).toEqual([304, ''])
    const head = await ask('/control-ui/', { method: 'HEAD' })
    expect([head.status, await head.text(), head.headers.get('content-type')]).toEqual([200, '', 'text/html; charset=utf-8'])
  })

  it.each(['/..%2fpackage.json', '/control-ui/..%2f..%2fpackage.json', '/control-ui/%2e%2e%2f%2e%2e%2fpackage.json', '/control-ui/..%5c..%5cpackage.json', '/control-ui/..%252f..%252fpackage.json', '/control-ui/%00', '/control-ui/styles.css%00', '/control-ui/.env', '/.git/config', '//etc/passwd', '/%2fetc/passwd', '/control-ui/%c0%ae%c0%ae/package.json', '/control-ui/%zz.js', '/src/index.ts', '/dist/node.js', '/g/..%2f..%2fx'])('%s leads to nothing', async (path) => {
    const response = await ask(path)
    const text = await response.text()
    expect(text).not.toContain('"dependencies"')
    expect([404, 400, 302]).toContain(response.status === 200 && text.includes('<title>edgeclaw</title>') ? 404 : response.status)
  })

  it('show who answers: a picture, or its initials', async () => {
    const shown = await at.http('/avatar/second')
    expect([shown.status, shown.headers.get('content-type')]).toEqual([200, 'image/svg+xml; charset=utf-8'])
    expect(shown.headers.get('content-security-policy')).toContain("default-src 'none'")
    expect(await (await at.http('/avatar/second?meta=1')).json()).toEqual({ avatarUrl: null, avatarSource: null, avatarStatus: null, avatarReason: null })
    expect((await get().fetch('/avatar/second')).status).toBe(401)
    for (const path of ['nobody', '..%2fmain', '%00', 'a%2fb']) expect((await at.http(`/avatar/${path}`)).status, path).toBe(404)
  })
}
